import { isSampled, knowsCow } from '../facts/capture-facts';
import type { CaptureMode } from '../facts/capture-facts';
import { shortCgroup } from '../facts/owner';
import { bytes, count, estimate, pageAddress, percent, sourceLine } from '../text/format';
import type { ProcessRow, RegionRow, SiteRow, StatRow, ThreadRow } from '../snapshot/snapshot';
import { RowGroup } from '../snapshot/groups';
import { asEstimate, identifier, named, numeric, plain, text } from './column';
import type { Column } from './column';
import { CLASS_RATE_COLUMNS, STAT_COLUMNS } from './stat-columns';

/**
 * The columns of each table: the one declaration behind the text report, the JSON report and the
 * dashboard's tables.
 */

const COMMAND_DOC = 'name of the process or thread, as it was given or taken (prctl)';
const STATE_DOC = 'ended: it is gone';

/** The label takes what is left of the line, so its width is a least width. */
export const REGION_COLUMNS: readonly Column<RegionRow>[] = [
  {
    ...text<RegionRow>(
      'label',
      'REGION',
      16,
      100,
      (row) => row.label,
      'what is mapped: a file and its section, [heap], [stack], [anon] ...; x3: so many of them',
    ),
    format: labelText,
  },
  {
    ...text(
      'start',
      'START',
      12,
      5,
      startAddress,
      'lowest address, to tell regions of one name apart',
    ),
    format: startText,
  },
  text(
    'kind',
    'KIND',
    7,
    20,
    (row) => row.kind,
    'file, heap, stack, anon (private memory), shm (shared memory), device, special, unknown',
  ),
  text(
    'permissions',
    'PERM',
    4,
    43,
    (row) => row.permissions,
    'read, write, execute, and private (writes are copied) or shared',
  ),
  numeric({
    id: 'size',
    title: 'SIZE',
    unit: 'bytes',
    width: 5,
    weight: 62,
    value: (row) => row.size,
    format: bytes,
    doc: 'bytes mapped now',
  }),
  {
    ...identifier<RegionRow>('pid', 'PID', 15, (row) => row.pid, 'process that mapped it'),
    format: pidText,
  },
  text('comm', 'COMMAND', 15, 10, (row) => row.comm, COMMAND_DOC),
  ...STAT_COLUMNS,
];

export const THREAD_COLUMNS: readonly Column<ThreadRow>[] = [
  {
    ...identifier<ThreadRow>(
      'tid',
      'TID',
      100,
      (row) => row.tid,
      'thread; x3: so many of one name',
    ),
    format: (row) => (row.tid === 0 ? several(row) : plain(row.tid)),
  },
  {
    ...identifier<ThreadRow>('pid', 'PID', 20, (row) => row.pid, 'process of the thread'),
    format: pidText,
  },
  text('comm', 'COMMAND', 15, 98, (row) => row.comm, COMMAND_DOC),
  text('state', 'STATE', 5, 15, (row) => (row.alive ? '' : 'ended'), STATE_DOC),
  ...STAT_COLUMNS,
];

/** In place of a name that nobody could read. */
const NOT_READ = '?';

/** Whose a process is; not of runs that must be equal, which anybody may start. */
const OWNER_COLUMNS: readonly Column<ProcessRow>[] = [
  {
    ...named<ProcessRow>(
      'user',
      'USER',
      8,
      60.5,
      ({ owner }) => owner.user,
      'whose process it is; ?: it had ended before that could be read',
    ),
    format: ({ owner }: ProcessRow) => owner.user || NOT_READ,
  },
  {
    ...named<ProcessRow>(
      'cgroup',
      'CGROUP',
      14,
      65,
      ({ owner }) => owner.cgroup,
      'control group: its unit, or the beginning of its container id; the whole path in CSV and JSON',
    ),
    format: ({ owner }: ProcessRow) => shortCgroup(owner.cgroup) || NOT_READ,
  },
].map((column) => ({ ...column, timed: true }));

export const PROCESS_COLUMNS: readonly Column<ProcessRow>[] = [
  {
    ...identifier<ProcessRow>(
      'pid',
      'PID',
      100,
      (row) => row.pid,
      'process; x3: so many of one name',
    ),
    format: (row) => (row.pid === 0 ? several(row) : plain(row.pid)),
  },
  identifier('ppid', 'PPID', 20, (row) => row.ppid, 'its parent'),
  text('comm', 'COMMAND', 15, 98, (row) => row.comm, COMMAND_DOC),
  ...OWNER_COLUMNS,
  text('state', 'STATE', 5, 15, (row) => (row.alive ? '' : 'ended'), STATE_DOC),
  numeric({
    id: 'threads',
    title: 'THR',
    width: 5,
    weight: 52,
    value: (row) => row.threads,
    format: count,
    doc: 'threads that live',
  }),
  ...CLASS_RATE_COLUMNS,
  ...STAT_COLUMNS,
  numeric({
    id: 'worst_thread_share',
    title: 'THR%',
    unit: 'ratio',
    width: 6,
    weight: 58,
    timed: true,
    value: (row) => row.worstThreadShare,
    format: percent,
    doc: 'of the thread that waited most: its time in faults in percent of wall time',
  }),
  numeric({
    id: 'ns_pid',
    title: 'NSPID',
    width: 7,
    weight: 12,
    timed: true,
    value: (row) => (row.nsPid === 0 ? NaN : row.nsPid),
    format: (nsPid) => (Number.isNaN(nsPid) ? '' : plain(nsPid)),
    doc: 'number of the process in its own pid namespace (a container); PID is that of the machine',
  }),
];

export const SITE_COLUMNS: readonly Column<SiteRow>[] = [
  text(
    'site',
    'CODE',
    20,
    100,
    (row) => row.label,
    'function whose instruction faulted, or its place in the file where no name is known',
  ),
  text('line', 'LINE', 12, 63, ({ file, line }) => sourceLine(file, line), 'source file and line'),
  text('object', 'OBJECT', 12, 98, (row) => row.object, 'program or library that the code is in'),
  ...STAT_COLUMNS,
];

/** Of a table of who faults now: what was counted in all makes room for what is counted a second. */
export function nowFirst<Row extends StatRow>(
  columns: readonly Column<Row>[],
): readonly Column<Row>[] {
  const totals = new Set(['major', 'minor', 'cow', 'rate']);
  return columns.map((column) =>
    totals.has(column.id) ? { ...column, weight: column.weight - TOTALS_BELOW } : column,
  );
}

/** They come to stand below memory, whose and where. */
const TOTALS_BELOW = 50;

/** Where COW is not told apart its column says so: a 0 would be a claim. Estimates say so too. */
export function knownColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  mode: CaptureMode,
): readonly Column<Row>[] {
  if (isSampled(mode)) return sampledColumns(columns, mode.filtered === true);
  if (knowsCow(mode)) return columns;
  return columns.map((column) =>
    column.id === 'cow' || column.id === 'cow_rate'
      ? { ...column, value: () => NaN, format: () => 'n/a' }
      : column,
  );
}

/** What sampling leaves exact: MAJOR and ERROR are all captured, and of a thread all are counted. */
const EXACT: ReadonlySet<string> = new Set(['major', 'major_rate', 'error']);
const EXACT_IN_SUM: ReadonlySet<string> = new Set([...EXACT, 'faults', 'rate']);
/** Every page would have to be seen. */
const NOT_SAMPLED: ReadonlySet<string> = new Set(['unique_pages', 'refault_share']);
const COUNTED: ReadonlySet<string> = new Set(
  [...STAT_COLUMNS, ...CLASS_RATE_COLUMNS].map(({ id }) => id).concat('worst_thread_share'),
);

/** It has faults of a sample: which pages the others hit is not known. */
export function isEstimate({ uniquePages }: Pick<StatRow, 'uniquePages'>): boolean {
  return Number.isNaN(uniquePages);
}

/** How a number of a row that rests on captured faults alone is told to a person. */
export function aboutOf(row: Pick<StatRow, 'uniquePages'>): (text: string) => string {
  return isEstimate(row) ? estimate : (text) => text;
}

/** What tables have that are of memory or of code: of those rows no fault is counted that is not captured. */
const OF_SAMPLES: ReadonlySet<string> = new Set(['kind', 'site']);

/** Where minor faults are sampled what is an estimate says so. */
function sampledColumns<Row>(
  columns: readonly Column<Row>[],
  filtered: boolean,
): readonly Column<Row>[] {
  const exact = filtered || columns.some(({ id }) => OF_SAMPLES.has(id)) ? EXACT : EXACT_IN_SUM;
  return columns.map((column) => {
    if (!COUNTED.has(column.id) || exact.has(column.id)) return column;
    if (NOT_SAMPLED.has(column.id)) return { ...column, value: () => NaN, format: () => 'n/a' };
    return asEstimate(column);
  });
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

/** In the place of an identifier: how many of the name there are or were, or that some are not told apart. */
function several(row: ThreadRow | ProcessRow): string {
  return row.alive && !(row instanceof RowGroup) ? 'several' : `x${row.members}`;
}

/** With who made it, where that is all that it is known by, and how many regions the row stands for. */
function labelText({ label, maker, members }: RegionRow): string {
  return countedLabel(maker === '' ? label : `${label} ${maker}`, members);
}

/** With how many regions the row stands for. */
export function countedLabel(label: string, members: number): string {
  return members > 1 ? `${label} x${members}` : label;
}

function pidText(row: RegionRow | ThreadRow): string {
  if (row.pid !== 0) return plain(row.pid);
  return row instanceof RowGroup ? 'several' : '';
}
