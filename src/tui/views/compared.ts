import { COMPARE_COLUMNS, COMPARE_FIELDS } from '../../core/columns/compare-columns';
import type { Column } from '../../core/columns/column';
import type { ComparedRow, Comparison } from '../../core/compare/compare';
import type { Compared } from '../../core/compare/run-facts';
import { nameTest } from '../../core/filter/name-test';
import type { GroupableRow } from '../../core/snapshot/groups';
import type { Scene } from '../state/scene';
import { ComparedDetail } from './compared-detail';
import { TableView } from './table-view';
import type { ViewEntry } from './view';

/** By so much the columns of what rows are ordered by outweigh those of the other quantity. */
const OF_ORDER = 50;

/** A row of a comparison in a table of the dashboard. */
export type ChangeRow = GroupableRow & { readonly compared: ComparedRow };

/** Two runs beside each other, by what `by` says. */
export function comparedView(by: Compared, title: string): ViewEntry {
  const name = `diff-${by}`;
  return {
    name,
    title,
    make: (scene, navigation) => {
      const comparison = scene.source.comparisons![by];
      const { rows, sum } = rowsOf(scene, comparison);
      const table = scene.table<ChangeRow>(
        {
          columns: columnsOf(comparison, by.toUpperCase()),
          sortBy: `${comparison.sort}_difference`,
          sum,
          still: true,
          keeps: () => true,
          // They are there, but say nothing: x hides them, too.
          hasEnded: ({ compared }) => compared.same,
        },
        () => rows,
        (_, filter) => {
          const test = nameTest(filter);
          return { passes: (row) => test(row.compared.name), whole: () => true };
        },
      );
      const detail = ({ compared }: ChangeRow): ComparedDetail =>
        new ComparedDetail(`${name}-row`, comparison, compared);
      return new TableView(name, scene, navigation, table, detail, null, undefined, (written) => ({
        name,
        columns: COMPARE_FIELDS.map(({ id }) => id),
        rows: written.map(({ compared }) => COMPARE_FIELDS.map(({ value }) => value(compared))),
      }));
    },
  };
}

/** Its rows: what one run alone has of a row, a comparison has not. */
function rowsOf(
  scene: Scene,
  { rows, total }: Comparison,
): { readonly rows: readonly ChangeRow[]; readonly sum: ChangeRow } {
  const nothing: GroupableRow = {
    ...scene.picture.snapshot.totals,
    ...{ members: 1, sumsUp: '', revision: 0, identity: 0, history: [] },
    addLatencies: () => 0,
    addHistory: () => 0,
  };
  const row = (compared: ComparedRow, k: number): ChangeRow => ({
    ...nothing,
    id: k + 1,
    compared,
  });
  return { rows: rows.map(row), sum: row(total, rows.length) };
}

/** Those that say something of some row. */
function columnsOf({ rows, total, sort }: Comparison, title: string): readonly Column<ChangeRow>[] {
  const all = [total, ...rows];
  return COMPARE_COLUMNS.filter(({ value }) =>
    all.some((row) => typeof value(row) === 'string' || !Number.isNaN(value(row))),
  ).map(({ value, format, order, ...column }) => ({
    ...column,
    ...(column.id === 'name' ? { title } : {}),
    weight: column.weight + (column.id.startsWith(sort) ? OF_ORDER : 0),
    ...(order === undefined ? {} : { order: ({ compared }) => order(compared) }),
    value: ({ compared }) => value(compared),
    format: ({ compared }) => format(compared),
  }));
}
