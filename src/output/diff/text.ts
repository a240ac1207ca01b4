import type { ComparedRow, Comparison } from '../../core/compare/compare';
import type { RunFacts } from '../../core/compare/run-facts';
import { grouped, latency } from '../../core/text/format';
import { printable } from '../../core/text/printable';
import { alignedLines } from '../report/table';
import { DIFF_COLUMNS } from './columns';
import type { DiffColumn } from './columns';

/** Rows that are printed; JSON and CSV have all. */
const MAX_ROWS = 40;
const MAX_NAME = 50;
const UNKNOWN = '·';
/** Told in the last column instead. */
const IN_WORDS: readonly string[] = ['presence', 'same'];

/** The comparison for people: what is compared, the total, the rows with the largest change. */
export function diffText(comparison: Comparison, title: string): string {
  const { rows, total, perSecond, differs, a, b } = comparison;
  const head = [
    ...a.map((run) => runLine('A', run)),
    ...b.map((run) => runLine('B', run)),
    ...differs.map((text) => `Differs     ${printable(text, 200)}`),
    `Numbers     ${perSecond ? 'per second, as the durations differ' : 'of the whole runs'}` +
      (a.length > 1 || b.length > 1 ? '; medians of the runs of a side' : ''),
    `Order       by change of ${comparison.sort}; ~ is within what chance does`,
  ];
  const columns = shownColumns(comparison, title);
  const shown = rows.slice(0, MAX_ROWS);
  const lines = tableOf([total, ...shown], columns);
  const rest = rows.length - shown.length;
  if (rest > 0) lines.push(`and ${grouped(rest)} more with smaller changes`);
  return [...head, '', ...lines].map((line) => `${line}\n`).join('');
}

function runLine(side: string, { file, elapsedNs, total, lost }: RunFacts): string {
  const seconds = elapsedNs / 1e9;
  const rate = seconds > 0 ? ` (${grouped(total.faults / seconds)}/s)` : '';
  const stalled = total.stallNs === null ? '' : `, stalled ${latency(total.stallNs)}`;
  const losses = lost > 0 ? `, lost ${grouped(lost)}` : '';
  return (
    `${side}           ${printable(file, 100)}: ${seconds.toFixed(3)} s, ` +
    `${grouped(total.faults)} faults${rate}${stalled}${losses}`
  );
}

/** Those with a value in some row. */
function shownColumns({ rows, total }: Comparison, title: string): DiffColumn[] {
  const all = [total, ...rows];
  return DIFF_COLUMNS.filter(
    ({ id, value }) => !IN_WORDS.includes(id) && all.some((row) => value(row) !== null),
  ).map((column) => (column.id === 'name' ? { ...column, title } : column));
}

function tableOf(rows: readonly ComparedRow[], columns: readonly DiffColumn[]): string[] {
  const cells = [
    [...columns.map(({ title }) => title), ''],
    ...rows.map((row) => [...columns.map((column) => cell(column, row)), words(row)]),
  ];
  const aligns = cells[0]!.map((_, c) => (c === 0 || c === columns.length ? 'left' : 'right'));
  return alignedLines(cells, aligns);
}

function words({ presence, same }: ComparedRow): string {
  const there = { both: '', new: 'NEW', gone: 'GONE' }[presence];
  return [same ? '~' : '', there].filter((word) => word !== '').join(' ');
}

function cell({ value, print }: DiffColumn, row: ComparedRow): string {
  const found = value(row);
  if (typeof found !== 'number')
    return found === null ? UNKNOWN : printable(String(found), MAX_NAME);
  switch (print ?? 'faults') {
    case 'time':
      return latency(found);
    case 'signed-time':
      return signed(found, latency);
    case 'signed-faults':
      return signed(found, faultsOf);
    case 'percent':
      return signed(found, (n) => n.toFixed(1));
    case 'p':
      return found.toFixed(3);
    case 'faults':
      return faultsOf(found);
  }
}

/** Of a second, or between two runs, there are parts of a fault: small numbers have a decimal then. */
function faultsOf(faults: number): string {
  return Number.isInteger(faults) || faults >= 9.95 ? grouped(faults) : faults.toFixed(1);
}

function signed(value: number, print: (n: number) => string): string {
  const sign = value > 0 ? '+' : value < 0 ? '-' : '';
  return `${sign}${print(Math.abs(value))}`;
}
