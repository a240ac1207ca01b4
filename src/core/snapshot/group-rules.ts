import type { KindName } from '../classify/classes';
import { isUnnamed, sharedLabel } from '../regions/region-label';
import { UNKNOWN_OWNER } from '../facts/owner';
import type { Owner } from '../facts/owner';
import { bytes } from '../text/format';
import { RowGroup } from './groups';
import type { GroupRules } from './grouping';
import type { ProcessRow, RegionRow, ThreadRow } from './snapshot';

const PAGE = 4096;
/** Bounds of the classes of anonymous mappings that have no name, bytes. */
const SIZE_BOUNDS = [64 << 10, 1 << 20, 16 << 20, 256 << 20, 4 * 2 ** 30];

/** Which size class a mapping without a name is of; -1 for what has a name or a known maker, or no range. */
function sizeClass({ kind, label, maker, startPage, endPage }: RegionRow): number {
  if (kind === 'file' || endPage === 0 || maker !== '' || !isUnnamed(label)) return -1;
  const size = (endPage - startPage) * PAGE;
  const at = SIZE_BOUNDS.findIndex((bound) => size < bound);
  return at < 0 ? SIZE_BOUNDS.length : at;
}

function sizeText(at: number): string {
  if (at < 0) return '';
  if (at === 0) return ` <${bytes(SIZE_BOUNDS[0]!)}`;
  const low = bytes(SIZE_BOUNDS[at - 1]!);
  return at === SIZE_BOUNDS.length ? ` ${low}+` : ` ${low}-${bytes(SIZE_BOUNDS[at]!)}`;
}

/** What all have, `otherwise` where they differ. */
function common<Row, Value>(
  rows: readonly Row[],
  value: (row: Row) => Value,
  otherwise: Value,
): Value {
  const first = value(rows[0]!);
  return rows.every((row) => value(row) === first) ? first : otherwise;
}

/** Regions that are one thing: the heaps of all compilers, the arenas of one program. */
export class RegionGroup extends RowGroup<RegionRow> implements RegionRow {
  kind: KindName = 'unknown';
  label = '';
  path = '';
  section = '';
  permissions = '';
  pid = 0;
  comm = '';
  size = 0;
  /** Each lies somewhere else. */
  readonly startPage = 0;
  readonly endPage = 0;
  maker = '';

  /** The label of a row, and the size class, that the label was made of. */
  private named = '';
  private namedSize = NaN;

  protected describe(rows: readonly RegionRow[]): void {
    const first = rows[0]!;
    const size = sizeClass(first);
    if (this.named !== first.label || this.namedSize !== size) {
      this.named = first.label;
      this.namedSize = size;
      this.label = sharedLabel(first.label) + sizeText(size);
    }
    this.kind = first.kind;
    this.path = first.path;
    this.section = first.section;
    this.permissions = first.permissions;
    let { pid } = first;
    let bytesMapped = 0;
    for (const row of rows) {
      if (row.pid !== pid) pid = 0;
      bytesMapped += row.size;
    }
    this.pid = pid;
    this.comm = first.comm;
    this.maker = first.maker;
    this.size = bytesMapped;
  }
}

/** What a region is grouped by. */
interface RegionTraits extends Pick<
  RegionRow,
  'label' | 'comm' | 'permissions' | 'path' | 'kind' | 'maker'
> {
  readonly sizeClass: number;
}

/** By what they are, and whose: regions of programs of one name. Memory without a name is what its maker made it for. */
export const REGION_GROUPS: GroupRules<RegionRow, RegionGroup, RegionTraits> = {
  traits: (row) => {
    const { label, comm, permissions, path, kind, maker } = row;
    return { label, comm, permissions, path, kind, maker, sizeClass: sizeClass(row) };
  },
  has: (row, traits) =>
    row.label === traits.label &&
    row.comm === traits.comm &&
    row.permissions === traits.permissions &&
    row.path === traits.path &&
    row.kind === traits.kind &&
    row.maker === traits.maker &&
    sizeClass(row) === traits.sizeClass,
  key: (row) =>
    [
      sharedLabel(row.label),
      row.comm,
      row.permissions,
      row.path,
      row.kind,
      row.maker,
      String(sizeClass(row)),
    ].join('\n'),
  make: () => new RegionGroup(),
};

/** Workers are numbered: `worker-12` and `worker-3` are of one kind. */
function kindOfName(comm: string): string {
  return comm.replace(/\d+/g, '*');
}

export class ThreadGroup extends RowGroup<ThreadRow> implements ThreadRow {
  readonly tid = 0;
  pid = 0;
  comm = '';
  alive = false;

  protected describe(rows: readonly ThreadRow[]): void {
    this.pid = common(rows, ({ pid }) => pid, 0);
    this.comm = common(rows, ({ comm }) => comm, kindOfName(rows[0]!.comm));
    this.alive = rows.some(({ alive }) => alive);
  }
}

export const THREAD_GROUPS: GroupRules<ThreadRow, ThreadGroup, string> = {
  traits: ({ comm }) => comm,
  has: ({ comm }, before) => comm === before,
  key: ({ comm }) => kindOfName(comm),
  make: () => new ThreadGroup(),
};

function commonOwner(rows: readonly ProcessRow[]): Owner {
  return {
    user: common(rows, ({ owner }) => owner.user, ''),
    cgroup: common(rows, ({ owner }) => owner.cgroup, ''),
  };
}

export class ProcessGroup extends RowGroup<ProcessRow> implements ProcessRow {
  readonly pid = 0;
  ppid = 0;
  readonly nsPid = 0;
  comm = '';
  owner = UNKNOWN_OWNER;
  alive = false;
  threads = 0;
  leftOut = 0;

  protected describe(rows: readonly ProcessRow[]): void {
    this.ppid = common(rows, ({ ppid }) => ppid, 0);
    this.comm = common(rows, ({ comm }) => comm, kindOfName(rows[0]!.comm));
    this.owner = commonOwner(rows);
    this.alive = rows.some(({ alive }) => alive);
    this.threads = rows.reduce((sum, { threads }) => sum + threads, 0);
    this.leftOut = rows.reduce((sum, row) => sum + row.leftOut, 0);
  }

  get worstThreadShare(): number {
    return this.worst.worstThreadShare;
  }

  get worstTid(): number {
    return this.worst.worstTid;
  }

  private get worst(): ProcessRow {
    return this.rows.reduce((a, b) => (b.worstThreadShare > a.worstThreadShare ? b : a));
  }
}

export const PROCESS_GROUPS: GroupRules<ProcessRow, ProcessGroup, string> = {
  traits: ({ comm }) => comm,
  has: ({ comm }, before) => comm === before,
  key: ({ comm }) => kindOfName(comm),
  make: () => new ProcessGroup(),
};
