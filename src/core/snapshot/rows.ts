import { CAUSE_COUNT, CLASS_COUNT, FaultClass, KIND_NAMES } from '../classify/classes';
import type { KindName } from '../classify/classes';
import { hexText } from '../text/format';
import { siteLabel } from '../code/site-table';
import type { SiteInfo } from '../code/site-table';
import type { RegionInfo, RegionTable } from '../regions/region-table';
import type { ProcessRow, RegionRow, SiteRow, StatRow, ThreadRow } from './snapshot';
import { Cell, STRIDE } from '../stats/cells';
import type { StatTable } from '../stats/stat-table';
import { UNKNOWN_OWNER } from '../facts/owner';
import type { ProcessInfo, ThreadInfo } from '../tasks/task-table';
import { leftOut } from '../tasks/tasks';

/** Percentiles of what was not measured. */
const NONE: readonly number[] = [NaN, NaN, NaN];

export function share(ns: number, elapsed: number): number {
  return elapsed > 0 ? ns / elapsed : 0;
}

export function refaultsOf({
  faults,
  byClass,
  uniquePages,
}: Pick<StatRow, 'faults' | 'byClass' | 'uniquePages'>): number {
  return faults - byClass[FaultClass.ERROR]! - uniquePages;
}

/** A picture, as far as it changes rows that rest too. */
export interface Moment {
  /** ns over which the counters have run. */
  readonly elapsed: number;
}

/** Of which table rows are, and of which picture. */
export interface RowsOf {
  readonly stats: StatTable;
  readonly moment: Moment;
  /** The cells of the table's slots as they are in the picture. */
  readonly cells: Float64Array;
  /** Takes those of a slot over from the table. */
  take(slot: number): void;
}

/**
 * Rows of a snapshot. Their numbers lie side by side, as in the table that they are copied from: ten thousand rows
 * of objects and arrays would take three times the memory, and as long to be filled. They can be filled again, because
 * new ones at every refresh outlive a collection of new objects and pile up to tens of megabytes before all old ones are
 * collected.
 */
class Stats implements StatRow {
  id = 0;
  faults = 0;
  readonly byClass = new Array<number>(CLASS_COUNT).fill(0);
  /** That of the table. */
  revision = -1;
  identity = 0;
  // No properties that others see: what is copied of a row is in copyOf().
  readonly #of: RowsOf;
  readonly #slot: number;
  #history: readonly number[] | null = null;
  /** Of which moment it is. */
  #historyOf: Moment | null = null;
  #percentiles: readonly number[] | null = null;

  constructor(of: RowsOf, slot: number) {
    this.#of = of;
    this.#slot = slot;
  }

  /**
   * Reads the counters again; of a row that is filled nothing else need have changed. Most rows rest: of those, nothing is
   * read. Returns whether it is the first time.
   */
  recount(): boolean {
    const { stats } = this.#of;
    const slot = this.#slot;
    const first = this.revision < 0;
    const revision = stats.revision(slot);
    if (revision === this.revision) return first;
    this.revision = revision;
    this.id = stats.id(slot);
    this.#of.take(slot);
    this.#percentiles = null;
    const { byClass } = this;
    const { cells } = this.#of;
    const at = slot * STRIDE + Cell.byClass;
    let faults = 0;
    for (let c = 0; c < CLASS_COUNT; c++) {
      byClass[c] = cells[at + c]!;
      faults += byClass[c]!;
    }
    this.faults = faults;
    return first;
  }

  #cell(cell: number): number {
    return this.#of.cells[this.#slot * STRIDE + cell]!;
  }

  #list(cell: number, length: number): readonly number[] {
    const at = this.#slot * STRIDE + cell;
    const { cells } = this.#of;
    const list = new Array<number>(length);
    for (let k = 0; k < length; k++) list[k] = cells[at + k]!;
    return list;
  }

  get classRate(): readonly number[] {
    return this.#list(Cell.classRate, CLASS_COUNT);
  }

  get byCause(): readonly number[] {
    return this.#list(Cell.byCause, CAUSE_COUNT);
  }

  get causeNs(): readonly number[] {
    return this.#list(Cell.causeNs, CAUSE_COUNT);
  }

  get uniquePages(): number {
    return this.#cell(Cell.uniquePages);
  }

  get undecided(): number {
    return this.#cell(Cell.undecided);
  }

  get stallNs(): number {
    return this.#cell(Cell.stallNs);
  }

  get maxNs(): number {
    return this.#cell(Cell.maxNs);
  }

  get lastTime(): number {
    return this.#cell(Cell.lastTime);
  }

  get rate(): number {
    return this.#cell(Cell.rate);
  }

  get stalled(): number {
    return this.#cell(Cell.stalled);
  }

  get refaults(): number {
    return refaultsOf(this);
  }

  get stallShare(): number {
    return share(this.stallNs, this.#of.moment.elapsed);
  }

  get p50Ns(): number {
    return this.#measured[0]!;
  }

  get p90Ns(): number {
    return this.#measured[1]!;
  }

  get p99Ns(): number {
    return this.#measured[2]!;
  }

  /** As with the history: made when they are first asked for. */
  get #measured(): readonly number[] {
    const { stats } = this.#of;
    const slot = this.#slot;
    if (this.#percentiles !== null) return this.#percentiles;
    const isThere = stats.id(slot) === this.id;
    return (this.#percentiles = isThere
      ? [stats.p50Ns(slot), stats.p90Ns(slot), stats.p99Ns(slot)]
      : NONE);
  }

  /** Something of a row is another now that the table does not count. `first`: it was not filled before. */
  protected revise(first: boolean): void {
    this.identity++;
    if (first) return;
    const { stats } = this.#of;
    stats.revise(this.#slot);
    this.revision = stats.revision(this.#slot);
  }

  /**
   * Copied when it is first asked for: nearly all rows are never seen, and histories would be half of the
   * memory that a snapshot takes. It stays as it is until the next tick; whoever keeps a snapshot for
   * longer asks for it before.
   */
  get history(): readonly number[] {
    const { stats, moment } = this.#of;
    if (this.#history !== null && this.#historyOf === moment) return this.#history;
    this.#historyOf = moment;
    // The slot of a row that was folded may be another row's by now.
    return (this.#history = stats.id(this.#slot) === this.id ? stats.history(this.#slot) : []);
  }

  addLatencies(counts: Float64Array): number {
    const { stats } = this.#of;
    const slot = this.#slot;
    if (stats.id(slot) !== this.id) return 0;
    let timed = 0;
    for (let c = 0; c < CLASS_COUNT; c++) timed += stats.addLatencies(counts, slot, c);
    return timed;
  }

  addHistory(sums: number[]): number {
    const { stats } = this.#of;
    const slot = this.#slot;
    return stats.id(slot) === this.id ? stats.addHistory(slot, sums) : 0;
  }
}

export class RegionStats extends Stats implements RegionRow {
  kind: KindName = KIND_NAMES[0];
  label = '';
  path = '';
  section = '';
  permissions = '';
  pid = 0;
  comm = '';
  size = 0;
  startPage = 0;
  endPage = 0;
  maker = '';
  members = 1;
  sumsUp = '';
  private info: RegionInfo | null = null;

  fill(slot: number, regions: RegionTable, size: number, maker: string, sumsUp: string): this {
    const first = this.recount();
    const info = regions.rows.info(slot)!;
    const startPage = regions.startPage(slot);
    const endPage = regions.endPage(slot);
    const members = regions.rows.members(slot);
    const lies = this.size === size && this.startPage === startPage && this.endPage === endPage;
    const stands = this.members === members && this.sumsUp === sumsUp && this.maker === maker;
    if (this.info === info && lies && stands) return this;
    this.revise(first);
    this.info = info;
    this.kind = KIND_NAMES[info.kind]!;
    this.label = info.label;
    this.path = info.path;
    this.section = info.section;
    this.permissions = info.permissions;
    this.pid = info.pid;
    this.comm = info.comm;
    this.size = size;
    this.startPage = startPage;
    this.endPage = endPage;
    this.maker = maker;
    this.members = members;
    this.sumsUp = sumsUp;
    return this;
  }
}

export class ThreadStats extends Stats implements ThreadRow {
  tid = 0;
  pid = 0;
  comm = '';
  alive = false;
  members = 1;
  sumsUp = '';

  fill(info: ThreadInfo, members: number, sumsUp: string): this {
    const first = this.recount();
    const { tid, pid, comm, alive } = info;
    const same = this.tid === tid && this.pid === pid && this.comm === comm;
    const stands = this.members === members && this.sumsUp === sumsUp;
    if (same && stands && this.alive === alive) return this;
    this.revise(first);
    this.tid = tid;
    this.pid = pid;
    this.comm = comm;
    this.alive = alive;
    this.members = members;
    this.sumsUp = sumsUp;
    return this;
  }
}

export class ProcessStats extends Stats implements ProcessRow {
  pid = 0;
  ppid = 0;
  nsPid = 0;
  comm = '';
  owner = UNKNOWN_OWNER;
  alive = false;
  members = 1;
  sumsUp = '';
  threads = 0;
  worstThreadShare = 0;
  worstTid = 0;
  leftOut = 0;

  fill(
    info: ProcessInfo,
    members: number,
    sumsUp: string,
    worstThreadShare: number,
    worstTid: number,
  ): this {
    const first = this.recount();
    this.worstThreadShare = worstThreadShare;
    this.worstTid = worstTid;
    const { pid, ppid, nsPid, comm, owner, alive, threads } = info;
    const left = leftOut(info, this.faults);
    const own = this.pid === pid && this.ppid === ppid && this.nsPid === nsPid;
    const same = own && this.comm === comm;
    const stands = this.members === members && this.sumsUp === sumsUp && this.owner === owner;
    const lives = this.alive === alive && this.threads === threads && this.leftOut === left;
    if (same && stands && lives) return this;
    this.revise(first);
    this.pid = pid;
    this.ppid = ppid;
    this.nsPid = nsPid;
    this.comm = comm;
    this.owner = owner;
    this.alive = alive;
    this.members = members;
    this.sumsUp = sumsUp;
    this.threads = threads;
    this.leftOut = left;
    return this;
  }
}

export class SiteStats extends Stats implements SiteRow {
  label = '';
  function = '';
  inlined = '';
  file = '';
  line = 0;
  object = '';
  path = '';
  offset = '';
  members = 1;
  sumsUp = '';
  private info: SiteInfo | null = null;

  fill(info: SiteInfo, members: number, sumsUp: string): this {
    const first = this.recount();
    if (this.info === info && this.members === members && this.sumsUp === sumsUp) return this;
    this.revise(first);
    this.info = info;
    this.label = siteLabel(info);
    this.function = info.function;
    this.inlined = info.inlined;
    this.file = info.file;
    this.line = info.line;
    this.object = info.object;
    this.path = info.path;
    this.offset = hexText(info.high, info.low);
    this.members = members;
    this.sumsUp = sumsUp;
    return this;
  }
}
