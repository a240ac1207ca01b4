import type { Batch } from './batch';
import { CAUSE_COUNT, CLASS_COUNT } from './classes';
import type { FaultColumns } from './fault-columns';
import { Histogram } from './histogram';
import type { Resolved } from './resolved';
import { HISTORY_TICKS } from './snapshot';

/** The sum of all counted faults. Latencies per class, because that is how they are reported. */
export class Totals {
  readonly byClass = new Float64Array(CLASS_COUNT);
  readonly byCause = new Float64Array(CAUSE_COUNT);
  readonly latency = Array.from({ length: CLASS_COUNT }, () => new Histogram());
  unique = 0;
  lastTime = 0;
  rate = 0;
  private ticked = 0;
  private recent: number[] = [];

  get faults(): number {
    return this.byClass.reduce((a, b) => a + b, 0);
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

  add(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    const { byClass, byCause, latency } = this;
    const { keep, faultClass, cause } = resolved;
    const { fresh, bucket } = columns;
    let unique = 0;
    let last = -1;
    for (let i = 0; i < batch.faults; i++) {
      if (keep[i] === 0) continue;
      last = i;
      const c = faultClass[i]!;
      byClass[c]!++;
      byCause[cause[i]!]!++;
      unique += fresh[i]!;
      const ns = batch.latency[i]!;
      if (ns >= 0) latency[c]!.record(ns, bucket[i]!);
    }
    this.unique += unique;
    if (last >= 0) this.lastTime = Math.max(this.lastTime, batch.time[last]!);
  }

  tick(elapsed: number): void {
    const { faults } = this;
    const delta = faults - this.ticked;
    this.ticked = faults;
    this.rate = elapsed > 0 ? (delta * 1e9) / elapsed : 0;
    this.recent = [...this.recent, delta].slice(-HISTORY_TICKS);
  }

  zero(): void {
    this.byClass.fill(0);
    this.byCause.fill(0);
    for (const histogram of this.latency) histogram.clear();
    this.unique = 0;
    this.ticked = 0;
  }
}
