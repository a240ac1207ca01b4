import { How } from './batch';
import type { Batch } from './batch';
import type { Counters } from './counters';
import type { FaultColumns } from './fault-columns';
import type { FaultLoop } from './fault-loop';
import { Waits } from './open-faults';
import type { OpenFaults } from './open-faults';
import type { Resolved } from './resolved';
import type { Tasks } from './tasks';

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
  /** ns from before the counters were zeroed. */
  before: number;
  /** /proc has shown its thread blocked in it. */
  seen: boolean;
  /** Slots; -1 before anything is counted. */
  region: number;
  thread: number;
  process: number;
}

/** A byte for some of the bits of a tid: most faults are no one's who waits. */
const MARKS = 4096;

/**
 * Counts the time that threads spend in faults while they spend it: at each tick the wait of every open fault
 * since the last one, and when it ends only what is left of its latency. One thread is in one user-mode
 * fault at a time, so that what is counted of it in an interval is never more than the interval.
 */
export class InFlight {
  private readonly waits = new Map<number, Wait>();
  private readonly marks = new Uint8Array(MARKS);

  constructor(
    private readonly tasks: Tasks,
    private readonly loop: FaultLoop,
    private readonly counters: Counters,
    private readonly columns: FaultColumns,
  ) {}

  /**
   * Counts the waits of open faults up to `asOf`. `zeroing`: what has passed belongs to the time before
   * counters that begin anew, and is left out of them.
   */
  advance(open: OpenFaults, asOf: number, zeroing = false): void {
    const gone = new Set(this.waits.keys());
    for (let i = 0; i < open.count; i++) {
      if (open.entered[i]! >= asOf) continue;
      gone.delete(open.tid[i]!);
      const wait = this.waitOf(open, i);
      const ns = asOf - wait.until;
      if (ns <= 0) continue;
      wait.until = asOf;
      if (!zeroing && open.waits[i] !== Waits.UNKNOWN) {
        wait.seen ||= open.waits[i] === Waits.BLOCKED;
        if (wait.region < 0 || wait.thread < 0 || wait.process < 0) this.place(wait);
        wait.counted += ns;
        this.counters.stall(wait.region, wait.thread, wait.process, ns, asOf);
      }
    }
    // Open no more, and nothing was told of their end: those records were lost.
    if (!open.behind) for (const tid of gone) this.waits.delete(tid);
    if (zeroing) for (const wait of this.waits.values()) leaveOut(wait, asOf);
    this.mark();
  }

  private waitOf(open: OpenFaults, i: number): Wait {
    const tid = open.tid[i]!;
    const pid = open.pid[i]!;
    const page = open.page(i);
    const entered = open.entered[i]!;
    const known = this.waits.get(tid);
    if (known?.pid === pid && known.page === page && entered <= known.until) return known;
    const nowhere = { region: -1, thread: -1, process: -1 };
    const counts = { until: entered, counted: 0, before: 0, seen: false };
    const wait = { pid, tid, page, entered, ...counts, ...nowhere };
    this.waits.set(tid, wait);
    return wait;
  }

  /** Finds the rows, without counting a fault in them. */
  private place(wait: Wait): void {
    const thread = this.tasks.thread(wait.pid, wait.tid);
    wait.region = this.loop.regionOf(thread.process, wait.page);
    wait.thread = thread.row;
    wait.process = thread.process.row;
  }

  private mark(): void {
    this.marks.fill(0);
    for (const tid of this.waits.keys()) this.marks[tid % MARKS] = 1;
  }

  /** Takes from the faults of a batch, which are counted with their whole latency, what was counted before. */
  settle(batch: Batch, resolved: Resolved): void {
    if (this.waits.size === 0) return;
    const { marks } = this;
    const { tid, faults } = batch;
    for (let i = 0; i < faults; i++) {
      if (marks[tid[i]! % MARKS] === 0) continue;
      const wait = this.waits.get(tid[i]!);
      if (wait === undefined || wait.pid !== batch.pid[i]) continue;
      const time = batch.time[i]!;
      // Ended before the wait was seen: it comes late out of a full mailbox.
      if (time <= wait.entered) continue;
      this.waits.delete(tid[i]!);
      this.end(wait, batch, resolved, i);
    }
  }

  private end(wait: Wait, batch: Batch, resolved: Resolved, i: number): void {
    const latency = batch.latency[i]!;
    if (resolved.keep[i] === 0) {
      this.takeBack(wait);
    } else if (batch.page(i) !== wait.page) {
      // Another fault: the end of this one was lost.
    } else if (latency >= 0) {
      this.takeBack(wait);
      const { process } = this.columns;
      const ns = -Math.min(wait.before, latency);
      this.counters.stall(resolved.region[i]!, resolved.thread[i]!, process[i]!, ns, 0);
    } else if ((batch.how[i]! & How.COMPLETION) === How.NONE && !wait.seen) {
      this.takeBack(wait);
    }
    // What is left stays: the thread has waited as long as that, though no latency says so.
  }

  private takeBack({ region, thread, process, counted }: Wait): void {
    if (counted > 0) this.counters.stall(region, thread, process, -counted, 0);
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

/** The counters begin anew at `time`. */
function leaveOut(wait: Wait, time: number): void {
  wait.before = time - wait.entered;
  wait.counted = 0;
}
