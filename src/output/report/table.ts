import type { Column } from '../../core/columns/column';
import type { StatRow } from '../../core/snapshot/snapshot';
import { counted, grouped, latency } from '../../core/text/format';
import { printable } from '../../core/text/printable';

const MAX_TEXT = 60;

/** Rows as aligned lines under a heading. */
export function tableLines<Row extends StatRow>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => columns.map((column) => printable(column.format(row), MAX_TEXT)));
  const titles = columns.map((column) => column.title);
  const aligns = columns.map(({ align }) => align);
  return alignedLines([titles, ...cells], aligns).map((line) => `  ${line}`.trimEnd());
}

/** Cells as lines, each column as wide as its widest cell. */
export function alignedLines(
  cells: readonly (readonly string[])[],
  aligns: readonly ('left' | 'right')[],
): string[] {
  const widths = aligns.map((_, c) =>
    cells.reduce((width, line) => Math.max(width, line[c]!.length), 0),
  );
  return cells.map((line) =>
    line
      .map((text, c) =>
        aligns[c] === 'left' ? text.padEnd(widths[c]!) : text.padStart(widths[c]!),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** The rows that a table has no room for, in one line: with it its numbers add up. */
export function restLine(rows: readonly StatRow[], timed: boolean): string {
  let [all, stallNs] = [0, 0];
  for (const row of rows) {
    all += row.faults;
    stallNs += row.stallNs;
  }
  const stalled = timed ? `, ${latency(stallNs)} stalled` : '';
  const faults = counted(all, 'fault');
  return `  and ${grouped(rows.length)} more with ${faults}${stalled}`;
}
