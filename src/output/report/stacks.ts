import { TITLES } from '../../core/columns/titles';
import { lostCallers, stackLines } from '../../core/columns/stack-lines';
import type { StackRow } from '../../core/snapshot/snapshot';
import { counted, grouped, latency } from '../../core/text/format';

/** Stacks of the text report; the JSON report has them all. */
const TOP = 20;
const MAX_INDENT = 16;

/**
 * The stacks with the most stall, or faults where times are left out, as a tree from the root: what several have
 * in common stands once.
 */
export function stackSection(rows: readonly StackRow[], fixed: boolean): string[] {
  if (rows.length === 0) return [];
  const weight = (row: Pick<StackRow, 'faults' | 'stallNs'>): number =>
    fixed ? row.faults : row.stallNs;
  const ordered = [...rows].sort((a, b) => weight(b) - weight(a) || b.faults - a.faults);
  const shown = stackLines(ordered.slice(0, TOP), 'callees', weight);
  const line = (stall: string, faults: string, text: string): string =>
    `  ${fixed ? '' : `${stall.padStart(8)}  `}${faults.padStart(11)}  ${text}`;
  const left = ordered.slice(TOP);
  const sum = (value: (row: StackRow) => number): number =>
    left.reduce((total, row) => total + value(row), 0);
  const lost = lostCallers(rows);
  const { stall, stack } = TITLES.columns;
  return [
    line(stall.title, 'ALL', stack.title),
    ...shown.map(({ depth, text, faults, stallNs }) =>
      line(latency(stallNs), grouped(faults), `${'  '.repeat(Math.min(depth, MAX_INDENT))}${text}`),
    ),
    ...(left.length === 0
      ? []
      : [
          line(
            latency(sum((row) => row.stallNs)),
            grouped(sum((row) => row.faults)),
            `and ${counted(left.length, 'stack')} more`,
          ),
        ]),
    ...(lost === '' ? [] : [`  ${lost}`]),
    ...sampling(rows),
  ];
}

/** Where not every fault has a stack: how many have one, and who may have none. */
function sampling(rows: readonly StackRow[]): string[] {
  const sum = (value: (row: StackRow) => number): number =>
    rows.reduce((total, row) => total + value(row), 0);
  const every = sum((row) => row.faults) / sum((row) => row.sampled);
  if (every === 1) return [];
  const each = every < 10 ? every.toFixed(1).replace('.0', '') : grouped(Math.round(every));
  const stand = `one fault in ${each} has a stack, which stands for all of them`;
  return [`  ${stand}; a thread with fewer faults may have none`];
}
