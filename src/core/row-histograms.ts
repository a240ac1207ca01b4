import { BUCKETS, quantiles } from './histogram';
import { grownI32 } from './grow';
import { SlabPool } from './slab-pool';

/** Words per pool block: 64 buckets of a histogram, the history or the heat of one row. */
export const STAT_BLOCK_LOG2 = 6;
export const STAT_BLOCK_WORDS = 1 << STAT_BLOCK_LOG2;
/** Blocks that a whole histogram takes; most rows need one or two. */
export const SEGMENTS = Math.ceil(BUCKETS / STAT_BLOCK_WORDS);
export const U32_MAX = 0xffffffff;

/** 131,072 blocks are 32 MiB: histograms, histories and heat of all tables together. */
export const STAT_BLOCK_CAP = 131072;

export function statPool(cap = STAT_BLOCK_CAP): SlabPool {
  return new SlabPool(STAT_BLOCK_WORDS, cap);
}

/** Latency histograms of many rows, in blocks that exist only where something was counted. */
export class RowHistograms {
  /** Block of segment s of a row at row * SEGMENTS + s; -1 for none. */
  segments: Int32Array;
  /** The pool ran out: some percentiles rest on part of the faults. */
  incomplete = false;
  /** One row's histogram in one piece, for quantiles(). */
  private readonly scratch = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);

  constructor(
    private readonly pool: SlabPool,
    capacity: number,
  ) {
    this.segments = new Int32Array(capacity * SEGMENTS).fill(-1);
  }

  grow(capacity: number): void {
    this.segments = grownI32(this.segments, capacity * SEGMENTS);
  }

  /** Adds n to a bucket, whose block is made when there is none. */
  count(row: number, bucket: number, n: number): void {
    const segment = row * SEGMENTS + (bucket >>> STAT_BLOCK_LOG2);
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

  fold(from: number, into: number): void {
    const words = this.pool.counters;
    for (let s = 0; s < SEGMENTS; s++) {
      const block = this.segments[from * SEGMENTS + s]!;
      if (block < 0) continue;
      for (let w = 0; w < STAT_BLOCK_WORDS; w++) {
        const n = words[block * STAT_BLOCK_WORDS + w]!;
        if (n > 0) this.count(into, s * STAT_BLOCK_WORDS + w, n);
      }
    }
  }

  clear(row: number): void {
    for (let s = row * SEGMENTS; s < (row + 1) * SEGMENTS; s++) {
      const block = this.segments[s]!;
      if (block < 0) continue;
      this.pool.release(block);
      this.segments[s] = -1;
    }
  }

  /** Latencies at the given quantiles, ns, none above `max`; NaN for a row without any. */
  quantiles(row: number, max: number, wanted: readonly number[]): number[] {
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
    return quantiles(scratch, from, to, total, max, wanted);
  }
}
