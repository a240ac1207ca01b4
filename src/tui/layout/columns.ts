import type { Column } from '../../core/columns/row-columns';
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

/** Between columns. */
export const GAP = 1;
/** What most labels need, before columns give way. */
const NAME_WANTS = 24;
/** What nearly all need (`ld-linux-x86-64.so.2 .text`), before the history gets room. */
const NAME_LIKES = 26;
/** The first column (the row's name) takes what is left, up to this. */
const NAME_MAX = 60;

/**
 * Which columns fit: the lightest give way first, except those that are wanted. What is left
 * goes to a history per row and to the first column.
 */
export function layoutColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  width: number,
  wanted: ReadonlySet<string>,
  hidden: ReadonlySet<string>,
): Layout<Row> {
  const chosen = new Set(columns.filter((column) => !hidden.has(column.id)));
  const name = columns[0]!;
  const stretches = name.align === 'left';
  // A label cut to half its length says less than the lightest column: it gets its room first.
  const nameWidth = stretches
    ? Math.max(name.width, Math.min(NAME_WANTS, Math.floor(width / 3)))
    : name.width;
  const need = (): number =>
    [...chosen].reduce(
      (sum, column) => sum + (column === name ? nameWidth : column.width) + GAP,
      -GAP,
    );
  const removable = [...chosen]
    .filter((column) => column !== name && !wanted.has(column.id))
    .sort((a, b) => a.weight - b.weight);
  for (const column of removable) {
    if (need() <= width) break;
    chosen.delete(column);
  }
  let spare = width - need();
  // The name first gets what most labels need, then the history, then the name the rest.
  const first = stretches ? Math.max(0, Math.min(spare, NAME_LIKES - nameWidth)) : 0;
  spare -= first;
  const history = spare >= HISTORY_CELLS + GAP;
  if (history) spare -= HISTORY_CELLS + GAP;
  const more = stretches ? first + Math.max(0, Math.min(spare, NAME_MAX - nameWidth - first)) : 0;
  const placed = [...chosen].map((column) => ({
    column,
    width: column === name ? Math.max(1, Math.min(width, nameWidth + more)) : column.width,
  }));
  return { columns: placed, history };
}
