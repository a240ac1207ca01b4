import type { Column } from '../../core/columns/column';
import type { StatRow } from '../../core/snapshot/snapshot';
import { HISTORY_CELLS } from './spark';

/** A column with the cells it was given. */
interface Placed<Row extends StatRow> {
  readonly column: Column<Row>;
  readonly width: number;
}
export interface Layout<Row extends StatRow> {
  readonly columns: readonly Placed<Row>[];
  /** Whether there is room for a history per row. */
  readonly history: boolean;
}

/** What the rows of a table make of its columns, by their ids. */
export interface ColumnNeeds {
  /** There is no history. */
  readonly still: boolean;
  /** By which the rows are sorted: it has room for its title and the mark behind it. */
  readonly sorted: string;
  /** They do not give way. */
  readonly wanted: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  /** They say the same in every row, and give way first. */
  readonly idle: ReadonlySet<string>;
}

/** Between columns. */
export const GAP = 1;
/** What most labels need, before columns give way. */
const NAME_WANTS = 24;
/** What nearly all need (`ld-linux-x86-64.so.2 .text`), before the history gets room. */
const NAME_LIKES = 26;
/** Columns that are lighter give way to the history. */
const HISTORY_WEIGHT = 30;
/** The first column (the row's name) takes what is left, up to this. */
const NAME_MAX = 60;

/**
 * Which columns fit: the lightest give way first, except those that are wanted. What is left
 * goes to a history per row and to the first column.
 */
export function layoutColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  width: number,
  { still, sorted, wanted, hidden, idle }: ColumnNeeds,
): Layout<Row> {
  const chosen = new Set(columns.filter(({ id }) => !hidden.has(id) || id === sorted));
  const name = columns[0]!;
  const stretches = name.align === 'left';
  const widthOf = ({ id, width: cells, title }: Column<Row>): number =>
    id === sorted ? Math.max(cells, title.length + 1) : cells;
  // A label cut to half its length says less than the lightest column: it gets its room first.
  const nameWidth = stretches
    ? Math.max(name.width, Math.min(NAME_WANTS, Math.floor(width / 3)))
    : widthOf(name);
  const cellsOf = (column: Column<Row>): number =>
    (column === name ? nameWidth : widthOf(column)) + GAP;
  let need = -GAP;
  for (const column of chosen) need += cellsOf(column);
  const leaveOut = (column: Column<Row>): void => {
    if (chosen.delete(column)) need -= cellsOf(column);
  };
  const weight = (column: Column<Row>): number =>
    column.id === sorted || wanted.has(column.id)
      ? 1000 + column.weight
      : idle.has(column.id)
        ? column.weight - 1000
        : column.weight;
  const removable = [...chosen]
    .filter((column) => column !== name && column.id !== sorted)
    .sort((a, b) => weight(a) - weight(b));
  for (const column of removable) {
    if (need <= width) break;
    leaveOut(column);
  }
  const light = removable.filter((column) => chosen.has(column) && weight(column) < HISTORY_WEIGHT);
  const liked = stretches ? Math.max(0, NAME_LIKES - nameWidth) : 0;
  const wants = HISTORY_CELLS + GAP + liked;
  if (!still && light.reduce((sum, column) => sum + widthOf(column) + GAP, width - need) >= wants) {
    for (const column of light) {
      if (width - need >= wants) break;
      leaveOut(column);
    }
  }
  let spare = width - need;
  // The name first gets what most labels need, then the history, then the name the rest.
  const first = Math.min(Math.max(0, spare), liked);
  spare -= first;
  const history = !still && spare >= HISTORY_CELLS + GAP;
  if (history) spare -= HISTORY_CELLS + GAP;
  const more = stretches ? first + Math.max(0, Math.min(spare, NAME_MAX - nameWidth - first)) : 0;
  const placed = [...chosen].map((column) => ({
    column,
    width: column === name ? Math.max(1, Math.min(width, nameWidth + more)) : widthOf(column),
  }));
  return { columns: placed, history };
}
