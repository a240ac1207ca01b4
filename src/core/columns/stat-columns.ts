import { CLASS_NAMES, FaultClass } from '../classify/classes';
import type { ClassName } from '../classify/classes';
import { count, latency, percent, rate, stalledCell, stallNow } from '../text/format';
import type { StatRow } from '../snapshot/snapshot';
import { numeric } from './column';
import type { Column } from './column';

const NOT_KNOWN = 'n/a';

interface ClassColumn {
  readonly id: string;
  readonly title: string;
  readonly weight: number;
  readonly doc: string;
}

const CLASS_COLUMN: Readonly<Record<ClassName, ClassColumn>> = {
  MAJOR: {
    id: 'major',
    title: 'MAJ',
    weight: 95,
    doc: 'faults that waited for a disk: read from a file, or from swap',
  },
  MINOR: {
    id: 'minor',
    title: 'MIN',
    weight: 90,
    doc: 'faults without a disk: a zeroed page, or one that was in memory already',
  },
  COW: {
    id: 'cow',
    title: 'COW',
    weight: 86,
    doc: 'writes that made a copy of a page which others could see',
  },
  ERROR: {
    id: 'error',
    title: 'ERR',
    weight: 40,
    doc: 'accesses that ended in SIGSEGV or SIGBUS',
  },
};

const CLASS_COLUMNS = CLASS_NAMES.map((name, index) =>
  toldApart(
    name,
    numeric<StatRow>({
      ...CLASS_COLUMN[name],
      width: 6,
      counted: true,
      value: (row) => row.byClass[index] ?? 0,
      format: count,
    }),
  ),
);

/** Of a row whose copies are all among its MINOR faults (their mappings are not known) no number of COW is said. */
function toldApart(name: ClassName, column: Column<StatRow>): Column<StatRow> {
  if (name !== 'COW') return column;
  return {
    ...column,
    value: (row) => (isUndecided(row) ? NaN : column.value(row)),
    format: (row) => (isUndecided(row) ? NOT_KNOWN : column.format(row)),
  };
}

function isUndecided({ byClass, undecided }: StatRow): boolean {
  return undecided > 0 && byClass[FaultClass.COW] === 0;
}

/** Faults of a class in a second of the last interval; those that end in a signal are rare, and counted. */
export const CLASS_RATE_COLUMNS: readonly Column<StatRow>[] = (
  ['MAJOR', 'MINOR', 'COW'] as const
).map((name) => {
  const { id, title, weight } = CLASS_COLUMN[name];
  const index = CLASS_NAMES.indexOf(name);
  const column = numeric<StatRow>({
    id: `${id}_rate`,
    title: `${title}/s`,
    unit: '1/s',
    width: 6,
    weight: weight + 1.5,
    timed: true,
    counted: true,
    value: (row) => row.classRate[index] ?? 0,
    format: rate,
    doc: `now: ${name} faults per second over the last interval`,
  });
  return toldApart(name, column);
});

/** A latency, in the order of their quantiles. */
function latencyColumn(
  id: string,
  title: string,
  weight: number,
  value: (row: StatRow) => number,
  doc: string,
): Column<StatRow> {
  const width = 7;
  return numeric({
    id,
    title,
    unit: 'ns',
    width,
    weight,
    timed: true,
    counted: true,
    value,
    format: latency,
    doc,
  });
}

/** Columns that every row has, in reading order: what happens now, how often, where, how long. */
export const STAT_COLUMNS: readonly Column<StatRow>[] = [
  numeric({
    id: 'stall_now',
    title: 'STALL/s',
    unit: 'ms/s',
    width: 7,
    weight: 97,
    grain: 0.1,
    timed: true,
    counted: true,
    value: (row) => row.stalled * 1000,
    format: stallNow,
    doc: 'now: how much of each second threads stood in faults, all together, over the last interval',
  }),
  numeric({
    id: 'rate',
    title: 'RATE/s',
    unit: '1/s',
    width: 6,
    weight: 80,
    timed: true,
    counted: true,
    value: (row) => row.rate,
    format: rate,
    doc: 'now: faults per second over the last interval',
  }),
  ...CLASS_COLUMNS,
  numeric({
    id: 'faults',
    title: 'ALL',
    width: 6,
    weight: 35,
    counted: true,
    value: (row) => row.faults,
    format: count,
    doc: 'faults of all classes',
  }),
  numeric({
    id: 'unique_pages',
    title: 'PAGES',
    width: 6,
    weight: 50,
    counted: true,
    value: (row) => row.uniquePages,
    format: count,
    doc: 'different pages (4 KiB) that faulted',
  }),
  numeric({
    id: 'refault_share',
    title: 'RE-F%',
    unit: 'ratio',
    width: 5,
    weight: 45,
    counted: true,
    value: refaultShare,
    format: percent,
    doc: 'faults on pages that had faulted before, in percent of all faults',
  }),
  numeric({
    id: 'stall_ns',
    title: 'STALL',
    unit: 'ns',
    width: 8,
    weight: 84,
    timed: true,
    counted: true,
    value: (row) => row.stallNs,
    format: latency,
    doc: 'in all: time that threads stood in faults, those that have not ended too',
  }),
  latencyColumn('p50_ns', 'p50', 55, (row) => row.p50Ns, 'half of the faults took no longer'),
  latencyColumn('p90_ns', 'p90', 25, (row) => row.p90Ns, '90 % of the faults took no longer'),
  latencyColumn('p99_ns', 'p99', 70, (row) => row.p99Ns, '99 % of the faults took no longer'),
  latencyColumn('max_ns', 'MAX', 60, (row) => row.maxNs, 'the longest fault'),
  numeric({
    id: 'stall_share',
    title: 'WALL%',
    unit: 'ratio',
    width: 6,
    weight: 42,
    timed: true,
    value: (row) => row.stallShare,
    format: stalledCell,
    doc: 'STALL in percent of wall time since the start; 3.8thr: so many threads at once, on average',
  }),
];

function refaultShare(row: StatRow): number {
  return row.faults === 0 ? 0 : row.refaults / row.faults;
}
