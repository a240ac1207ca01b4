import type { Batch } from './batch';
import { CAUSE_COUNT, CLASS_COUNT } from './classes';
import type { FaultColumns } from './fault-columns';
import { BUCKETS, quantiles } from './histogram';
import type { Resolved } from './resolved';
import { SlabPool } from './slab-pool';
import { HISTORY_TICKS } from './snapshot';

/** Cells of a row, side by side so that a fault touches three cache lines. */
const Cell = {
  CLASS: 0,
  CAUSE: CLASS_COUNT,
  UNIQUE: CLASS_COUNT + CAUSE_COUNT,
  STALL: CLASS_COUNT + CAUSE_COUNT + 1,
  MAX: CLASS_COUNT + CAUSE_COUNT + 2,
  LAST: CLASS_COUNT + CAUSE_COUNT + 3,
  /** Faults with a latency: what the histogram holds. */
  TIMED: CLASS_COUNT + CAUSE_COUNT + 4,
  /** Faults at the last tick. */
  TICKED: CLASS_COUNT + CAUSE_COUNT + 5,
  RATE: CLASS_COUNT + CAUSE_COUNT + 6,
  /** The percentiles last asked for, and the TIMED they belong to: most rows rest between snapshots. */
  P_TIMED: CLASS_COUNT + CAUSE_COUNT + 7,
  P50: CLASS_COUNT + CAUSE_COUNT + 8,
  P90: CLASS_COUNT + CAUSE_COUNT + 9,
  P99: CLASS_COUNT + CAUSE_COUNT + 10,
} as const;
const STRIDE = CLASS_COUNT + CAUSE_COUNT + 11;
const PERCENTILES = [0.5, 0.9, 0.99] as const;

/** Words per pool block: 64 buckets, or the history of one row. */
const BLOCK_LOG2 = 6;
export const STAT_BLOCK_WORDS = 1 << BLOCK_LOG2;
const SEGMENTS = Math.ceil(BUCKETS / STAT_BLOCK_WORDS);
const U32_MAX = 0xffffffff;

/** 131,072 blocks are 32 MiB: histograms and histories of all tables together. */
export const STAT_BLOCK_CAP = 131072;

export function statPool(cap = STAT_BLOCK_CAP): SlabPool {
  return new SlabPool(STAT_BLOCK_WORDS, cap);
}

/**
 * Counters of many rows as columns: one class for regions, threads, processes and the total. Rows are
 * numbered slots; freed slots are reused, ids are not. Histograms and histories exist only where
 * something was counted, so that ten thousand quiet rows cost little.
 */
export class StatTable {
  private cells: Float64Array;
  private segments: Int32Array;
  private ids: Float64Array;
  /** Position in `active`, -1 for rows that rest. */
  private position: Int32Array;
  private historyBlock: Int32Array;
  /** Rows that changed within the last HISTORY_TICKS: what a tick costs. */
  private active: Int32Array;
  private activeCount = 0;
  /** Ticks since the last change, by position in `active`. */
  private quiet: Uint8Array;
  private readonly freeRows: number[] = [];
  private capacity: number;
  private top = 0;
  private nextId = 1;
  private ticks = 0;
  /** One row's histogram in one piece, for quantiles(). */
  private readonly scratch = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);
  /** The pool ran out: some percentiles rest on part of the faults. */
  incomplete = false;

  constructor(
    private readonly pool: SlabPool,
    capacity = 64,
  ) {
    this.capacity = capacity;
    this.cells = new Float64Array(capacity * STRIDE);
    this.segments = new Int32Array(capacity * SEGMENTS).fill(-1);
    this.ids = new Float64Array(capacity);
    this.position = new Int32Array(capacity).fill(-1);
    this.historyBlock = new Int32Array(capacity).fill(-1);
    this.active = new Int32Array(capacity);
    this.quiet = new Uint8Array(capacity);
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
    this.segments = grownI32(this.segments, capacity * SEGMENTS);
    this.ids = grownF64(this.ids, capacity);
    this.position = grownI32(this.position, capacity);
    this.historyBlock = grownI32(this.historyBlock, capacity);
    this.active = grownI32(this.active, capacity);
    const quiet = new Uint8Array(capacity);
    quiet.set(this.quiet);
    this.quiet = quiet;
    this.capacity = capacity;
  }

  release(row: number): void {
    this.rest(row);
    this.clearRow(row);
    this.ids[row] = 0;
    this.freeRows.push(row);
  }

  /** 0 for a free slot. */
  id(row: number): number {
    return this.ids[row]!;
  }

  /** Counts the kept faults of a batch, each in the row that `rows` names. */
  add(
    rows: Uint32Array,
    batch: Batch,
    resolved: Resolved,
    columns: Pick<FaultColumns, 'fresh' | 'bucket'>,
  ): void {
    // In locals: the fields could change under a call, the arrays themselves do not within a batch.
    const { cells, position, quiet, segments } = this;
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
        if (ns > max) max = ns;
        const b = bucket[i]!;
        const block = segments[row * SEGMENTS + (b >>> BLOCK_LOG2)]!;
        if (block < 0) {
          this.count(row, b, 1);
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
      if (active < 0) this.wake(row);
      else quiet[active] = 0;
    }
  }

  private count(row: number, bucket: number, n: number): void {
    const segment = row * SEGMENTS + (bucket >>> BLOCK_LOG2);
    let block = this.segments[segment]!;
    if (block < 0) {
      block = this.pool.alloc();
      if (block < 0) {
        this.incomplete = true;
        return;
      }
      this.segments[segment] = block;
    }
    const words = this.pool.counters;
    const at = block * STAT_BLOCK_WORDS + (bucket & (STAT_BLOCK_WORDS - 1));
    words[at] = Math.min(words[at]! + n, U32_MAX);
  }

  private wake(row: number): void {
    this.position[row] = this.activeCount;
    this.active[this.activeCount] = row;
    this.quiet[this.activeCount] = 0;
    this.activeCount++;
  }

  /** Takes a row out of the active list and forgets its history. */
  private rest(row: number): void {
    const position = this.position[row]!;
    if (position >= 0) {
      const last = --this.activeCount;
      const moved = this.active[last]!;
      this.active[position] = moved;
      this.quiet[position] = this.quiet[last]!;
      this.position[moved] = position;
      this.position[row] = -1;
    }
    const block = this.historyBlock[row]!;
    if (block >= 0) {
      this.pool.release(block);
      this.historyBlock[row] = -1;
    }
    this.cells[row * STRIDE + Cell.RATE] = 0;
  }

  /** Samples rates and histories; `elapsed` is the time since the last tick, ns. */
  tick(elapsed: number): void {
    const slot = this.ticks % HISTORY_TICKS;
    const perSecond = elapsed > 0 ? 1e9 / elapsed : 0;
    // Downwards, because rest() puts the last active row in the place of the one that leaves.
    for (let p = this.activeCount - 1; p >= 0; p--) {
      const row = this.active[p]!;
      if (this.quiet[p]!++ >= HISTORY_TICKS) {
        this.rest(row);
        continue;
      }
      const at = row * STRIDE;
      const faults = this.faults(row);
      const delta = faults - this.cells[at + Cell.TICKED]!;
      this.cells[at + Cell.TICKED] = faults;
      this.cells[at + Cell.RATE] = delta * perSecond;
      let block = this.historyBlock[row]!;
      if (block < 0) {
        block = this.pool.alloc();
        if (block < 0) continue;
        this.historyBlock[row] = block;
      }
      this.pool.counters[block * STAT_BLOCK_WORDS + slot] = Math.min(delta, U32_MAX);
    }
    this.ticks++;
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
    for (let s = 0; s < SEGMENTS; s++) {
      const block = this.segments[from * SEGMENTS + s]!;
      if (block < 0) continue;
      const words = this.pool.counters;
      const base = block * STAT_BLOCK_WORDS;
      for (let w = 0; w < STAT_BLOCK_WORDS; w++) {
        const n = words[base + w]!;
        if (n > 0) this.count(into, s * STAT_BLOCK_WORDS + w, n);
      }
    }
    if (this.position[from]! >= 0 && this.position[into]! < 0) this.wake(into);
  }

  /** All counters to zero; rows, ids and histories stay. */
  zero(): void {
    for (let row = 0; row < this.top; row++) this.clearRow(row);
  }

  private clearRow(row: number): void {
    this.cells.fill(0, row * STRIDE, (row + 1) * STRIDE);
    for (let s = row * SEGMENTS; s < (row + 1) * SEGMENTS; s++) {
      const block = this.segments[s]!;
      if (block < 0) continue;
      this.pool.release(block);
      this.segments[s] = -1;
    }
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

  /** Faults per tick, oldest first; empty for a row that rests. */
  history(row: number): number[] {
    const block = this.historyBlock[row]!;
    if (block < 0) return [];
    const words = this.pool.counters;
    const base = block * STAT_BLOCK_WORDS;
    const length = Math.min(this.ticks, HISTORY_TICKS);
    const result = new Array<number>(length);
    for (let t = 0; t < length; t++) {
      result[t] = words[base + ((this.ticks - length + t) % HISTORY_TICKS)]!;
    }
    return result;
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
      this.cells.set(this.quantiles(row, PERCENTILES), at + Cell.P50);
      this.cells[at + Cell.P_TIMED] = timed;
    }
    return this.cells[at + cell]!;
  }

  private quantiles(row: number, wanted: readonly number[]): number[] {
    const { counters } = this.pool;
    const { scratch } = this;
    let total = 0;
    let from = BUCKETS;
    let to = 0;
    for (let s = 0; s < SEGMENTS; s++) {
      const block = this.segments[row * SEGMENTS + s]!;
      const low = s * STAT_BLOCK_WORDS;
      if (block < 0) {
        scratch.fill(0, low, low + STAT_BLOCK_WORDS);
        continue;
      }
      from = Math.min(from, low);
      to = low + STAT_BLOCK_WORDS;
      for (let w = 0; w < STAT_BLOCK_WORDS; w++) {
        const n = counters[block * STAT_BLOCK_WORDS + w]!;
        scratch[low + w] = n;
        total += n;
      }
    }
    return quantiles(scratch, from, to, total, this.maxNs(row), wanted);
  }
}

function grownF64(old: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(old);
  return grown;
}

/** New entries read -1: none. */
function grownI32(old: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length).fill(-1);
  grown.set(old);
  return grown;
}
