import type { TimeGrid } from '../../core/stats/over-time';
import { clock } from '../../core/text/format';
import type { Theme } from '../terminal/theme';
import { axis, indexAt, widestSpanOf, type Span } from './graph';
import { Line } from './line';

/** A picture of counts: rows of a grid from the top, columns in time. */
export interface HeatMap {
  readonly grid: TimeGrid;
  /** Of each line the rows of the grid that are summed up in it: from, and up to (exclusive). */
  readonly lines: readonly { readonly label: string; readonly from: number; readonly to: number }[];
  /** Sums of a column, by rows: another one than the column itself, where several are put together. */
  readonly rows: (column: ArrayLike<number>) => ArrayLike<number>;
}

/** Where a map was drawn: cells in front of its columns, and which columns these are. */
export interface HeatPlace {
  readonly gutter: number;
  readonly span: Span;
}

/** The column of a grid, by its number, in a cell of a line; null where there is none. */
export function columnAt({ gutter, span }: HeatPlace, grid: TimeGrid, cell: number): number | null {
  const at = Math.floor((cell - gutter) / span.each);
  const column = span.first + at;
  return at < 0 || at >= span.columns || timeOf(grid, column) === null ? null : column;
}

/** When a column of a grid, by its number, ended, ns; null where it is not kept. */
export function timeOf({ times, count }: TimeGrid, column: number): number | null {
  return times[column - (count - times.length)] ?? null;
}

/** A line that points at a column: nothing where that is not drawn. */
export function pointer(
  theme: Theme,
  columns: number,
  { gutter, span }: HeatPlace,
  column: number,
  text: string,
): string[] {
  const at = column - span.first;
  if (at < 0 || at >= span.columns) return [];
  const cell = gutter + at * span.each;
  const room = columns - cell - 2;
  const line = new Line(theme, columns);
  const words = text.length <= room ? `${theme.glyphs.up} ${text}` : `${text} ${theme.glyphs.up}`;
  return [
    line
      .to(text.length <= room ? cell : cell - text.length - 1)
      .add(words, 'strong')
      .end(),
  ];
}

/** Its lines with a time axis below, the largest count of a cell, and where it is. */
export function heatMapLines(
  theme: Theme,
  columns: number,
  { grid, lines, rows }: HeatMap,
): { readonly lines: string[]; readonly peak: number; readonly place: HeatPlace } {
  const scale = Math.max(...lines.map(({ label }) => label.length)) + 2;
  const room = Math.max(1, columns - scale - 1);
  const span = widestSpanOf(grid.count, room);
  // Cells that are too few for another column stand in front of the first.
  const gutter = scale + room - span.columns * span.each;
  const counts = countsOf(grid, span, rows);
  const cells = lines.map(({ from, to }) => counts.map((column) => sum(column, from, to)));
  const peak = Math.max(0, ...cells.flat());
  const drawn = lines.map(({ label }, k) =>
    new Line(theme, columns)
      .cell(label, scale - 1, 'right', 'dim')
      .add(theme.glyphs.tick, 'dim')
      .to(gutter)
      .add(cells[k]!.map((n) => darkness(theme, n, peak).repeat(span.each)).join(''), 'heat')
      .end(),
  );
  const marks = axis(span, (sample) => {
    const time = timeOf(grid, sample);
    return time === null ? '' : clock(time);
  });
  const corner = new Line(theme, columns).to(scale - 1).add(theme.glyphs.corner, 'dim');
  const below = corner.to(gutter).add(marks, 'dim');
  return { lines: [...drawn, below.end()], peak, place: { gutter, span } };
}

/** Sums by rows of each column that is drawn. */
function countsOf({ columns }: TimeGrid, span: Span, rows: HeatMap['rows']): ArrayLike<number>[] {
  return Array.from({ length: span.columns }, (_, k) => {
    const column = columns[indexAt(span, k, columns.length)];
    return column === undefined ? [] : rows(column);
  });
}

function sum(counts: ArrayLike<number>, from: number, to: number): number {
  let total = 0;
  for (let row = from; row < to; row++) total += counts[row] ?? 0;
  return total;
}

/** Counts by their logarithm: one fault is seen beside a million, and ten are told from a hundred. */
function darkness({ glyphs }: Theme, count: number, peak: number): string {
  if (!(count > 0)) return ' ';
  const steps = glyphs.darker.length;
  const share = peak > 1 ? Math.log(count) / Math.log(peak) : 1;
  return glyphs.darker.charAt(Math.min(steps - 1, Math.floor(share * steps)));
}
