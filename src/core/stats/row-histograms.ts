import { CLASS_COUNT } from '../classify/classes';
import { BUCKETS, quantiles } from './histogram';
import { grownI32 } from './grow';
import { SlabPool } from './slab-pool';

/** Words per pool block: 64 buckets of a histogram, the history or the heat of one row. */
export const STAT_BLOCK_LOG2 = 6;
export const STAT_BLOCK_WORDS = 1 << STAT_BLOCK_LOG2;
/** Blocks that a whole histogram takes; most rows need one or two. */
export const SEGMENTS = Math.ceil(BUCKETS / STAT_BLOCK_WORDS);
/** Of a row: one histogram per class, each as long as SEGMENTS, side by side. */
const ROW_SEGMENTS = CLASS_COUNT * SEGMENTS;
export const U32_MAX = 0xffffffff;

/** 131,072 blocks are 32 MiB: histograms, histories and heat of all tables together. */
export const STAT_BLOCK_CAP = 131072;

export function statPool(cap = STAT_BLOCK_CAP): SlabPool {
  return new SlabPool(STAT_BLOCK_WORDS, cap);
}

/** Latency histograms of many rows, one per class, in blocks that exist only where something was counted. */
export class RowHistograms {
  /** Block of segment s of a row's class c at (row * CLASS_COUNT + c) * SEGMENTS + s; -1 for none. */
  segments: Int32Array;
  /** The pool ran out: some percentiles rest on part of the faults. */
  incomplete = false;
  /** One row's histogram in one piece, for quantiles(). */
  private readonly scratch = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);

  constructor(
    private readonly pool: SlabPool,
    capacity: number,
  ) {
    this.segments = new Int32Array(capacity * ROW_SEGMENTS).fill(-1);
  }

  grow(capacity: number): void {
    this.segments = grownI32(this.segments, capacity * ROW_SEGMENTS);
  }

  /** Adds n (or takes it, where negative) to a bucket of a row's class, whose block is made when there is none. */
  count(row: number, faultClass: number, bucket: number, n: number): void {
    const histogram = (row * CLASS_COUNT + faultClass) * SEGMENTS;
    const segment = histogram + (bucket >>> STAT_BLOCK_LOG2);
    this.enter(segment, bucket & (STAT_BLOCK_WORDS - 1), n);
  }

  private enter(segment: number, word: number, n: number): void {
    let block = this.segments[segment]!;
    if (block < 0) {
      if (n < 0) return;
      block = this.pool.alloc();
      if (block < 0) {
        this.incomplete = true;
        return;
      }
      this.segments[segment] = block;
    }
    const words = this.pool.counters;
    const at = block * STAT_BLOCK_WORDS + word;
    words[at] = Math.max(0, Math.min(words[at]! + n, U32_MAX));
  }

  fold(from: number, into: number): void {
    const words = this.pool.counters;
    for (let s = 0; s < ROW_SEGMENTS; s++) {
      const block = this.segments[from * ROW_SEGMENTS + s]!;
      if (block < 0) continue;
      for (let w = 0; w < STAT_BLOCK_WORDS; w++) {
        const n = words[block * STAT_BLOCK_WORDS + w]!;
        if (n > 0) this.enter(into * ROW_SEGMENTS + s, w, n);
      }
    }
  }

  clear(row: number): void {
    for (let s = row * ROW_SEGMENTS; s < (row + 1) * ROW_SEGMENTS; s++) {
      const block = this.segments[s]!;
      if (block < 0) continue;
      this.pool.release(block);
      this.segments[s] = -1;
    }
  }

  /** Adds the histogram of one class of a row to `counts`, by bucket; returns how many faults it holds. */
  addTo(counts: Float64Array, row: number, faultClass: number): number {
    const { counters } = this.pool;
    let total = 0;
    for (let s = 0; s < SEGMENTS; s++) {
      const block = this.segments[(row * CLASS_COUNT + faultClass) * SEGMENTS + s]!;
      if (block < 0) continue;
      for (let w = 0; w < STAT_BLOCK_WORDS; w++) {
        const n = counters[block * STAT_BLOCK_WORDS + w]!;
        counts[s * STAT_BLOCK_WORDS + w]! += n;
        total += n;
      }
    }
    return total;
  }

  /** Latencies of all classes at the given quantiles, ns, none above `max`; NaN for a row without any. */
  quantiles(row: number, max: number, wanted: readonly number[]): number[] {
    const { scratch } = this;
    scratch.fill(0);
    let total = 0;
    for (let c = 0; c < CLASS_COUNT; c++) total += this.addTo(scratch, row, c);
    return quantiles(scratch, 0, BUCKETS, total, max, wanted);
  }
}
