import type { Batch } from '../wire/batch';
import { Cause, CAUSE_COUNT, CLASS_COUNT, FaultClass } from '../classify/classes';
import type { FaultColumns } from '../wire/fault-columns';
import { Cell, faultsAt, readCells, shiftTicked, STRIDE, tickCells } from './cells';
import type { CountedRow, Ticked } from './cells';
import { BUCKETS, Histogram, quantiles } from './histogram';
import type { More } from './more';
import type { Resolved } from '../wire/resolved';
import { HISTORY_TICKS } from './history';

/** The sum of all counted faults. Latencies per class, because that is how they are reported. */
export class Totals {
  private readonly cells = new Float64Array(STRIDE);
  /** Faults by cause on pages that were not fresh. */
  private readonly again = new Float64Array(CAUSE_COUNT);
  readonly latency = Array.from({ length: CLASS_COUNT }, () => new Histogram());
  /** Latencies by cause and bucket. */
  private readonly byCause = new Float64Array(CAUSE_COUNT * BUCKETS);
  private recent: number[] = [];
  private readonly ticked: Ticked = { faults: 0, differs: false, rests: false };

  get faults(): number {
    return faultsAt(this.cells, 0);
  }

  /** Faults that ended in a signal. */
  get errors(): number {
    return this.cells[Cell.byClass + FaultClass.ERROR]!;
  }

  /** The number at `cell`: one of Cell, or that and an index where it has several. */
  get(cell: number): number {
    return this.cells[cell]!;
  }

  /** Fills in what a snapshot shows. */
  read(into: CountedRow): void {
    readCells(this.cells, 0, into);
  }

  /** Adds to the time stalled beside the latencies of faults; takes from it where `ns` is negative. */
  stall(ns: number): void {
    this.cells[Cell.stallNs]! += ns;
  }

  /** Faults that read a page of a file which had been there before; all, where pages are not told apart. */
  get rereads(): number {
    return this.again[Cause.FILE_READ]!;
  }

  /** See Counters.late. */
  late(ns: number): void {
    this.cells[Cell.tickedStallNs]! += ns;
  }

  /** Faults per tick, oldest first. */
  get history(): readonly number[] {
    return this.recent;
  }

  /** Of a cause: what half and what 99 % of its faults took no longer than, ns; NaN where none was measured. */
  percentilesOf(cause: number): { readonly p50Ns: number; readonly p99Ns: number } {
    const { byCause, cells } = this;
    const from = cause * BUCKETS;
    let count = 0;
    for (let k = from; k < from + BUCKETS; k++) count += byCause[k]!;
    const counts = byCause.subarray(from, from + BUCKETS);
    const [p50Ns, p99Ns] = quantiles(counts, 0, BUCKETS, count, cells[Cell.maxNs]!, [0.5, 0.99]);
    return { p50Ns: p50Ns!, p99Ns: p99Ns! };
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
    const { cells, again, latency, byCause: buckets } = this;
    const { byCause, causeNs, uniquePages, undecided, stallNs, maxNs, lastTime, timed } = Cell;
    const { keep, faultClass, cause } = resolved;
    const { fresh, bucket, mapping } = columns;
    const { faults, time } = batch;
    const elapsed = batch.latency;
    for (let i = 0; i < faults; i++) {
      if (keep[i] === 0) continue;
      const c = faultClass[i]!;
      const ns = elapsed[i]!;
      cells[c]!++;
      cells[byCause + cause[i]!]!++;
      cells[uniquePages]! += fresh[i]!;
      cells[undecided]! += mapping[i]! >>> 1;
      again[cause[i]!]! += 1 - fresh[i]!;
      if (time[i]! > cells[lastTime]!) cells[lastTime] = time[i]!;
      if (ns < 0) continue;
      cells[causeNs + cause[i]!]! += ns;
      cells[timed]!++;
      cells[stallNs]! += ns;
      if (ns > cells[maxNs]!) cells[maxNs] = ns;
      latency[c]!.record(ns, bucket[i]!);
      buckets[cause[i]! * BUCKETS + bucket[i]!]!++;
    }
  }

  /** See StatTable.remove. */
  remove(batch: Batch, { faultClass, cause }: Resolved, columns: FaultColumns): void {
    const { cells, again, latency, byCause } = this;
    const { fresh, bucket, mapping } = columns;
    for (let i = 0; i < batch.faults; i++) {
      cells[faultClass[i]!]!--;
      cells[Cell.byCause + cause[i]!]!--;
      cells[Cell.uniquePages]! -= fresh[i]!;
      cells[Cell.undecided]! -= mapping[i]! >>> 1;
      again[cause[i]!]! -= 1 - fresh[i]!;
      const ns = batch.latency[i]!;
      shiftTicked(cells, 0, faultClass[i]!, ns, -1);
      if (ns < 0) continue;
      cells[Cell.causeNs + cause[i]!]! -= ns;
      cells[Cell.timed]!--;
      cells[Cell.stallNs]! -= ns;
      latency[faultClass[i]!]!.forget(ns, bucket[i]!);
      byCause[cause[i]! * BUCKETS + bucket[i]!]!--;
    }
  }

  /** See StatTable.past. */
  past({ faults, latency }: Batch, { faultClass }: Resolved): void {
    for (let i = 0; i < faults; i++) {
      shiftTicked(this.cells, 0, faultClass[i]!, latency[i]!, 1);
    }
  }

  /** See StatTable.count. */
  count(faultClass: number, n: number, time: number): void {
    this.cells[faultClass]! += n;
    this.cells[Cell.uniquePages] = NaN;
    this.cells[Cell.lastTime] = Math.max(this.cells[Cell.lastTime]!, time);
  }

  /** See StatTable.more: `as` is what the threads have counted. */
  more(
    batch: Batch,
    { faultClass, cause, keep }: Resolved,
    { bucket, mapping }: FaultColumns,
    { sign, past }: More,
  ): void {
    const { cells, latency } = this;
    for (let i = 0; i < batch.faults; i++) {
      const n = (batch.counted[i]! - 1) * sign;
      const w = (batch.weight[i]! - 1) * sign;
      if (keep[i] === 0 || (n === 0 && w === 0)) continue;
      const c = faultClass[i]!;
      const ns = Math.max(0, batch.latency[i]!);
      cells[c]! += n;
      cells[Cell.byCause + cause[i]!]! += w;
      cells[Cell.undecided]! += (mapping[i]! >>> 1) * n;
      cells[Cell.uniquePages] = NaN;
      this.again[cause[i]!] = NaN;
      if (past) {
        cells[Cell.tickedByClass + c]! += n;
        cells[Cell.tickedStallNs]! += ns * w;
      }
      if (batch.latency[i]! < 0) continue;
      cells[Cell.timed]! += w;
      cells[Cell.stallNs]! += ns * w;
      cells[Cell.causeNs + cause[i]!]! += ns * w;
      latency[c]!.more(ns, bucket[i]!, w);
      this.byCause[cause[i]! * BUCKETS + bucket[i]!]! += w;
    }
  }

  /** See Counters.tick. */
  tick(elapsed: number, accounted: number): void {
    const { ticked } = this;
    tickCells(this.cells, 0, elapsed, accounted, ticked);
    this.recent = [...this.recent, ticked.faults].slice(-HISTORY_TICKS);
  }

  zero(): void {
    this.cells.fill(0);
    this.again.fill(0);
    this.byCause.fill(0);
    for (const histogram of this.latency) histogram.clear();
    this.recent = [];
  }
}
