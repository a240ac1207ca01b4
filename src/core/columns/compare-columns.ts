import type { Change, ComparedRow } from '../compare/compare';
import { count, grouped, latency } from '../text/format';
import { numeric, text, type Column } from './column';

/** What is not known, to a person. */
const UNKNOWN = '-';

const known =
  (print: (n: number) => string) =>
  (n: number): string =>
    Number.isNaN(n) ? UNKNOWN : print(n);

const signed =
  (print: (n: number) => string) =>
  (n: number): string =>
    `${n > 0 ? '+' : n < 0 ? '-' : ''}${print(Math.abs(n))}`;

/** Of a second, or between two runs, there are parts of a fault: small numbers have a decimal then. */
function faultsOf(faults: number): string {
  if (faults < 9.95 && !Number.isInteger(faults)) return faults.toFixed(1);
  return faults < 100_000 ? grouped(faults) : count(faults);
}

/** Beyond four digits a percentage says no more than how many times it is. */
function percentOf(percent: number): string {
  return percent < 9999.95 ? percent.toFixed(1) : `x${count(1 + percent / 100)}`;
}

interface Quantity {
  readonly id: 'stall' | 'faults';
  readonly title: string;
  readonly unit: string;
  readonly weight: number;
  readonly of: (row: ComparedRow) => Change | null;
  readonly print: (n: number) => string;
  readonly what: string;
}

/** A, B, their signed difference, and that in percent of A. Rows go by how large a change is, whichever way it goes. */
function changes(quantity: Quantity): readonly Column<ComparedRow>[] {
  const { id, title, unit, weight, of, print, what } = quantity;
  const value =
    (key: 'a' | 'b' | 'difference' | 'percent') =>
    (row: ComparedRow): number =>
      of(row)?.[key] ?? NaN;
  const difference = value('difference');
  const percent = value('percent');
  return [
    numeric({
      ...{ id: `${id}_a`, title: `${title} A`, unit, width: 8, weight, value: value('a') },
      format: known(print),
      doc: `${what} in A; the median where A is several runs`,
    }),
    numeric({
      ...{ id: `${id}_b`, title: `${title} B`, unit, width: 8, weight, value: value('b') },
      format: known(print),
      doc: `the same in B`,
    }),
    {
      ...numeric({
        ...{ id: `${id}_difference`, title: `${title} B-A`, unit, width: 10, weight: weight + 40 },
        value: difference,
        format: known(signed(print)),
        doc: `${what}: how much more it is in B, or less; sorted by its size`,
      }),
      order: (row) => Math.abs(difference(row)),
    },
    {
      ...numeric({
        ...{ id: `${id}_percent`, title: `${title} %`, width: 8, weight: weight + 20 },
        value: percent,
        format: known(signed(percentOf)),
        doc: 'the same in percent of A; sorted by its size, what is NEW first',
      }),
      order: (row) => {
        const share = percent(row);
        return Number.isNaN(share) && difference(row) > 0 ? Infinity : Math.abs(share);
      },
    },
  ];
}

function percentile(
  which: 'p50' | 'p99',
  side: 0 | 1,
  weight: number,
  doc: string,
): Column<ComparedRow> {
  const letter = side === 0 ? 'A' : 'B';
  return numeric({
    ...{ id: `${which}_${letter.toLowerCase()}`, title: `${which} ${letter}`, unit: 'ns' },
    ...{ width: 7, weight },
    value: (row) => row[which][side] ?? NaN,
    format: known(latency),
    doc: `${doc} in ${letter}; not of a row that sums up several`,
  });
}

const HALF = 'half of the faults took no longer';
const MOST = '99 % of the faults took no longer';

/** Columns of a comparison, of a screen, a text, CSV and JSON alike. */
export const COMPARE_COLUMNS: readonly Column<ComparedRow>[] = [
  text('name', 'NAME', 12, 100, ({ name }) => name, 'what has this name in both runs'),
  ...changes({
    ...{ id: 'stall', title: 'STALL', unit: 'ns', weight: 55, print: latency },
    of: ({ stall }) => stall,
    what: 'time that threads stood in faults',
  }),
  ...changes({
    ...{ id: 'faults', title: 'FAULTS', unit: '', weight: 50, print: faultsOf },
    of: ({ faults }) => faults,
    what: 'faults',
  }),
  percentile('p50', 0, 30, HALF),
  percentile('p50', 1, 30, HALF),
  percentile('p99', 0, 40, MOST),
  percentile('p99', 1, 40, MOST),
  numeric({
    ...{ id: 'p', title: 'p', width: 5, weight: 45, value: ({ p }) => p ?? NaN },
    format: known((p) => p.toFixed(3)),
    doc: 'Mann-Whitney test, with four runs and more a side: how often chance alone does that',
  }),
  {
    ...text('note', 'NOTE', 6, 99, noteOf, ''),
    doc: '~: within what chance does; NEW, GONE: in B alone, in A alone',
  },
];

function noteOf({ presence, same }: ComparedRow): string {
  const there = { both: '', new: 'NEW', gone: 'GONE' }[presence];
  return [same ? '~' : '', there].filter((word) => word !== '').join(' ');
}

/** What machines get in the place of NOTE. */
const IN_WORDS: readonly Column<ComparedRow>[] = [
  text('presence', '', 4, 0, ({ presence }) => presence, 'both, new or gone'),
  numeric({
    ...{ id: 'same', title: '', width: 1, weight: 0, value: ({ same }) => (same ? 1 : 0) },
    format: String,
    doc: '1: within what chance does',
  }),
];

/** The same for machines, in the order of docs/recordings.md. */
export const COMPARE_FIELDS: readonly Column<ComparedRow>[] = [
  ...COMPARE_COLUMNS.filter(({ id }) => id !== 'note' && id !== 'p'),
  ...IN_WORDS,
  ...COMPARE_COLUMNS.filter(({ id }) => id === 'p'),
];
