import { counted } from '../../core/text/format';
import { TITLES } from '../../core/columns/titles';
import { RowGroup, type GroupableRow } from '../../core/snapshot/groups';
import { Line } from '../layout/line';
import { HISTORY_CELLS, historyLine } from '../layout/spark';
import type { Style, Theme } from '../terminal/theme';
import { GAP, layoutColumns, type Layout } from '../layout/columns';
import { tellApart } from '../layout/names';
import type { TableModel } from '../layout/table';
import type { Tagged } from '../layout/tags';
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

/** Cells before the first column: whether a row is a group, or stands for itself below one. */
const GUTTER = 2;

/** Before it: what of a row is tagged. */
const TAG_MARK: Readonly<Record<Tagged, string>> = { all: '*', some: ':', none: ' ' };

/** Where a family shows who stands below whom. */
const NAME_COLUMN = 'comm';

interface CellForm {
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** How the rows of a table are drawn. */
interface Drawing<Row extends GroupableRow> {
  readonly theme: Theme;
  readonly columns: number;
  readonly table: TableModel<Row>;
  readonly layout: Layout<Row>;
  /** Of the cells of each column that are not 0; undefined: as all the rest. */
  readonly looks: readonly (Style | undefined)[];
  /** See tellApart(). */
  readonly besides: (row: Row) => string;
  /** See historyLine(). */
  readonly ticks: number;
}

function drawing<Row extends GroupableRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  rows: readonly Row[],
  ticks: number,
): Drawing<Row> {
  const layout = tableLayout(table, columns);
  const placed = new Set(layout.columns.map(({ column }) => column.id));
  return {
    theme,
    columns,
    table,
    layout,
    looks: layout.columns.map(({ column }) => COLUMN_STYLE.get(column.id)),
    besides: tellApart(rows, table.columns, placed),
    ticks,
  };
}

/**
 * A table: heading, then the rows of its window. Only what is visible is formatted. `ticks` counts the
 * refreshes, see historyLine(); `waiting` is said where there was no fault yet.
 */
export function tableLines<Row extends GroupableRow>(
  { theme, columns, height }: Area,
  table: TableModel<Row>,
  ticks: number,
  waiting: string,
): string[] {
  const rows = table.window(height - table.headLines);
  const how = drawing(theme, columns, table, rows, ticks);
  const lines = headLines(how);
  const selected = table.selected - table.top;
  rows.forEach((row, k) => {
    lines.push(rowLine(how, row, k === selected));
  });
  if (rows.length === 0) lines.push(nothingLine(theme, columns, table, waiting));
  return lines;
}

/** The first `most` rows of a table with nothing selected, and a line that sums up the rest. */
export function plainTableLines<Row extends GroupableRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  ticks: number,
  waiting: string,
  most: number,
): string[] {
  const rows = table.rows.slice(0, most);
  const how = drawing(theme, columns, table, rows, ticks);
  const lines = headLines(how);
  for (const row of rows) lines.push(rowLine(how, row, false));
  if (table.rows.length === 0) lines.push(nothingLine(theme, columns, table, waiting));
  if (table.rows.length > most) {
    // What an opened group stands for is in the group's numbers already.
    const rest = table.rows.slice(most).filter((row) => table.tree.parentOf(row) === null);
    const faults = rest.reduce((sum, row) => sum + row.faults, 0);
    // Of two runs there is no one number.
    const having = table.sum === null ? ` with ${counted(faults, 'fault')}` : '';
    lines.push(
      ` and ${counted(rest.length, 'more row')}${having} (this text has the first ${most}; w writes all)`,
    );
  }
  return lines;
}

function nothingLine(
  theme: Theme,
  columns: number,
  { total }: { readonly total: number },
  waiting: string,
): string {
  const none =
    total === 1 ? 'the one row does not pass the filter' : `none of ${total} rows pass the filter`;
  const why = total === 0 ? waiting : none;
  return new Line(theme, columns).add(`  ${why}`, 'dim').end();
}

function gutterOf<Row extends GroupableRow>({ tree, tags }: TableModel<Row>): number {
  return (tree.hasGroups ? GUTTER : 0) + ((tags?.count ?? 0) > 0 ? 1 : 0);
}

function tableLayout<Row extends GroupableRow>(
  table: TableModel<Row>,
  columns: number,
): Layout<Row> {
  // The first cell marks the selection.
  const width = columns - 1 - gutterOf(table);
  return layoutColumns(table.columns, width, table.columnNeeds());
}

/** Ids of the columns one sees, in order: what < and > step through. */
export function visibleColumns<Row extends GroupableRow>(
  table: TableModel<Row>,
  columns: number,
): string[] {
  return tableLayout(table, columns).columns.map((placed) => placed.column.id);
}

/** The id of the column whose title stands at a cell of the heading, null for none. */
export function columnAt<Row extends GroupableRow>(
  table: TableModel<Row>,
  columns: number,
  cell: number,
): string | null {
  let end = 1 + gutterOf(table);
  if (cell < end) return null;
  const found = tableLayout(table, columns).columns.find(
    ({ width }) => cell < (end += width + GAP),
  );
  return found?.column.id ?? null;
}

/** The heading, and below it what all rows have together. */
function headLines<Row extends GroupableRow>(how: Drawing<Row>): string[] {
  const { sum } = how.table;
  return sum === null ? [heading(how)] : [heading(how), rowLine(how, sum, false)];
}

function heading<Row extends GroupableRow>({
  theme,
  columns,
  table,
  layout,
}: Drawing<Row>): string {
  const line = new Line(theme, columns).add(' '.repeat(1 + gutterOf(table)));
  layout.columns.forEach(({ column, width }, k) => {
    if (k > 0) line.add(' '.repeat(GAP));
    const sorted = column === table.sortColumn;
    const descending = (column.align === 'right') !== table.reverse;
    const mark = sorted ? (descending ? theme.glyphs.down : theme.glyphs.up) : '';
    line.cell(column.title + mark, width, column.align, sorted ? 'active' : 'strong');
  });
  if (layout.history)
    line.add(' ').cell(TITLES.columns.history.title, HISTORY_CELLS, 'left', 'strong');
  return line.end();
}

function tagMark<Row extends GroupableRow>({ tags }: TableModel<Row>, row: Row): string {
  return tags === null || tags.count === 0 ? '' : TAG_MARK[tags.of(row)];
}

function gutterMark<Row extends GroupableRow>(
  { theme: { glyphs }, table: { tree } }: Drawing<Row>,
  row: Row,
): string {
  if (!tree.hasGroups) return '';
  if (row instanceof RowGroup) return `${tree.isOpen(row) ? glyphs.open : glyphs.closed} `;
  return tree.parentOf(row) === null ? '  ' : `${glyphs.below} `;
}

/** In a family the name stands the further to the right the more are above it. */
function indent<Row extends GroupableRow>(
  { theme, table: { tree } }: Drawing<Row>,
  column: string,
  row: Row,
): string {
  const depth = column === NAME_COLUMN ? tree.depthOf(row) : 0;
  return depth === 0 ? '' : `${' '.repeat(depth - 1)}${theme.glyphs.corner} `;
}

function rowLine<Row extends GroupableRow>(how: Drawing<Row>, row: Row, selected: boolean): string {
  const { theme, columns, table, layout, besides, ticks } = how;
  const line = new Line(theme, columns);
  const ended = table.hasEnded(row);
  // One style for the whole line: an inner reset would end the inverse.
  const style = (wanted: Style): Style => (selected ? 'selected' : ended ? 'dim' : wanted);
  line.add(selected ? '>' : ' ', style('plain')).add(tagMark(table, row), style('active'));
  line.add(gutterMark(how, row), style('dim'));
  layout.columns.forEach(({ column, width }, k) => {
    const text = indent(how, column.id, row) + column.format(row);
    if (k === 0) {
      nameCell(line, text, besides(row), { width, align: column.align }, style);
      return;
    }
    const isZero = text === '0' || text === '0ns';
    const look = style((isZero ? undefined : how.looks[k]) ?? 'plain');
    furtherCell(
      line,
      isZero ? theme.glyphs.zero : text,
      { width, align: column.align },
      look,
      style('plain'),
    );
  });
  if (layout.history) line.add(` ${historyLine(row.history, ticks, theme.glyphs)}`, style('plain'));
  if (selected) line.to(columns, ' ', 'selected');
  return line.end();
}

/** A cell that is not the first of its line, and the gap before it. */
function furtherCell(
  line: Line,
  text: string,
  { width, align }: CellForm,
  look: Style,
  gap: Style,
): void {
  // Nearly all cells are that: one piece of text is drawn faster than two.
  if (look === gap && align === 'right' && text.length <= width) {
    line.figure(text, GAP + width, look);
    return;
  }
  line.add(' '.repeat(GAP), gap);
  if (align === 'right') line.figure(text, width, look);
  else line.cell(text, width, align, look);
}

/** The name of a row, cut so that what tells it from the next stays. */
function nameCell(
  line: Line,
  name: string,
  besides: string,
  { width, align }: CellForm,
  style: (wanted: Style) => Style,
): void {
  if (besides === '') {
    line.cell(name, width, align, style('plain'));
    return;
  }
  const kept = Math.min(name.length, Math.max(8, width - besides.length - 1));
  line.cell(name, kept, align, style('plain')).add(' ', style('plain'));
  line.cell(besides, width - kept - 1, align, style('dim'));
}
