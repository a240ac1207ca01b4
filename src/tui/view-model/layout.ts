import type { Column } from '../../core/columns';
import type { StatRow } from '../../core/snapshot';
import { HISTORY_CELLS } from '../spark';

/** A column with the cells it was given. */
export interface Placed<Row extends StatRow> {
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
/** The first column (the row's name) takes what is left, up to this. */
const NAME_MAX = 60;

/**
 * Which columns fit: the lightest give way first, except the one the table is sorted by. What is left
 * goes to a history per row and to the first column.
 */
export function layoutColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  width: number,
  sortedBy: string,
  hidden: ReadonlySet<string>,
): Layout<Row> {
  const chosen = new Set(columns.filter((column) => !hidden.has(column.id)));
  const need = (): number => [...chosen].reduce((sum, column) => sum + column.width + GAP, -GAP);
  const removable = [...chosen]
    .filter((column) => column !== columns[0] && column.id !== sortedBy)
    .sort((a, b) => a.weight - b.weight);
  for (const column of removable) {
    if (need() <= width) break;
    chosen.delete(column);
  }
  let spare = width - need();
  const name = columns[0]!;
  const stretches = name.align === 'left';
  // The name first gets what most labels need, then the history, then the name the rest.
  const first = stretches ? Math.max(0, Math.min(spare, 30 - name.width)) : 0;
  spare -= first;
  const history = spare >= HISTORY_CELLS + GAP;
  if (history) spare -= HISTORY_CELLS + GAP;
  const more = stretches ? first + Math.max(0, Math.min(spare, NAME_MAX - name.width - first)) : 0;
  const placed = [...chosen].map((column) => ({
    column,
    width: column === name ? Math.max(1, Math.min(width, name.width + more)) : column.width,
  }));
  return { columns: placed, history };
}
