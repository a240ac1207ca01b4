import { TRUNCATED } from '../code/address';
import { isMakerKnown, UNKNOWN } from '../code/stack-names';
import type { RegionRow, Snapshot, StackRow } from '../snapshot/snapshot';

/**
 * Who called the code of these stacks, root first: from its caller outwards as far as more than half of their faults
 * came the same way. Empty where no stacks were taken, and where nobody knows the callers.
 */
export function callersOf(stacks: readonly StackRow[]): string[] {
  const least = sumOf(stacks, ({ faults }) => faults) / 2;
  const callers: string[] = [];
  let same = stacks;
  for (let depth = 1; ; depth++) {
    const next = majority(
      same,
      (stack) => stack.frames.at(-depth) ?? '',
      ({ faults }) => faults,
      least,
    );
    if (next === '' || next === UNKNOWN || next === TRUNCATED) return callers;
    same = same.filter(({ frames }) => frames.at(-depth) === next);
    // The innermost is the code itself.
    if (depth > 1) callers.unshift(next);
  }
}

/**
 * Who mapped what has more than half of what is weighed: root first. Pieces of memory without a name that have
 * one maker (`RegionRow.maker`) are one. Empty where nobody knows.
 */
export function makerOf(
  rows: readonly RegionRow[],
  weight: (row: RegionRow) => number,
  { mappedBy }: Pick<Snapshot, 'mappedBy'>,
): readonly string[] {
  const least = sumOf(rows, weight) / 2;
  const maker = majority(rows, (row) => row.maker, weight, least);
  const one = rows.find((row) => (maker === '' ? weight(row) > least : row.maker === maker));
  const frames = one === undefined ? [] : mappedBy(one.id);
  return isMakerKnown(frames) ? frames : [];
}

function sumOf<Row>(rows: readonly Row[], weight: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + weight(row), 0);
}

/** The label of what weighs more than `least` together; '' for none. */
function majority<Row>(
  rows: readonly Row[],
  label: (row: Row) => string,
  weight: (row: Row) => number,
  least: number,
): string {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(label(row), (sums.get(label(row)) ?? 0) + weight(row));
  for (const [name, sum] of sums) if (name !== '' && sum > least) return name;
  return '';
}
