import type { StatRow } from '../../core/snapshot/snapshot';
import { Line } from '../layout/line';
import { HISTORY_CELLS, historyLine } from '../layout/spark';
import type { Style, Theme } from '../terminal/theme';
import { GAP, layoutColumns, type Layout } from '../layout/columns';
import type { TableModel } from '../layout/table';
import type { Area } from './view';

/** Columns whose numbers have the meaning of a class. */
const COLUMN_STYLE: ReadonlyMap<string, Style> = new Map(
  Object.entries<Style>({
    major: 'major',
    minor: 'minor',
    cow: 'cow',
    error: 'error',
  }),
);

/**
 * A table: heading, then the rows of its window. Only what is visible is formatted. `ticks` counts the
 * refreshes, see historyLine().
 */
export function tableLines<Row extends StatRow>(
  { theme, columns, height }: Area,
  table: TableModel<Row>,
  ticks: number,
): string[] {
  const layout = tableLayout(table, columns);
  const lines = [heading(theme, columns, table, layout)];
  const rows = table.window(height - 1);
  const selected = table.selected - table.top;
  rows.forEach((row, k) => {
    lines.push(rowLine(theme, columns, row, layout, k === selected, ticks));
  });
  if (rows.length === 0) lines.push(nothingLine(theme, columns, table));
  return lines;
}

/** The first `most` rows of a table with nothing selected, and a line that sums up the rest. */
export function plainTableLines<Row extends StatRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  ticks: number,
  most: number,
): string[] {
  const layout = tableLayout(table, columns);
  const lines = [heading(theme, columns, table, layout)];
  for (const row of table.rows.slice(0, most)) {
    lines.push(rowLine(theme, columns, row, layout, false, ticks));
  }
  if (table.rows.length === 0) lines.push(nothingLine(theme, columns, table));
  if (table.rows.length > most) {
    const rest = table.rows.slice(most);
    const faults = rest.reduce((sum, row) => sum + row.faults, 0);
    lines.push(
      ` and ${rest.length} more rows with ${faults} faults (this text has the first ${most}; w writes all)`,
    );
  }
  return lines;
}

function nothingLine(theme: Theme, columns: number, { total }: { readonly total: number }): string {
  const why = total === 0 ? 'no faults yet' : `none of ${total} rows pass the filter`;
  return new Line(theme, columns).add(`  ${why}`, 'dim').end();
}

function tableLayout<Row extends StatRow>(table: TableModel<Row>, columns: number): Layout<Row> {
  // The first cell marks the selection.
  return layoutColumns(table.columns, columns - 1, table.columnNeeds());
}

/** Ids of the columns one sees, in order: what < and > step through. */
export function visibleColumns<Row extends StatRow>(
  table: TableModel<Row>,
  columns: number,
): string[] {
  return tableLayout(table, columns).columns.map((placed) => placed.column.id);
}

function heading<Row extends StatRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  layout: Layout<Row>,
): string {
  const line = new Line(theme, columns).add(' ');
  layout.columns.forEach(({ column, width }, k) => {
    if (k > 0) line.add(' '.repeat(GAP));
    const sorted = column === table.sortColumn;
    const descending = (column.align === 'right') !== table.reverse;
    const mark = sorted ? (descending ? theme.glyphs.down : theme.glyphs.up) : '';
    line.cell(column.title + mark, width, column.align, sorted ? 'active' : 'strong');
  });
  if (layout.history) line.add(' ').cell('HISTORY', HISTORY_CELLS, 'left', 'strong');
  return line.end();
}

function rowLine<Row extends StatRow>(
  theme: Theme,
  columns: number,
  row: Row,
  layout: Layout<Row>,
  selected: boolean,
  ticks: number,
): string {
  const line = new Line(theme, columns);
  // One style for the whole line: an inner reset would end the inverse.
  const style = (wanted: Style): Style => (selected ? 'selected' : wanted);
  line.add(selected ? '>' : ' ', style('plain'));
  layout.columns.forEach(({ column, width }, k) => {
    if (k > 0) line.add(' '.repeat(GAP), style('plain'));
    const text = column.format(row);
    const coloured = text === '0' ? undefined : COLUMN_STYLE.get(column.id);
    line.cell(
      text === '0' ? theme.glyphs.zero : text,
      width,
      column.align,
      style(coloured ?? 'plain'),
    );
  });
  if (layout.history) line.add(` ${historyLine(row.history, ticks, theme.glyphs)}`, style('plain'));
  if (selected) line.to(columns, ' ', 'selected');
  return line.end();
}
