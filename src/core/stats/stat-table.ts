import type { Batch } from '../wire/batch';
import { CAUSE_COUNT, CLASS_COUNT } from '../classify/classes';
import type { FaultColumns } from '../wire/fault-columns';
import { grownF64 } from './grow';
import type { Resolved } from '../wire/resolved';
import { RowActivity } from './row-activity';
import {
  RowHistograms,
  SEGMENTS,
  STAT_BLOCK_LOG2,
  STAT_BLOCK_WORDS,
  U32_MAX,
} from './row-histograms';
import type { SlabPool } from './slab-pool';

/** Cells of a row, side by side so that a fault touches few cache lines. */
const Cell = {
  CLASS: 0,
  CAUSE: CLASS_COUNT,
  /** Latencies by cause, ns. */
  CAUSE_NS: CLASS_COUNT + CAUSE_COUNT,
  UNIQUE: CLASS_COUNT + 2 * CAUSE_COUNT,
  STALL: CLASS_COUNT + 2 * CAUSE_COUNT + 1,
  MAX: CLASS_COUNT + 2 * CAUSE_COUNT + 2,
  LAST: CLASS_COUNT + 2 * CAUSE_COUNT + 3,
  /** Faults with a latency: what the histogram holds. */
  TIMED: CLASS_COUNT + 2 * CAUSE_COUNT + 4,
  /** Faults, and time stalled, at the last tick. */
  TICKED: CLASS_COUNT + 2 * CAUSE_COUNT + 5,
  TICKED_STALL: CLASS_COUNT + 2 * CAUSE_COUNT + 6,
  RATE: CLASS_COUNT + 2 * CAUSE_COUNT + 7,
  STALLED: CLASS_COUNT + 2 * CAUSE_COUNT + 8,
  /** The percentiles last asked for, and the TIMED they belong to: most rows rest between snapshots. */
  P_TIMED: CLASS_COUNT + 2 * CAUSE_COUNT + 9,
  P50: CLASS_COUNT + 2 * CAUSE_COUNT + 10,
  P90: CLASS_COUNT + 2 * CAUSE_COUNT + 11,
  P99: CLASS_COUNT + 2 * CAUSE_COUNT + 12,
} as const;
const STRIDE = CLASS_COUNT + 2 * CAUSE_COUNT + 13;
const PERCENTILES = [0.5, 0.9, 0.99] as const;

/**
 * Counters of many rows as columns: one class for regions, threads and processes. Rows are
 * numbered slots; freed slots are reused, ids are not. Histograms and histories exist only where
 * something was counted, so that ten thousand quiet rows cost little.
 */
export class StatTable {
  private cells: Float64Array;
  private ids: Float64Array;
  private readonly histograms: RowHistograms;
  private readonly activity: RowActivity;
  private readonly freeRows: number[] = [];
  private capacity: number;
  private top = 0;
  private nextId = 1;

  constructor(
    private readonly pool: SlabPool,
    capacity = 64,
  ) {
    this.capacity = capacity;
    this.cells = new Float64Array(capacity * STRIDE);
    this.ids = new Float64Array(capacity);
    this.histograms = new RowHistograms(pool, capacity);
    this.activity = new RowActivity(pool, capacity);
  }

  /** Some percentiles rest on part of the faults. */
  get incomplete(): boolean {
    return this.histograms.incomplete;
  }

  /** Rows in use. */
  get size(): number {
    return this.top - this.freeRows.length;
  }

  /** All slots in use lie below; some below may be free (id 0). */
  get limit(): number {
    return this.top;
  }

  alloc(): number {
    let row = this.freeRows.pop();
    if (row === undefined) {
      if (this.top === this.capacity) this.grow();
      row = this.top++;
    }
    this.ids[row] = this.nextId++;
    return row;
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    this.cells = grownF64(this.cells, capacity * STRIDE);
    this.ids = grownF64(this.ids, capacity);
    this.histograms.grow(capacity);
    this.activity.grow(capacity);
    this.capacity = capacity;
  }

  release(row: number): void {
    this.activity.rest(row);
    this.clearRow(row);
    this.ids[row] = 0;
    this.freeRows.push(row);
  }

  /** 0 for a free slot. */
  id(row: number): number {
    return this.ids[row]!;
  }

  /** The row with an id, looked for among all; -1 where it is gone. */
  slotOf(id: number): number {
    return id > 0 ? this.ids.subarray(0, this.top).indexOf(id) : -1;
  }

  /** Counts the kept faults of a batch, each in the row that `rows` names. */
  add(
    rows: Uint32Array,
    batch: Batch,
    resolved: Resolved,
    columns: Pick<FaultColumns, 'fresh' | 'bucket'>,
  ): void {
    // In locals: the fields could change under a call, the arrays themselves do not within a batch.
    const { cells } = this;
    const { position, quiet } = this.activity;
    const { segments } = this.histograms;
    const { counters } = this.pool;
    const { latency, time } = batch;
    const { faultClass, cause, keep } = resolved;
    const { fresh, bucket } = columns;
    const faults = batch.faults;
    let i = 0;
    while (i < faults) {
      // Faults come in runs of one row: what is summed stays in registers until the run ends.
      const row = rows[i]!;
      const at = row * STRIDE;
      let last = -1;
      let unique = 0;
      let timed = 0;
      let stall = 0;
      let max = cells[at + Cell.MAX]!;
      for (; i < faults && rows[i] === row; i++) {
        if (keep[i] === 0) continue;
        last = i;
        cells[at + faultClass[i]!]!++;
        cells[at + Cell.CAUSE + cause[i]!]!++;
        unique += fresh[i]!;
        const ns = latency[i]!;
        if (ns < 0) continue;
        timed++;
        stall += ns;
        cells[at + Cell.CAUSE_NS + cause[i]!]! += ns;
        if (ns > max) max = ns;
        const b = bucket[i]!;
        const histogram = (row * CLASS_COUNT + faultClass[i]!) * SEGMENTS;
        const block = segments[histogram + (b >>> STAT_BLOCK_LOG2)]!;
        if (block < 0) {
          this.histograms.count(row, faultClass[i]!, b, 1);
          continue;
        }
        const word = block * STAT_BLOCK_WORDS + (b & (STAT_BLOCK_WORDS - 1));
        // A counter that wraps would turn the most frequent latency into the rarest.
        if (counters[word]! < U32_MAX) counters[word]!++;
      }
      if (last < 0) continue;
      cells[at + Cell.UNIQUE]! += unique;
      cells[at + Cell.TIMED]! += timed;
      cells[at + Cell.STALL]! += stall;
      cells[at + Cell.MAX] = max;
      cells[at + Cell.LAST] = Math.max(cells[at + Cell.LAST]!, time[last]!);
      const active = position[row]!;
      if (active < 0) this.activity.wake(row);
      else quiet[active] = 0;
    }
  }

  /** Adds to the time stalled of a row, or takes from it, beside the latencies of its faults. */
  stall(row: number, ns: number, time: number): void {
    const at = row * STRIDE;
    this.cells[at + Cell.STALL]! += ns;
    this.cells[at + Cell.LAST] = Math.max(this.cells[at + Cell.LAST]!, time);
    const active = this.activity.position[row]!;
    if (active < 0) this.activity.wake(row);
    else this.activity.quiet[active] = 0;
  }

  /** See Counters.late. */
  late(row: number, ns: number): void {
    this.cells[row * STRIDE + Cell.TICKED_STALL]! += ns;
  }

  /** Samples rates and histories; see Counters.tick. */
  tick(elapsed: number, accounted: number): void {
    const perSecond = elapsed > 0 ? 1e9 / elapsed : 0;
    const { cells } = this;
    this.activity.tick(
      (row) => {
        const at = row * STRIDE;
        const faults = this.faults(row);
        const delta = faults - cells[at + Cell.TICKED]!;
        cells[at + Cell.TICKED] = faults;
        cells[at + Cell.RATE] = delta * perSecond;
        if (accounted > 0) {
          const stall = cells[at + Cell.STALL]!;
          // Below 0 where a fault in flight was counted in the row of what its page was before.
          const waited = Math.max(0, stall - cells[at + Cell.TICKED_STALL]!);
          cells[at + Cell.TICKED_STALL] = stall;
          cells[at + Cell.STALLED] = waited / accounted;
        } else if (elapsed === 0) cells[at + Cell.STALLED] = 0;
        return delta;
      },
      (row) => {
        cells[row * STRIDE + Cell.RATE] = 0;
        cells[row * STRIDE + Cell.STALLED] = 0;
      },
    );
  }

  /** Adds a row to another, which has the sum afterwards; the first is to be released. */
  fold(from: number, into: number): void {
    const a = from * STRIDE;
    const b = into * STRIDE;
    const cells = this.cells;
    for (let c = 0; c < STRIDE; c++) {
      if (c === Cell.MAX || c === Cell.LAST) cells[b + c] = Math.max(cells[a + c]!, cells[b + c]!);
      else if (c < Cell.RATE) cells[b + c]! += cells[a + c]!;
    }
    this.histograms.fold(from, into);
    if (this.activity.isActive(from) && !this.activity.isActive(into)) this.activity.wake(into);
  }

  /** All counters and histories to zero; rows and ids stay. */
  zero(): void {
    for (let row = 0; row < this.top; row++) {
      this.activity.rest(row);
      this.clearRow(row);
    }
  }

  private clearRow(row: number): void {
    this.cells.fill(0, row * STRIDE, (row + 1) * STRIDE);
    this.histograms.clear(row);
  }

  faults(row: number): number {
    const cells = this.cells;
    const at = row * STRIDE;
    return cells[at]! + cells[at + 1]! + cells[at + 2]! + cells[at + 3]!;
  }

  byClass(row: number, faultClass: number): number {
    return this.cells[row * STRIDE + Cell.CLASS + faultClass]!;
  }

  byCause(row: number, cause: number): number {
    return this.cells[row * STRIDE + Cell.CAUSE + cause]!;
  }

  /** ns in faults of a cause that have ended. */
  causeNs(row: number, cause: number): number {
    return this.cells[row * STRIDE + Cell.CAUSE_NS + cause]!;
  }

  unique(row: number): number {
    return this.cells[row * STRIDE + Cell.UNIQUE]!;
  }

  stallNs(row: number): number {
    return this.cells[row * STRIDE + Cell.STALL]!;
  }

  maxNs(row: number): number {
    return this.cells[row * STRIDE + Cell.MAX]!;
  }

  lastTime(row: number): number {
    return this.cells[row * STRIDE + Cell.LAST]!;
  }

  rate(row: number): number {
    return this.cells[row * STRIDE + Cell.RATE]!;
  }

  /** Threads that stood in faults of this row, on average over the last tick. */
  stalled(row: number): number {
    return this.cells[row * STRIDE + Cell.STALLED]!;
  }

  /** A row with something in it: a fault, or a thread that waits in its first. */
  inUse(row: number): boolean {
    return this.faults(row) > 0 || this.stallNs(row) > 0;
  }

  /** Faults per tick, oldest first; empty for a row that rests. */
  history(row: number): number[] {
    return this.activity.history(row);
  }

  /** Adds the latencies of one class of a row to `counts`, by bucket; returns how many they are. */
  addLatencies(counts: Float64Array, row: number, faultClass: number): number {
    return this.histograms.addTo(counts, row, faultClass);
  }

  p50Ns(row: number): number {
    return this.percentile(row, Cell.P50);
  }

  p90Ns(row: number): number {
    return this.percentile(row, Cell.P90);
  }

  p99Ns(row: number): number {
    return this.percentile(row, Cell.P99);
  }

  /** ns; NaN without a measured fault. */
  private percentile(row: number, cell: number): number {
    const at = row * STRIDE;
    const timed = this.cells[at + Cell.TIMED]!;
    if (timed === 0) return NaN;
    if (this.cells[at + Cell.P_TIMED] !== timed) {
      const found = this.histograms.quantiles(row, this.maxNs(row), PERCENTILES);
      this.cells.set(found, at + Cell.P50);
      this.cells[at + Cell.P_TIMED] = timed;
    }
    return this.cells[at + cell]!;
  }
}
