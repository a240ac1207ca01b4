import { CAUSE_COUNT, CLASS_COUNT, FaultClass, KIND_NAMES } from '../classify/classes';
import type { KindName } from '../classify/classes';
import { hexText } from '../text/format';
import { siteLabel } from '../code/site-table';
import type { SiteInfo } from '../code/site-table';
import type { RegionInfo, RegionTable } from '../regions/region-table';
import type { ProcessRow, RegionRow, SiteRow, StatRow, ThreadRow } from './snapshot';
import type { StatTable } from '../stats/stat-table';
import type { Totals } from '../stats/totals';
import { UNKNOWN_OWNER } from '../facts/owner';
import type { ProcessInfo, ThreadInfo } from '../tasks/task-table';
import { leftOut } from '../tasks/tasks';

const QUANTILES = [0.5, 0.9, 0.99] as const;

export function share(ns: number, elapsed: number): number {
  return elapsed > 0 ? ns / elapsed : 0;
}

/**
 * Rows of a snapshot. Classes, although plain data: a literal that spreads one row into another is
 * built property by property at run time, at ten times the price, and there may be ten thousand. They
 * can be filled again, because ten thousand new ones at every refresh outlive a collection of new
 * objects and pile up to tens of megabytes before all old ones are collected.
 */
class CountedStats {
  // Of their full length at once: push() would make room for 17 numbers in each.
  readonly byClass = new Array<number>(CLASS_COUNT).fill(0);
  readonly classRate = new Array<number>(CLASS_COUNT).fill(0);
  readonly byCause = new Array<number>(CAUSE_COUNT).fill(0);
  readonly causeNs = new Array<number>(CAUSE_COUNT).fill(0);
  uniquePages = 0;
  undecided = 0;
  stallNs = 0;
  maxNs = 0;
  lastTime = 0;
  rate = 0;
  stalled = 0;
  faults = 0;
  refaults = 0;
  stallShare = 0;

  /** What follows from the numbers that have been filled in. */
  protected derive(elapsed: number): void {
    const { byClass } = this;
    let faults = 0;
    for (let c = 0; c < CLASS_COUNT; c++) faults += byClass[c]!;
    this.faults = faults;
    this.refaults = faults - byClass[FaultClass.ERROR]! - this.uniquePages;
    this.stallShare = share(this.stallNs, elapsed);
  }
}

/** The whole of a run. Made anew for each snapshot. */
export class TotalStats extends CountedStats implements StatRow {
  readonly id = 0;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly history: readonly number[];

  constructor(total: Totals, elapsed: number) {
    super();
    total.read(this);
    this.derive(elapsed);
    const [p50Ns, p90Ns, p99Ns] = total.allLatencies().quantiles(QUANTILES);
    this.p50Ns = p50Ns!;
    this.p90Ns = p90Ns!;
    this.p99Ns = p99Ns!;
    this.history = [...total.history];
  }
}

class Stats extends CountedStats implements StatRow {
  id = 0;
  p50Ns = NaN;
  p90Ns = NaN;
  p99Ns = NaN;
  /** That of the table. */
  revision = -1;
  private keptHistory: readonly number[] | null = null;

  constructor(
    private readonly stats: StatTable,
    private readonly slot: number,
  ) {
    super();
  }

  /** Most rows rest: of those, nothing is read again. Returns whether it is filled for the first time. */
  protected fillStats(elapsed: number): boolean {
    const { stats, slot } = this;
    this.keptHistory = null;
    const first = this.revision < 0;
    const revision = stats.revision(slot);
    if (revision === this.revision) {
      this.stallShare = share(this.stallNs, elapsed);
      return first;
    }
    this.revision = revision;
    this.id = stats.id(slot);
    stats.read(slot, this);
    this.derive(elapsed);
    this.p50Ns = stats.p50Ns(slot);
    this.p90Ns = stats.p90Ns(slot);
    this.p99Ns = stats.p99Ns(slot);
    return first;
  }

  /** Something of a row that was filled before is another now that the table does not count. */
  protected revise(): void {
    const { stats, slot } = this;
    stats.revise(slot);
    this.revision = stats.revision(slot);
  }

  /**
   * Copied when it is first asked for: nearly all rows are never seen, and histories would be half of the
   * memory that a snapshot takes. It stays as it is until the next tick; whoever keeps a snapshot for
   * longer asks for it before.
   */
  get history(): readonly number[] {
    const { stats, slot } = this;
    // The slot of a row that was folded may be another row's by now.
    this.keptHistory ??= stats.id(slot) === this.id ? stats.history(slot) : [];
    return this.keptHistory;
  }

  addLatencies(counts: Float64Array): number {
    const { stats, slot } = this;
    if (stats.id(slot) !== this.id) return 0;
    let timed = 0;
    for (let c = 0; c < CLASS_COUNT; c++) timed += stats.addLatencies(counts, slot, c);
    return timed;
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

  fill(
    elapsed: number,
    slot: number,
    regions: RegionTable,
    size: number,
    maker: string,
    sumsUp: string,
  ): this {
    const first = this.fillStats(elapsed);
    const info = regions.rows.info(slot)!;
    const startPage = regions.startPage(slot);
    const endPage = regions.endPage(slot);
    const members = regions.rows.members(slot);
    const lies = this.size === size && this.startPage === startPage && this.endPage === endPage;
    const stands = this.members === members && this.sumsUp === sumsUp && this.maker === maker;
    if (this.info === info && lies && stands) return this;
    if (!first) this.revise();
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

  fill(elapsed: number, info: ThreadInfo, members: number, sumsUp: string): this {
    const first = this.fillStats(elapsed);
    const { tid, pid, comm, alive } = info;
    const same = this.tid === tid && this.pid === pid && this.comm === comm;
    const stands = this.members === members && this.sumsUp === sumsUp;
    if (same && stands && this.alive === alive) return this;
    if (!first) this.revise();
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
    elapsed: number,
    info: ProcessInfo,
    members: number,
    sumsUp: string,
    worstThreadShare: number,
    worstTid: number,
  ): this {
    const first = this.fillStats(elapsed);
    this.worstThreadShare = worstThreadShare;
    this.worstTid = worstTid;
    const { pid, ppid, nsPid, comm, owner, alive, threads } = info;
    const left = leftOut(info, this.faults);
    const own = this.pid === pid && this.ppid === ppid && this.nsPid === nsPid;
    const same = own && this.comm === comm;
    const stands = this.members === members && this.sumsUp === sumsUp && this.owner === owner;
    const lives = this.alive === alive && this.threads === threads && this.leftOut === left;
    if (same && stands && lives) return this;
    if (!first) this.revise();
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

  fill(elapsed: number, info: SiteInfo, members: number, sumsUp: string): this {
    const first = this.fillStats(elapsed);
    if (this.info === info && this.members === members && this.sumsUp === sumsUp) return this;
    if (!first) this.revise();
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

/** The rows that a table's slots had in the last snapshot, to be filled again. */
export class RowPool<Row> {
  private readonly rows: Row[] = [];

  constructor(private readonly make: (slot: number) => Row) {}

  /** A row to fill: the one of the last time, or (not `reuse`) one that nobody else has. */
  row(slot: number, reuse: boolean): Row {
    if (!reuse) return this.make(slot);
    return (this.rows[slot] ??= this.make(slot));
  }
}
