import type { Column } from '../../core/columns/column';
import type { StatRow } from '../../core/snapshot/snapshot';

/** Columns that tell rows of one name apart, the most telling first. */
const TELLING = ['comm', 'permissions', 'start', 'line'];

/**
 * What stands behind a name that several of the rows in sight have, of columns that there is no room for: the
 * first in which these rows differ. '' where names differ, or nothing else does.
 */
export function tellApart<Row extends StatRow>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  placed: ReadonlySet<string>,
): (row: Row) => string {
  const name = columns[0]!;
  const hidden = columns.filter(({ id }) => TELLING.includes(id) && !placed.has(id));
  hidden.sort((a, b) => TELLING.indexOf(a.id) - TELLING.indexOf(b.id));
  if (name.align !== 'left' || hidden.length === 0) return () => '';
  const first = new Map<string | number | null, Row>();
  const telling = new Map<string | number | null, Set<Column<Row>>>();
  for (const row of rows) {
    const text = name.value(row);
    const other = first.get(text);
    if (other === undefined) {
      first.set(text, row);
      continue;
    }
    const differing = telling.get(text) ?? new Set();
    telling.set(text, differing);
    for (const column of hidden) {
      if (column.value(row) !== column.value(other)) differing.add(column);
    }
  }
  return (row) => {
    const differing = telling.get(name.value(row));
    if (differing === undefined) return '';
    const column = hidden.find((candidate) => differing.has(candidate));
    return column?.format(row) ?? '';
  };
}
