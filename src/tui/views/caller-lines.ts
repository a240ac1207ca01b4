import { LIST_SEPARATOR } from '../../core/columns/fault-fields';
import { lostCallers, stackLines, type Direction } from '../../core/columns/stack-lines';
import type { ExportTable } from '../../core/columns/table-export';
import type { StackRow } from '../../core/snapshot/snapshot';
import { counted, grouped, latency, percent } from '../../core/text/format';
import { Line } from '../layout/line';
import { widthOf } from '../terminal/cell-width';
import type { Theme } from '../terminal/theme';
import { labelled } from './detail-lines';

/** Of the tree; the newest events below it are worth a place too. */
const MAX_LINES = 8;
const MAX_INDENT = 8;

/**
 * The calls that led to the code of a row, as a tree: `callers` from what faulted to the root, `callees` from there down.
 * Nothing where no stacks were taken.
 */
export function callerLines(
  theme: Theme,
  columns: number,
  stacks: readonly StackRow[],
  direction: Direction,
): string[] {
  if (stacks.length === 0) return [];
  const total = sumOf(stacks, ({ faults }) => faults);
  const sampled = sumOf(stacks, (stack) => stack.sampled);
  const lines = stackLines(stacks, direction, ({ faults }) => faults);
  const shown = lines.length > MAX_LINES ? lines.slice(0, MAX_LINES - 1) : lines;
  let free = MAX_LINES - lines.length;
  const drawn = shown.flatMap(({ depth, text, faults, stallNs }, i) => {
    const line = i === 0 ? labelled(theme, columns, direction) : new Line(theme, columns).to(10);
    line
      .cell(`${percent(faults / total)} %`, 7, 'right')
      .add(' ')
      .cell(latency(stallNs), 8, 'right', 'dim')
      .add(`  ${'  '.repeat(Math.min(depth, MAX_INDENT))}`);
    const indent = line.used;
    const [first, ...others] = chainParts(text, line.room, 1 + Math.max(0, free));
    free -= others.length;
    return [
      line.add(first!).end(),
      ...others.map((part) => new Line(theme, columns).to(indent).add(part).end()),
    ];
  });
  const left = lines.length - shown.length;
  if (left > 0) {
    drawn.push(
      new Line(theme, columns)
        .to(10)
        .add(`and ${counted(left, 'line')} more (w)`, 'dim')
        .end(),
    );
  }
  const lost = lostCallers(stacks);
  if (lost !== '') drawn.push(new Line(theme, columns).to(10).add(lost, 'dim').end());
  if (sampled < total) drawn.push(sampledLine(theme, columns, sampled, total));
  return drawn;
}

/** Calls without a branch, in lines that end between two of them: `most` at most, the last with what is left. */
function chainParts(text: string, width: number, most: number): string[] {
  const [first, ...calls] = text.split(LIST_SEPARATOR);
  const parts = [first!];
  for (const name of calls) {
    const last = parts.pop()!;
    const longer = `${last}${LIST_SEPARATOR}${name}`;
    // One cell for the separator that the line ends with.
    const fits = widthOf(longer) < width;
    if (fits || parts.length + 1 >= most) parts.push(longer);
    else parts.push(`${last}${LIST_SEPARATOR}`, name);
  }
  return parts;
}

/** What the shares and times of the tree are estimated from. */
function sampledLine(theme: Theme, columns: number, sampled: number, total: number): string {
  const weight = total / sampled;
  const each = weight < 10 ? weight.toFixed(1) : grouped(Math.round(weight));
  const stacks = counted(sampled, 'sampled stack');
  return new Line(theme, columns)
    .to(10)
    .add(`~ estimated from ${stacks}, each for about ${each} faults`, 'dim')
    .end();
}

function sumOf(stacks: readonly StackRow[], figure: (stack: StackRow) => number): number {
  return stacks.reduce((sum, stack) => sum + figure(stack), 0);
}

export function stackTable(stacks: readonly StackRow[]): ExportTable {
  return {
    name: 'stacks',
    columns: ['comm', 'stack', 'faults', 'stall_ns', 'sampled'],
    rows: stacks.map(({ comm, frames, faults, stallNs, sampled }) => [
      comm,
      frames.join(LIST_SEPARATOR),
      faults,
      stallNs,
      sampled,
    ]),
  };
}
