import { CAUSE_COUNT, CLASS_COUNT, FaultClass, KIND_NAMES } from './classes';
import type { KindName } from './classes';
import type { RegionTable } from './regions';
import type { ProcessRow, RegionRow, StatRow, ThreadRow } from './snapshot';
import type { StatTable } from './stat-table';
import type { ProcessInfo, ThreadInfo } from './task-rows';

export function share(ns: number, elapsed: number): number {
  return elapsed > 0 ? ns / elapsed : 0;
}

/**
 * Rows of a snapshot. Classes, although plain data: a literal that spreads one row into another is
 * built property by property at run time, at ten times the price, and there may be ten thousand.
 */
class Stats implements StatRow {
  readonly id: number;
  readonly faults: number;
  readonly byClass: readonly number[];
  readonly byCause: readonly number[];
  readonly uniquePages: number;
  readonly refaults: number;
  readonly stallNs: number;
  readonly maxNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly stallShare: number;
  readonly rate: number;
  readonly lastTime: number;
  private keptHistory: readonly number[] | null = null;

  constructor(
    private readonly stats: StatTable,
    private readonly slot: number,
    elapsed: number,
  ) {
    // Of their full length at once: push() would make room for 17 numbers in each.
    const byClass = new Array<number>(CLASS_COUNT);
    for (let c = 0; c < CLASS_COUNT; c++) byClass[c] = stats.byClass(slot, c);
    const byCause = new Array<number>(CAUSE_COUNT);
    for (let c = 0; c < CAUSE_COUNT; c++) byCause[c] = stats.byCause(slot, c);
    this.id = stats.id(slot);
    this.faults = stats.faults(slot);
    this.byClass = byClass;
    this.byCause = byCause;
    this.uniquePages = stats.unique(slot);
    this.refaults = this.faults - byClass[FaultClass.ERROR]! - this.uniquePages;
    this.stallNs = stats.stallNs(slot);
    this.maxNs = stats.maxNs(slot);
    this.p50Ns = stats.p50Ns(slot);
    this.p90Ns = stats.p90Ns(slot);
    this.p99Ns = stats.p99Ns(slot);
    this.stallShare = share(this.stallNs, elapsed);
    this.rate = stats.rate(slot);
    this.lastTime = stats.lastTime(slot);
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
}

export class RegionStats extends Stats implements RegionRow {
  readonly kind: KindName;
  readonly label: string;
  readonly path: string;
  readonly section: string;
  readonly permissions: string;
  readonly pid: number;
  readonly comm: string;
  readonly size: number;
  readonly startPage: number;
  readonly endPage: number;

  constructor(stats: StatTable, slot: number, elapsed: number, regions: RegionTable, size: number) {
    super(stats, slot, elapsed);
    const info = regions.rows.info(slot)!;
    this.kind = KIND_NAMES[info.kind]!;
    this.label = info.label;
    this.path = info.path;
    this.section = info.section;
    this.permissions = info.permissions;
    this.pid = info.pid;
    this.comm = info.comm;
    this.size = size;
    this.startPage = regions.startPage(slot);
    this.endPage = regions.endPage(slot);
  }
}

export class ThreadStats extends Stats implements ThreadRow {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  readonly alive: boolean;

  constructor(stats: StatTable, slot: number, elapsed: number, info: ThreadInfo) {
    super(stats, slot, elapsed);
    this.tid = info.tid;
    this.pid = info.pid;
    this.comm = info.comm;
    this.alive = info.alive;
  }
}

export class ProcessStats extends Stats implements ProcessRow {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly alive: boolean;
  readonly threads: number;

  constructor(
    stats: StatTable,
    slot: number,
    elapsed: number,
    info: ProcessInfo,
    readonly worstThreadShare: number,
    readonly worstTid: number,
  ) {
    super(stats, slot, elapsed);
    this.pid = info.pid;
    this.ppid = info.ppid;
    this.comm = info.comm;
    this.alive = info.alive;
    this.threads = info.threads;
  }
}
