import type { Column } from '../core/columns';
import { grouped } from '../core/format';
import type { StatRow } from '../core/snapshot';
import { printable } from '../core/text';

const MAX_TEXT = 60;

/** Rows as aligned lines under a heading; at most `max` of them and a line for the rest. */
export function tableLines<Row extends StatRow>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  max: number,
): string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, max);
  const cells = shown.map((row) =>
    columns.map((column) => printable(column.format(row), MAX_TEXT)),
  );
  const widths = columns.map((column, c) =>
    cells.reduce((width, line) => Math.max(width, line[c]!.length), column.title.length),
  );
  const line = (texts: readonly string[]): string =>
    `  ${texts
      .map((text, c) =>
        columns[c]!.align === 'left' ? text.padEnd(widths[c]!) : text.padStart(widths[c]!),
      )
      .join('  ')}`.trimEnd();
  const lines = [line(columns.map((column) => column.title)), ...cells.map(line)];
  if (rows.length > max) {
    const rest = rows.slice(max);
    const faults = rest.reduce((sum, row) => sum + row.faults, 0);
    lines.push(`  and ${grouped(rest.length)} more with ${grouped(faults)} faults`);
  }
  return lines;
}
