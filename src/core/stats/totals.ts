import type { Batch } from '../wire/batch';
import { Cause, CAUSE_COUNT, CLASS_COUNT } from '../classify/classes';
import type { FaultColumns } from '../wire/fault-columns';
import { Histogram } from './histogram';
import type { Resolved } from '../wire/resolved';
import { HISTORY_TICKS } from './history';

const Sum = { UNIQUE: 0, LAST_TIME: 1, STALL: 2 } as const;

/** The sum of all counted faults. Latencies per class, because that is how they are reported. */
export class Totals {
  readonly byClass = new Float64Array(CLASS_COUNT);
  readonly byCause = new Float64Array(CAUSE_COUNT);
  /** Latencies by cause, ns. */
  readonly causeNs = new Float64Array(CAUSE_COUNT);
  /** Faults by cause on pages that were not fresh. */
  private readonly again = new Float64Array(CAUSE_COUNT);
  readonly latency = Array.from({ length: CLASS_COUNT }, () => new Histogram());
  private readonly sums = new Float64Array(3);
  /** Faults per second, and threads that stood in faults on average, over the last tick. */
  rate = 0;
  stalled = 0;
  private ticked = 0;
  private tickedStall = 0;
  private recent: number[] = [];

  get faults(): number {
    return this.byClass.reduce((a, b) => a + b, 0);
  }

  get unique(): number {
    return this.sums[Sum.UNIQUE]!;
  }

  /** ns: the latencies of all faults, and what faults in flight have waited so far. */
  get stallNs(): number {
    return this.latency.reduce((ns, { totalNs }) => ns + totalNs, this.sums[Sum.STALL]!);
  }

  /** Adds to the time stalled beside the latencies of faults; takes from it where `ns` is negative. */
  stall(ns: number): void {
    this.sums[Sum.STALL]! += ns;
  }

  /** Faults that read a page of a file which had been there before; all, where pages are not told apart. */
  get rereads(): number {
    return this.again[Cause.FILE_READ]!;
  }

  /** See Counters.late. */
  late(ns: number): void {
    this.tickedStall += ns;
  }

  /** ns since the session's start. */
  get lastTime(): number {
    return this.sums[Sum.LAST_TIME]!;
  }

  /** Faults per tick, oldest first. */
  get history(): readonly number[] {
    return this.recent;
  }

  /** All classes in one histogram. */
  allLatencies(): Histogram {
    const all = new Histogram();
    for (const histogram of this.latency) all.merge(histogram);
    return all;
  }

  /**
   * Nothing but typed arrays, and nothing behind the loop: V8 leaves optimised code where a field has
   * changed its representation, or where it comes to code that had not run when it was compiled.
   */
  add(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    const { byClass, byCause, causeNs, again, latency, sums } = this;
    const { keep, faultClass, cause } = resolved;
    const { fresh, bucket } = columns;
    const { faults, time } = batch;
    const elapsed = batch.latency;
    for (let i = 0; i < faults; i++) {
      if (keep[i] === 0) continue;
      const c = faultClass[i]!;
      byClass[c]!++;
      byCause[cause[i]!]!++;
      sums[Sum.UNIQUE]! += fresh[i]!;
      again[cause[i]!]! += 1 - fresh[i]!;
      if (time[i]! > sums[Sum.LAST_TIME]!) sums[Sum.LAST_TIME] = time[i]!;
      if (elapsed[i]! >= 0) {
        causeNs[cause[i]!]! += elapsed[i]!;
        latency[c]!.record(elapsed[i]!, bucket[i]!);
      }
    }
  }

  /** See Counters.tick. */
  tick(elapsed: number, accounted: number): void {
    const { faults, stallNs } = this;
    if (accounted > 0) {
      this.stalled = Math.max(0, stallNs - this.tickedStall) / accounted;
      this.tickedStall = stallNs;
    } else if (elapsed === 0) this.stalled = 0;
    const delta = faults - this.ticked;
    this.ticked = faults;
    this.rate = elapsed > 0 ? (delta * 1e9) / elapsed : 0;
    this.recent = [...this.recent, delta].slice(-HISTORY_TICKS);
  }

  zero(): void {
    this.byClass.fill(0);
    this.byCause.fill(0);
    this.causeNs.fill(0);
    for (const histogram of this.latency) histogram.clear();
    this.sums.fill(0);
    this.again.fill(0);
    this.ticked = 0;
    this.tickedStall = 0;
    this.rate = 0;
    this.stalled = 0;
    this.recent = [];
  }
}
