import { latencyPowers } from '../../core/columns/latency-powers';
import { grouped, latency } from '../../core/text/format';
import type { LatencyHistogram } from '../../core/snapshot/snapshot';

const BAR_WIDTH = 40;

/** A latency histogram as bars, one per power of two of ns; empty when nothing was measured. */
export function histogramLines(h: LatencyHistogram): string[] {
  if (h.count === 0) return [];
  const powers = byPowerOfTwo(h);
  const most = Math.max(...powers.map((power) => power.count));
  const lines = [
    `  ${grouped(h.count)} measured, p50 ${latency(h.p50Ns)}, p90 ${latency(h.p90Ns)}, ` +
      `p99 ${latency(h.p99Ns)}, p99.9 ${latency(h.p999Ns)}, max ${latency(h.maxNs)}, ` +
      `total ${latency(h.totalNs)}`,
  ];
  for (const { exponent, count } of powers) {
    const low = exponent === 0 ? '0ns' : latency(2 ** exponent);
    const range = `${low.padStart(8)} - ${latency(2 ** (exponent + 1)).padStart(8)}`;
    // A bucket with one fault among millions is still seen.
    const bar = '#'.repeat(Math.max(count > 0 ? 1 : 0, Math.round((count / most) * BAR_WIDTH)));
    lines.push(`  ${range} ${grouped(count).padStart(11)} ${bar}`.trimEnd());
  }
  return lines;
}

/** Powers of two, gaps between them kept: a second hump is seen as one. */
function byPowerOfTwo(h: LatencyHistogram): { exponent: number; count: number }[] {
  const counts = latencyPowers(h);
  const exponents = [...counts.keys()];
  const first = Math.min(...exponents);
  const last = Math.max(...exponents);
  return Array.from({ length: last - first + 1 }, (_, k) => ({
    exponent: first + k,
    count: counts.get(first + k) ?? 0,
  }));
}
