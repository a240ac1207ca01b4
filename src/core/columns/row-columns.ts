import { CLASS_NAMES } from '../classify/classes';
import type { ClassName } from '../classify/classes';
import {
  bytes,
  count,
  latency,
  pageAddress,
  percent,
  rate,
  stalledCell,
  sourceLine,
} from '../text/format';
import type { ProcessRow, RegionRow, SiteRow, StatRow, ThreadRow } from '../snapshot/snapshot';

/**
 * The columns of snapshot rows: the one table behind the text report, the JSON report and the
 * dashboard's tables, so that a number has one name, one unit and one form everywhere.
 */
export interface Column<Row extends StatRow> {
  /** Key in the JSON report; also the name by which one sorts. */
  readonly id: string;
  /** Heading, at most as wide as `width`. */
  readonly title: string;
  /** Unit of value() for machines: 'ns', 'bytes', 'ratio', '1/s' or ''. */
  readonly unit: string;
  readonly align: 'left' | 'right';
  /** Characters the formatted value needs; left-aligned columns may be given more. */
  readonly width: number;
  /** Which columns give way first on a narrow screen: the smallest weight goes first. */
  readonly weight: number;
  /** Differs between two runs of the same program: left out where runs must be equal. */
  readonly timed: boolean;
  /** What machines get and what rows are sorted by. Text is raw; NaN means not measured. */
  readonly value: (row: Row) => number | string;
  /** What a person gets. Text is raw: whoever prints it strips control characters. */
  readonly format: (row: Row) => string;
}

function text<Row extends StatRow>(
  id: string,
  title: string,
  width: number,
  weight: number,
  value: (row: Row) => string,
): Column<Row> {
  return { id, title, unit: '', align: 'left', width, weight, timed: false, value, format: value };
}

function numeric<Row extends StatRow>(
  id: string,
  title: string,
  unit: string,
  width: number,
  weight: number,
  value: (row: Row) => number,
  format: (n: number) => string,
  timed = false,
): Column<Row> {
  return {
    id,
    title,
    unit,
    align: 'right',
    width,
    weight,
    timed,
    value,
    format: (row) => format(value(row)),
  };
}

const CLASS_COLUMN: Readonly<Record<ClassName, readonly [id: string, title: string]>> = {
  MAJOR: ['major', 'MAJ'],
  MINOR: ['minor', 'MIN'],
  COW: ['cow', 'COW'],
  ERROR: ['error', 'ERR'],
};
const CLASS_WEIGHTS: Readonly<Record<ClassName, number>> = {
  MAJOR: 95,
  MINOR: 90,
  COW: 85,
  ERROR: 40,
};

/** Columns that every row has, in reading order: how often, how fast, where, how long. */
const STAT_COLUMNS: readonly Column<StatRow>[] = [
  ...CLASS_NAMES.map((name, index) => {
    const [id, title] = CLASS_COLUMN[name];
    return numeric<StatRow>(
      id,
      title,
      '',
      6,
      CLASS_WEIGHTS[name],
      (row) => row.byClass[index] ?? 0,
      count,
    );
  }),
  numeric('faults', 'ALL', '', 6, 35, (row) => row.faults, count),
  numeric('rate', 'RATE/s', '1/s', 6, 80, (row) => row.rate, rate, true),
  numeric('unique_pages', 'PAGES', '', 6, 50, (row) => row.uniquePages, count),
  numeric('refault_share', 'RE-F%', 'ratio', 5, 45, refaultShare, percent),
  numeric('stall_ns', 'STALL', 'ns', 8, 30, (row) => row.stallNs, latency, true),
  numeric('p50_ns', 'p50', 'ns', 7, 55, (row) => row.p50Ns, latency, true),
  numeric('p90_ns', 'p90', 'ns', 7, 25, (row) => row.p90Ns, latency, true),
  numeric('p99_ns', 'p99', 'ns', 7, 70, (row) => row.p99Ns, latency, true),
  numeric('max_ns', 'MAX', 'ns', 7, 60, (row) => row.maxNs, latency, true),
  numeric('stall_share', 'STALL%', 'ratio', 6, 75, (row) => row.stallShare, stalledCell, true),
];

function refaultShare(row: StatRow): number {
  return row.faults === 0 ? 0 : row.refaults / row.faults;
}

/** The label takes what is left of the line, so its width is a least width. */
export const REGION_COLUMNS: readonly Column<RegionRow>[] = [
  { ...text('label', 'REGION', 16, 100, (row) => row.label), format: labelText },
  { ...text('start', 'START', 12, 5, startAddress), format: startText },
  text('kind', 'KIND', 7, 20, (row) => row.kind),
  text('permissions', 'PERM', 4, 65, (row) => row.permissions),
  numeric('size', 'SIZE', 'bytes', 5, 62, (row) => row.size, bytes),
  { ...numeric('pid', 'PID', '', 7, 15, (row) => row.pid, plain), format: pidText },
  text('comm', 'COMMAND', 15, 10, (row) => row.comm),
  ...STAT_COLUMNS,
];

export const THREAD_COLUMNS: readonly Column<ThreadRow>[] = [
  {
    ...numeric('tid', 'TID', '', 7, 100, (row) => row.tid, plain),
    format: (row) => (row.tid === 0 ? several(row) : plain(row.tid)),
  },
  { ...numeric('pid', 'PID', '', 7, 20, (row) => row.pid, plain), format: pidText },
  text('comm', 'COMMAND', 15, 98, (row) => row.comm),
  text('state', 'STATE', 5, 15, (row) => (row.alive ? '' : 'ended')),
  ...STAT_COLUMNS,
];

export const PROCESS_COLUMNS: readonly Column<ProcessRow>[] = [
  {
    ...numeric('pid', 'PID', '', 7, 100, (row) => row.pid, plain),
    format: (row) => (row.pid === 0 ? several(row) : plain(row.pid)),
  },
  numeric('ppid', 'PPID', '', 7, 20, (row) => row.ppid, plain),
  text('comm', 'COMMAND', 15, 98, (row) => row.comm),
  text('state', 'STATE', 5, 15, (row) => (row.alive ? '' : 'ended')),
  numeric('threads', 'THR', '', 5, 52, (row) => row.threads, count),
  ...STAT_COLUMNS,
  numeric(
    'worst_thread_share',
    'WORST%',
    'ratio',
    6,
    58,
    (row) => row.worstThreadShare,
    percent,
    true,
  ),
];

export const SITE_COLUMNS: readonly Column<SiteRow>[] = [
  text('site', 'CODE', 20, 100, (row) => row.label),
  text('line', 'LINE', 12, 63, ({ file, line }) => sourceLine(file, line)),
  text('object', 'OBJECT', 12, 97, (row) => row.object),
  ...STAT_COLUMNS,
];

/** Where COW is not told apart its column says so: a 0 would be a claim. `cow`: see knowsCow(). */
export function knownColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  cow: boolean,
): readonly Column<Row>[] {
  if (cow) return columns;
  return columns.map((column) =>
    column.id === 'cow' ? { ...column, value: () => NaN, format: () => 'n/a' } : column,
  );
}

/** All digits, so that text order is the order of addresses; '' for rows that stand for several regions. */
function startAddress(row: RegionRow): string {
  return row.startPage === 0 ? '' : `0x${pageAddress(row.startPage).padStart(16, '0')}`;
}

/**
 * What tells one `[anon]` from the next, in the form of /proc/PID/maps. Files say nothing here: their
 * label and permissions tell them apart, an address would be noise.
 */
function startText(row: RegionRow): string {
  return row.kind === 'file' || row.startPage === 0 ? '' : pageAddress(row.startPage);
}

/** In the place of an identifier: how many of the name have ended, or that some are not told apart. */
function several({ alive, members }: ThreadRow | ProcessRow): string {
  return alive ? 'several' : `x${members}`;
}

/** With how many regions the row stands for. */
function labelText({ label, members }: RegionRow): string {
  return members > 1 ? `${label} x${members}` : label;
}

function pidText(row: RegionRow | ThreadRow): string {
  return row.pid === 0 ? '' : plain(row.pid);
}

/** Identifiers are never rounded. */
function plain(n: number): string {
  return String(n);
}
