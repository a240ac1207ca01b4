/**
 * Two-sided p of the Mann-Whitney U test, exact with ties: of all ways to deal the ranks out to the two sides, the
 * share that lies as far from the middle as this one. With four on each side 0.029 is the least, with three 0.1.
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
  const middle = a.length * (all.length + 1);
  const ways = waysToSum(ranks, a.length);
  let total = 0;
  let extreme = 0;
  ways.forEach((number, sum) => {
    total += number;
    if (Math.abs(sum - middle) >= Math.abs(observed - middle)) extreme += number;
  });
  return extreme / total;
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
