import type { LatencyHistogram } from '../snapshot/snapshot';

/** Faults of a histogram by powers of two of ns: key i is for 2^i to 2^(i+1), 0 also for 0 ns. */
export function latencyPowers({ buckets }: LatencyHistogram): Map<number, number> {
  const powers = new Map<number, number>();
  for (const { lowNs, count } of buckets) {
    const power = lowNs < 2 ? 0 : Math.floor(Math.log2(lowNs));
    powers.set(power, (powers.get(power) ?? 0) + count);
  }
  return powers;
}
