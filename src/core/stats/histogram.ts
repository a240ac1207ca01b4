/**
 * Log-bucketed histogram of latencies, as HdrHistogram's: 16 buckets per power of two, so that a
 * value read back as the middle of its bucket is wrong by 1/32 (3.2 %) at most. Values are ns; below
 * 16 they are exact, from 2^40 (18 minutes) on they are clamped.
 */
const SUB_LOG2 = 4;
const SUB = 1 << SUB_LOG2;
const MAX_LOG2 = 40;
export const BUCKETS = (MAX_LOG2 - SUB_LOG2 + 1) * SUB;

const HIGH_SHIFT = 16;
const HIGH_SCALE = 1 << HIGH_SHIFT;
const LOW_LIMIT = 0x7fffffff;

/** Bucket of a latency in ns. Integer arithmetic on 31 bits at a time: no logarithm, no allocation. */
export function bucketOf(ns: number): number {
  if (ns < LOW_LIMIT) return smallBucket(ns > 0 ? ns | 0 : 0);
  // Dividing by 2^16 moves a value down by 16 powers of two, that is by 16 * SUB buckets.
  const bucket = smallBucket((ns / HIGH_SCALE) | 0) + HIGH_SHIFT * SUB;
  return ns >= 2 ** MAX_LOG2 || bucket >= BUCKETS ? BUCKETS - 1 : bucket;
}

function smallBucket(value: number): number {
  if (value < SUB) return value;
  const exponent = 31 - Math.clz32(value);
  return ((exponent - SUB_LOG2) << SUB_LOG2) + (value >>> (exponent - SUB_LOG2));
}

/** Smallest value of a bucket, ns; of bucket BUCKETS: the end of the range. */
export function bucketLow(bucket: number): number {
  if (bucket < SUB) return bucket;
  const group = (bucket >>> SUB_LOG2) - 1;
  return (SUB + (bucket & (SUB - 1))) * 2 ** group;
}

/** The value a bucket stands for: its middle, ns. */
export function bucketMiddle(bucket: number): number {
  const low = bucketLow(bucket);
  return low + (bucketLow(bucket + 1) - low - 1) / 2;
}

/**
 * Quantiles of the counts of buckets [from, to), whose sum is `total`. `wanted` ascends. NaN for each
 * when there is nothing. A quantile q is the smallest value that at least q of all values do not
 * exceed (nearest rank), never above `max`.
 */
export function quantiles(
  counts: ArrayLike<number>,
  from: number,
  to: number,
  total: number,
  max: number,
  wanted: readonly number[],
): number[] {
  const result: number[] = [];
  let seen = 0;
  let bucket = from - 1;
  for (const q of wanted) {
    const rank = Math.min(total, Math.max(1, Math.ceil(q * total)));
    while (seen < rank && bucket < to - 1) seen += counts[++bucket]!;
    result.push(total > 0 ? Math.min(bucketMiddle(bucket), max) : NaN);
  }
  return result;
}

/**
 * Sums of a histogram. In an array: a field that turns from a small integer into a double changes
 * the shape of its object, and V8 then left optimised code at every batch.
 */
const Sum = { COUNT: 0, TOTAL: 1, MAX: 2 } as const;

/** A histogram by itself, with 64-bit counts: one per class for the whole session. */
export class Histogram {
  readonly counts = new Float64Array(BUCKETS);
  private readonly sums = new Float64Array(3);

  get count(): number {
    return this.sums[Sum.COUNT]!;
  }

  get totalNs(): number {
    return this.sums[Sum.TOTAL]!;
  }

  get maxNs(): number {
    return this.sums[Sum.MAX]!;
  }

  record(ns: number, bucket: number): void {
    const { sums } = this;
    this.counts[bucket]!++;
    sums[Sum.COUNT]!++;
    sums[Sum.TOTAL]! += ns;
    if (ns > sums[Sum.MAX]!) sums[Sum.MAX] = ns;
  }

  /** Takes a value out again; the longest stays. */
  forget(ns: number, bucket: number): void {
    this.counts[bucket]!--;
    this.sums[Sum.COUNT]!--;
    this.sums[Sum.TOTAL]! -= ns;
  }

  /** As many more of a value that is in it. */
  more(ns: number, bucket: number, n: number): void {
    this.counts[bucket]! += n;
    this.sums[Sum.COUNT]! += n;
    this.sums[Sum.TOTAL]! += n * ns;
  }

  merge(other: Histogram): void {
    for (let b = 0; b < BUCKETS; b++) this.counts[b]! += other.counts[b]!;
    this.sums[Sum.COUNT]! += other.count;
    this.sums[Sum.TOTAL]! += other.totalNs;
    this.sums[Sum.MAX] = Math.max(this.maxNs, other.maxNs);
  }

  clear(): void {
    this.counts.fill(0);
    this.sums.fill(0);
  }

  quantiles(wanted: readonly number[]): number[] {
    return quantiles(this.counts, 0, BUCKETS, this.count, this.maxNs, wanted);
  }
}
