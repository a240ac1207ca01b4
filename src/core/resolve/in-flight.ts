import { FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { Counters } from './counters';
import type { FaultColumns } from '../wire/fault-columns';
import type { FaultLoop } from './fault-loop';
import { Waits } from '../wire/pending-faults';
import type { PendingFaults } from '../wire/pending-faults';
import type { Resolved } from '../wire/resolved';
import type { Tasks } from '../tasks/tasks';

/** A fault that has not ended, and what has been counted of its wait. */
interface Wait {
  readonly pid: number;
  readonly tid: number;
  readonly page: number;
  readonly entered: number;
  /** Its wait has been counted, or left out, up to this time (ns since the session's start). */
  until: number;
  /** ns in the rows below. */
  counted: number;
  /** /proc has shown its thread blocked in it. */
  seen: boolean;
  /** Slots; -1 before anything is counted. */
  region: number;
  thread: number;
  process: number;
}

/** A byte for some of the bits of a tid: most faults are those of threads that did not wait. */
const MARKS = 4096;

/**
 * Counts the time that threads spend in faults while they spend it: at each tick the wait of every open fault
 * since the last one, and when it ends only what is left of its latency. A thread is in one user-mode fault
 * at a time, so that what is counted of it in an interval is never more than the interval.
 */
export class InFlight {
  private readonly waits = new Map<number, Wait>();
  private readonly marks = new Uint8Array(MARKS);
  /** Up to which time stalls have been counted, and from which: ns since the session's start. */
  private accounted: number;
  private since: number;

  constructor(
    private readonly tasks: Tasks,
    private readonly loop: FaultLoop,
    private readonly counters: Counters,
    private readonly columns: FaultColumns,
    startedAt: number,
  ) {
    this.accounted = startedAt;
    this.since = startedAt;
  }

  get accountedUntil(): number {
    return this.accounted;
  }

  /** Counts the waits of open faults up to `asOf`, null where what they wait is not to be counted. */
  advance(open: PendingFaults | null, asOf: number): void {
    const before = this.accounted;
    this.accounted = asOf;
    if (open === null) return;
    const gone = new Set(this.waits.keys());
    for (let i = 0; i < open.count; i++) {
      if (open.entered[i]! >= asOf) continue;
      gone.delete(open.tid[i]!);
      const wait = this.waitOf(open, i);
      const ns = asOf - wait.until;
      // What is found at the next look is of all the time since.
      if (ns <= 0 || open.waits[i] === Waits.UNSEEN) continue;
      const counts = open.waits[i] !== Waits.UNKNOWN;
      // Whose time it is will be known at the next tick, which then counts both intervals.
      if (counts && !this.place(wait)) continue;
      const late = before - wait.until;
      wait.until = asOf;
      if (!counts) continue;
      wait.seen ||= open.waits[i] === Waits.BLOCKED;
      wait.counted += ns;
      this.counters.stall(wait.region, wait.thread, wait.process, ns, asOf);
      if (late > 0) this.counters.late(wait.region, wait.thread, wait.process, late);
    }
    // Open no more, and nothing was told of their end: those records were lost.
    if (!open.behind) for (const tid of gone) this.waits.delete(tid);
    this.marks.fill(0);
    for (const tid of this.waits.keys()) this.marks[tid % MARKS] = 1;
  }

  /** The counters have begun anew: what passed before `time` does not belong in them. */
  zero(time: number): void {
    this.accounted = time;
    this.since = time;
    for (const wait of this.waits.values()) {
      wait.counted = 0;
      wait.until = Math.max(wait.until, time);
    }
  }

  private waitOf(open: PendingFaults, i: number): Wait {
    const tid = open.tid[i]!;
    const pid = open.pid[i]!;
    const page = open.page(i);
    const entered = open.entered[i]!;
    const known = this.waits.get(tid);
    if (known?.pid === pid && known.page === page && entered <= known.until) return known;
    const until = Math.max(entered, this.since);
    const counts = { until, counted: 0, seen: false, region: -1, thread: -1, process: -1 };
    const wait = { pid, tid, page, entered, ...counts };
    this.waits.set(tid, wait);
    return wait;
  }

  /** Finds the rows, without counting a fault in them. False while an answer is on its way. */
  private place(wait: Wait): boolean {
    if (wait.region >= 0 && wait.thread >= 0 && wait.process >= 0) return true;
    const thread = this.tasks.thread(wait.pid, wait.tid);
    if (thread === null) return false;
    const region = this.loop.regionOf(thread.process, wait.page);
    if (region < 0) return false;
    wait.region = region;
    wait.thread = thread.row;
    wait.process = thread.process.row;
    return true;
  }

  /**
   * Takes from the faults of a batch, which are counted with their whole latency, what was counted before
   * and what does not belong in these counters.
   */
  settle(batch: Batch, resolved: Resolved): void {
    const { marks, accounted, waits } = this;
    // Nothing was counted of any fault before its end.
    if (accounted === 0 && waits.size === 0) return;
    const { tid, time, latency, faults } = batch;
    for (let i = 0; i < faults; i++) {
      const marked = marks[tid[i]! % MARKS]! !== 0;
      if (!marked && time[i]! - latency[i]! >= accounted) continue;
      let wait = marked ? waits.get(tid[i]!) : undefined;
      // One that ended before the wait was seen comes late out of a full mailbox.
      if (wait?.pid !== batch.pid[i] || time[i]! <= wait!.entered) wait = undefined;
      if (wait !== undefined) waits.delete(wait.tid);
      const counted = wait === undefined ? 0 : this.end(wait, batch, resolved, i);
      if (latency[i]! >= 0 && resolved.keep[i] !== 0) this.adjust(batch, resolved, i, counted);
    }
  }

  /** The wait has ended with fault i. Returns the ns that were counted of that fault before. */
  private end(wait: Wait, batch: Batch, resolved: Resolved, i: number): number {
    const { region, thread, process, counted } = wait;
    // Another fault: the end of the one that was waited for is lost. The thread has waited all the same.
    if (batch.page(i) !== wait.page) return 0;
    const failed = (batch.flags[i]! & FaultFlag.COMPLETION) === FaultFlag.NONE;
    const kept = resolved.keep[i] !== 0;
    // Where no latency says how long it was, what was seen stays.
    if (kept && batch.latency[i]! < 0 && (wait.seen || !failed)) return 0;
    if (counted > 0) this.counters.stall(region, thread, process, -counted, 0);
    return counted;
  }

  /** What of a latency lies before these counters, or in a tick that is over without having counted it. */
  private adjust(batch: Batch, resolved: Resolved, i: number, counted: number): void {
    const time = batch.time[i]!;
    const latency = batch.latency[i]!;
    const before = Math.min(latency, Math.max(0, this.since - (time - latency)));
    const past = Math.min(time, this.accounted) - (time - latency);
    const late = Math.max(0, past - before - counted);
    const { counters, columns } = this;
    const region = resolved.region[i]!;
    const thread = resolved.thread[i]!;
    const process = columns.process[i]!;
    if (before > 0) counters.stall(region, thread, process, -before, 0);
    if (late > 0) counters.late(region, thread, process, late);
  }

  /** Rows were folded: where the counts of each are now. */
  remap(regions: Int32Array, threads: Int32Array, processes: Int32Array): void {
    for (const wait of this.waits.values()) {
      wait.region = regions[wait.region] ?? -1;
      wait.thread = threads[wait.thread] ?? -1;
      wait.process = processes[wait.process] ?? -1;
    }
  }
}
