import type { Column } from '../../core/columns/column';
import type { StatRow } from '../../core/snapshot/snapshot';
import { printable } from '../../core/text/printable';

const MAX_TEXT = 60;

/** Rows as aligned lines under a heading. */
export function tableLines<Row extends StatRow>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => columns.map((column) => printable(column.format(row), MAX_TEXT)));
  const widths = columns.map((column, c) =>
    cells.reduce((width, line) => Math.max(width, line[c]!.length), column.title.length),
  );
  const line = (texts: readonly string[]): string =>
    `  ${texts
      .map((text, c) =>
        columns[c]!.align === 'left' ? text.padEnd(widths[c]!) : text.padStart(widths[c]!),
      )
      .join('  ')}`.trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)];
}
