import { CLASS_COUNT, CLASS_NAMES } from '../classify/classes';
import { Cell } from '../stats/cells';
import { BUCKETS, bucketLow, bucketMiddle, quantiles } from '../stats/histogram';
import { SEGMENTS, STAT_BLOCK_WORDS } from '../stats/row-histograms';
import type { LatencyHistogram } from './snapshot';
import type { StatTable } from '../stats/stat-table';

const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const;

/** A histogram as it is shown: `counts` by bucket, the sum and the largest of its `count` latencies in ns. */
export function latencyHistogram(
  faultClass: number,
  counts: Float64Array,
  count: number,
  totalNs: number,
  maxNs: number,
): LatencyHistogram {
  const [p50Ns, p90Ns, p99Ns, p999Ns] = quantiles(counts, 0, BUCKETS, count, maxNs, QUANTILES);
  const buckets = [];
  for (let b = 0; b < BUCKETS; b++) {
    const n = counts[b]!;
    if (n > 0) buckets.push({ lowNs: bucketLow(b), highNs: bucketLow(b + 1), count: n });
  }
  return {
    faultClass: CLASS_NAMES[faultClass]!,
    count,
    totalNs,
    maxNs,
    p50Ns: p50Ns!,
    p90Ns: p90Ns!,
    p99Ns: p99Ns!,
    p999Ns: p999Ns!,
    buckets,
  };
}

/**
 * Latencies of some rows together, by their ids; one histogram per class. Rows keep buckets: sum and largest
 * are those of the buckets, exact to 1/32 (histogram.ts).
 */
export function latencyOfRows(stats: StatTable, ids: ReadonlySet<number>): LatencyHistogram[] {
  const slots: number[] = [];
  for (let slot = 0; slot < stats.limit; slot++) if (ids.has(stats.id(slot))) slots.push(slot);
  const maxNs = slots.reduce((most, slot) => Math.max(most, stats.get(slot, Cell.maxNs)), 0);
  return Array.from({ length: CLASS_COUNT }, (_, cls) => {
    const counts = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);
    const count = slots.reduce((sum, slot) => sum + stats.addLatencies(counts, slot, cls), 0);
    let totalNs = 0;
    let largest = 0;
    for (let b = 0; b < BUCKETS; b++) {
      if (counts[b] === 0) continue;
      largest = Math.min(bucketMiddle(b), maxNs);
      totalNs += counts[b]! * largest;
    }
    return latencyHistogram(cls, counts, count, totalNs, largest);
  });
}
