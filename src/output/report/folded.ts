import { LIST_SEPARATOR } from '../../core/columns/fault-fields';
import type { StackRow } from '../../core/snapshot/snapshot';
import { printable } from '../../core/text/printable';

/** What a line of folded stacks counts: faults, or whole microseconds of stall. */
export type Weigh = 'count' | 'stall';

/**
 * One line per stack, root first: `comm;frame;frame N`, as flame graphs are made from. Faults without a stack have no line:
 * those that have one stand for them. What counts 0 is left out.
 */
export function foldedText(rows: readonly StackRow[], weigh: Weigh): string {
  const lines = new Map<string, number>();
  for (const { comm, frames, faults, stallNs } of rows) {
    const name = printable(comm).replaceAll(LIST_SEPARATOR, ':');
    const line = [name, ...frames].join(LIST_SEPARATOR);
    lines.set(line, (lines.get(line) ?? 0) + (weigh === 'count' ? faults : stallNs / 1000));
  }
  return [...lines]
    .map(([line, sum]): [string, number] => [line, Math.round(sum)])
    .filter(([, sum]) => sum > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([line, sum]) => `${line} ${sum}\n`)
    .join('');
}
