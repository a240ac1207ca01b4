import type { Batch } from '../wire/batch';
import { Cause, CAUSE_COUNT, FaultClass } from '../classify/classes';
import { Cell } from '../stats/cells';
import type { FaultColumns } from '../wire/fault-columns';
import { OverTime } from '../stats/over-time';
import { PairCounts } from '../stats/pair-counts';
import { stackOwner } from '../regions/region-label';
import type { RegionInfo, RegionTable } from '../regions/region-table';
import type { SiteTable } from '../code/site-table';
import type { Resolved } from '../wire/resolved';
import { GONE } from '../stats/row-table';
import type { Settled } from '../tasks/ended-rows';
import type { Tasks } from '../tasks/tasks';
import type { More } from '../stats/more';
import type { StatTable } from '../stats/stat-table';
import { Totals } from '../stats/totals';

/**
 * What is counted of each fault, each with all before it: the totals; rows of regions, threads and
 * processes with their pages; where in its region it fell and whose it was (RegionDetail).
 */
export type Depth = 'totals' | 'rows' | 'detail';

/** Under what faults were counted. */
interface CountedAs {
  readonly counted: Resolved;
  readonly columns: FaultColumns;
}

/** Everything counted faults are entered in: the totals and the rows they belong to. */
export class Counters {
  readonly total = new Totals();
  readonly pairs = new PairCounts();
  /** Not every fault is counted: of those that no row tells of it is not known whether they would be. */
  filtered = false;
  /** Faults that are yet to be counted: thread, process, how many, when. */
  private readonly left: number[] = [];
  /** Of a COW, from 0 to 1: see countLeft(). */
  private part = 0;
  /** A cell of the row of a process, and of the whole: see copyShare(). */
  private readonly inProcess = (row: number, cell: number): number =>
    this.tasks.processes.stats.get(row, cell);
  private readonly inAll = (_row: number, cell: number): number => this.total.get(cell);
  /** The counters of all rows. */
  private readonly tables: readonly StatTable[];
  /** null where nobody looks at details. */
  readonly overTime: OverTime | null;

  constructor(
    private readonly regions: RegionTable,
    private readonly tasks: Tasks,
    private readonly depth: Depth,
    /** null where nobody asks for the code. */
    private readonly sites: SiteTable | null,
  ) {
    const rows = [regions.rows, tasks.threads, tasks.processes, sites?.rows];
    this.tables = rows.flatMap((table) => table?.stats ?? []);
    this.overTime =
      depth === 'detail' ? new OverTime(regions.rows, regions.heat, this.total) : null;
  }

  /** Enters the faults of a batch that were kept, and those of which it has no rows. */
  add(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    this.enter(batch, resolved, columns);
    if (isSampled(batch)) this.more(batch, resolved, columns, { sign: 1, past: false });
    this.countLeft();
  }

  /** What the faults of a sample stand for beside themselves. */
  private more(batch: Batch, resolved: Resolved, columns: FaultColumns, more: More): void {
    const { regions, tasks, depth } = this;
    const { weight, counted } = batch;
    this.total.more(batch, resolved, columns, more);
    if (depth === 'totals') return;
    regions.rows.stats.more(resolved.region, weight, batch, resolved, columns, more);
    tasks.threads.stats.more(resolved.thread, counted, batch, resolved, columns, more);
    tasks.processes.stats.more(columns.process, counted, batch, resolved, columns, more);
    this.sites?.more(batch, resolved, columns, more);
    if (depth === 'rows') return;
    this.pairs.more(batch, resolved.region, resolved.thread, resolved.keep, more.sign);
  }

  private enter(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    const { regions, tasks, depth } = this;
    this.total.add(batch, resolved, columns);
    if (depth === 'totals') return;
    regions.rows.stats.add(resolved.region, batch, resolved, columns);
    tasks.threads.stats.add(resolved.thread, batch, resolved, columns);
    tasks.processes.stats.add(columns.process, batch, resolved, columns);
    this.sites?.add(batch, resolved, columns);
    if (depth === 'rows') return;
    regions.heat.add(batch, resolved, columns);
    this.pairs.add(batch.faults, resolved.region, resolved.thread, resolved.keep);
  }

  /**
   * Faults that were counted when less was known of them, in rows without heat, count as what they are. They are of
   * ticks that are over: the rates of this one know nothing of it.
   */
  move(batch: Batch, before: CountedAs, resolved: Resolved, columns: FaultColumns): void {
    const sampled = isSampled(batch);
    this.remove(batch, before.counted, before.columns);
    if (sampled) this.more(batch, before.counted, before.columns, { sign: -1, past: true });
    this.enter(batch, resolved, columns);
    if (sampled) this.more(batch, resolved, columns, { sign: 1, past: true });
    const { regions, tasks, depth } = this;
    this.total.past(batch, resolved);
    if (depth === 'totals') return;
    regions.rows.stats.past(resolved.region, batch, resolved);
    tasks.threads.stats.past(resolved.thread, batch, resolved);
    tasks.processes.stats.past(columns.process, batch, resolved);
    this.sites?.past(batch, resolved);
  }

  private remove(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    const { regions, tasks, depth } = this;
    this.total.remove(batch, resolved, columns);
    if (depth === 'totals') return;
    regions.rows.stats.remove(resolved.region, batch, resolved, columns);
    tasks.threads.stats.remove(resolved.thread, batch, resolved, columns);
    tasks.processes.stats.remove(columns.process, batch, resolved, columns);
    this.sites?.remove(batch, resolved, columns);
    if (depth === 'rows') return;
    this.pairs.add(batch.faults, resolved.region, resolved.thread, resolved.keep, -1);
  }

  /**
   * Minor faults of which nothing is known but whose they are; below 0 as many were counted too much. They are counted
   * behind those of the batch that is under way.
   */
  count(thread: number, process: number, faults: number, time: number): void {
    if (!this.filtered) this.left.push(thread, process, faults, time);
  }

  /** COW among them in the share that those of the process have which were captured, or those of all. */
  private countLeft(): void {
    const { left } = this;
    for (let k = 0; k < left.length; k += 4) {
      const process = left[k + 1]!;
      const faults = left[k + 2]!;
      const ofProcess = this.depth === 'totals' ? NaN : copyShare(this.inProcess, process);
      const share = Number.isNaN(ofProcess) ? copyShare(this.inAll, 0) || 0 : ofProcess;
      const copies = faults * share + this.part;
      // Whole ones; the rest goes to who comes next.
      const whole = Math.floor(copies);
      this.part = copies - whole;
      this.countAs(FaultClass.MINOR, k, faults - whole);
      this.countAs(FaultClass.COW, k, whole);
    }
    left.length = 0;
  }

  /** Of those of `left` at k, n of a class. */
  private countAs(faultClass: number, k: number, n: number): void {
    const { left, total, tasks, depth } = this;
    const time = left[k + 3]!;
    total.count(faultClass, n, time);
    if (depth === 'totals') return;
    tasks.threads.stats.count(left[k]!, faultClass, n, time);
    tasks.processes.stats.count(left[k + 1]!, faultClass, n, time);
  }

  /** Adds `ns` (or takes it, where negative) to the time stalled of these rows and of the whole. */
  stall(region: number, thread: number, process: number, ns: number, time: number): void {
    this.total.stall(ns);
    if (this.depth === 'totals') return;
    this.regions.rows.stats.stall(region, ns, time);
    this.tasks.threads.stats.stall(thread, ns, time);
    this.tasks.processes.stats.stall(process, ns, time);
  }

  /** Of what has been counted, `ns` passed in a tick that is over: it is no part of the next one. */
  late(region: number, thread: number, process: number, ns: number): void {
    this.total.late(ns);
    if (this.depth === 'totals') return;
    this.regions.rows.stats.late(region, ns);
    this.tasks.threads.stats.late(thread, ns);
    this.tasks.processes.stats.late(process, ns);
  }

  /** `elapsed`: ns since the last tick; `accounted`: the same of the time up to which stalls are counted. */
  tick(elapsed: number, accounted: number, now: number): void {
    this.total.tick(elapsed, accounted);
    for (const table of this.tables) table.tick(elapsed, accounted);
    this.overTime?.tick(now);
  }

  zero(): void {
    this.total.zero();
    for (const table of this.tables) table.zero();
    this.sites?.zeroPairs();
    for (let row = 0; row < this.regions.rows.stats.limit; row++) this.regions.heat.clear(row);
    this.pairs.clear();
    this.overTime?.zero();
  }

  /**
   * Folds rows of what is gone: the `settled` ones, and others where a table is above its cap (or was
   * full before); between batches only. `isLive` tells which regions are still mapped, `moved` is told where
   * the counts of each slot are now.
   */
  fold(
    isLive: (region: number) => boolean,
    settled: Settled | null,
    moved: (regions: Int32Array, threads: Int32Array, processes: Int32Array) => void,
  ): void {
    const { threads, processes } = this.tasks;
    const isSettled = ({ pid }: { readonly pid: number }): boolean =>
      settled?.pids.has(pid) === true;
    // A stack stays mapped for the next thread, and is that one's region then: this one's has ended.
    const isOver = (region: RegionInfo): boolean =>
      isSettled(region) || (settled !== null && this.tasks.hasLeft(stackOwner(region.label)));
    const regionsTo = this.regions.fold(isLive, isOver);
    const threadsTo = threads.fold(
      (slot) => threads.info(slot)!.alive,
      (info) => isSettled(info) || settled?.tids.has(info.tid) === true,
      () => undefined,
    );
    const processesTo = processes.fold(
      (slot) => processes.info(slot)!.alive,
      isSettled,
      () => undefined,
    );
    if (anyMoved(regionsTo) || anyMoved(threadsTo)) this.pairs.remap(regionsTo, threadsTo);
    if (anyMoved(regionsTo)) this.sites?.followRows('regions', regionsTo);
    if (anyMoved(threadsTo)) this.sites?.followRows('threads', threadsTo);
    if (anyMoved(processesTo)) this.sites?.followRows('processes', processesTo);
    moved(regionsTo, threadsTo, processesTo);
  }
}

/** Some of its faults stand for others. */
function isSampled({ faults, weight, counted }: Batch): boolean {
  for (let i = 0; i < faults; i++) if (weight[i] !== 1 || counted[i] !== 1) return true;
  return false;
}

/** Causes of faults that are neither COW nor MINOR. */
const NEITHER: ReadonlySet<number> = new Set([Cause.FILE_READ, Cause.SWAP_IN, Cause.UNRESOLVED]);

/** Of the captured MINOR and COW faults of a row the share of COW; NaN where there are none. */
function copyShare(get: (row: number, cell: number) => number, row: number): number {
  let all = 0;
  for (let cause = 0; cause < CAUSE_COUNT; cause++) {
    if (!NEITHER.has(cause)) all += get(row, Cell.byCause + cause);
  }
  const copies = get(row, Cell.byCause + Cause.COW_ANON) + get(row, Cell.byCause + Cause.COW_FILE);
  return all === 0 ? NaN : copies / all;
}

/** A row with counts that went elsewhere; a slot that was free before has no pairs. */
function anyMoved(where: Int32Array): boolean {
  return where.some((to, slot) => to !== slot && to !== GONE);
}
