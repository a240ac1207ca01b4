import type { RunFacts } from '../../core/compare/run-facts';
import { printable } from '../../core/text/printable';

/** One line per stack, `comm;frame;frame A B`: as difffolded.pl gives them and flamegraph.pl takes them. */
export function foldedDiff(a: readonly RunFacts[], b: readonly RunFacts[]): string {
  const lines = new Map<string, [number, number]>();
  [a, b].forEach((runs, side) => {
    for (const { stacks } of runs) {
      for (const [stack, faults] of stacks) {
        const counts = lines.get(stack) ?? [0, 0];
        counts[side] = counts[side]! + faults / runs.length;
        lines.set(stack, counts);
      }
    }
  });
  return [...lines]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([stack, [x, y]]) => `${printable(stack)} ${Math.round(x)} ${Math.round(y)}\n`)
    .join('');
}
