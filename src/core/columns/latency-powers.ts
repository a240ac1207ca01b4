import type { LatencyHistogram, SharedRow } from '../snapshot/snapshot';
import { BUCKETS, bucketLow } from '../stats/histogram';
import { SEGMENTS, STAT_BLOCK_WORDS } from '../stats/row-histograms';

/** Faults of a histogram by powers of two of ns: key i is for 2^i to 2^(i+1), 0 also for 0 ns. */
export function latencyPowers({ buckets }: LatencyHistogram): Map<number, number> {
  const powers = new Map<number, number>();
  for (const { lowNs, count } of buckets) {
    const power = powerOf(lowNs);
    powers.set(power, (powers.get(power) ?? 0) + count);
  }
  return powers;
}

/** Those of a row, of all classes together: the last one has faults. Empty where none was measured. */
export function rowPowers(row: SharedRow): number[] {
  const counts = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);
  row.addLatencies(counts);
  const powers: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const n = counts[bucket]!;
    if (n === 0) continue;
    const power = powerOf(bucketLow(bucket));
    while (powers.length <= power) powers.push(0);
    powers[power]! += n;
  }
  return powers;
}

function powerOf(ns: number): number {
  return ns < 2 ? 0 : Math.floor(Math.log2(ns));
}
