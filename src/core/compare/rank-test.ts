/** Runs on both sides beyond which counting all ways would take seconds for each row. */
const MAX_EXACT = 50;

/**
 * Two-sided p of the Mann-Whitney U test, with ties. Exact up to 50 runs: of all ways to deal the ranks out to the two
 * sides, the share that lies as far from the middle as this one. With four on each side 0.029 is the least, with three
 * 0.1. Beyond that by the normal distribution, as R's wilcox.test() has it.
 */
export function rankTest(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  // Twice the mean rank of equal values: whole numbers.
  const ranks = all.map((value) => {
    const below = all.filter((other) => other < value).length;
    const equal = all.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
  const observed = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0);
  const distance = Math.abs(observed - a.length * (all.length + 1));
  if (all.length > MAX_EXACT) return normalP(distance / 2, ranks, a.length);
  return exactP(distance, ranks, a.length);
}

function exactP(distance: number, ranks: readonly number[], size: number): number {
  const middle = size * (ranks.length + 1);
  let total = 0;
  let extreme = 0;
  waysToSum(ranks, size).forEach((number, sum) => {
    total += number;
    if (Math.abs(sum - middle) >= distance) extreme += number;
  });
  return extreme / total;
}

/** With the corrections for ties and for continuity. `distance`: of U from its mean. */
function normalP(distance: number, ranks: readonly number[], size: number): number {
  const n = ranks.length;
  // The variance of all ranks, in which ties are: of `ranks`, twice as large, a fourth.
  const spread = ranks.reduce((sum, rank) => sum + (rank - n - 1) ** 2, 0) / 4;
  const variance = (size * (n - size) * spread) / (n * (n - 1));
  if (variance === 0) return 1;
  return complementaryError(Math.max(0, distance - 0.5) / Math.sqrt(2 * variance));
}

/** erfc(x) for x >= 0, within 1.5e-7: Abramowitz and Stegun, 7.1.26. */
function complementaryError(x: number): number {
  const t = 1 / (1 + 0.3275911 * x);
  const terms = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return terms.reduceRight((sum, term) => (sum + term) * t, 0) * Math.exp(-x * x);
}

/** How many subsets of `size` ranks have each sum. */
function waysToSum(ranks: readonly number[], size: number): Float64Array {
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(most + 1));
  ways[0]![0] = 1;
  for (const rank of ranks) {
    for (let taken = size; taken > 0; taken--) {
      const [to, from] = [ways[taken]!, ways[taken - 1]!];
      for (let sum = most; sum >= rank; sum--) to[sum] = to[sum]! + from[sum - rank]!;
    }
  }
  return ways[size]!;
}
