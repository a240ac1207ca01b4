import type { ComparedRow, Comparison } from '../../core/compare/compare';
import { comparisonHead } from '../../core/compare/head';
import type { Column } from '../../core/columns/column';
import { COMPARE_COLUMNS } from '../../core/columns/compare-columns';
import { grouped } from '../../core/text/format';
import { printable } from '../../core/text/printable';
import { alignedLines } from '../report/table';

/** Rows that are printed; JSON and CSV have all. */
const MAX_ROWS = 40;
const MAX_NAME = 50;

/** The comparison for people: what is compared, the total, the rows with the largest change. */
export function diffText(comparison: Comparison, title: string): string {
  const { rows, total } = comparison;
  const columns = shownColumns(comparison, title);
  const shown = rows.slice(0, MAX_ROWS);
  const lines = tableOf([total, ...shown], columns);
  const rest = rows.length - shown.length;
  if (rest > 0) lines.push(`and ${grouped(rest)} more with smaller changes`);
  return [...comparisonHead(comparison), '', ...lines].map((line) => `${line}\n`).join('');
}

/** Those with a value in some row. */
function shownColumns({ rows, total }: Comparison, title: string): Column<ComparedRow>[] {
  const all = [total, ...rows];
  return COMPARE_COLUMNS.filter(({ value }) =>
    all.some((row) => typeof value(row) === 'string' || !Number.isNaN(value(row))),
  ).map((column) => (column.id === 'name' ? { ...column, title } : column));
}

function tableOf(rows: readonly ComparedRow[], columns: readonly Column<ComparedRow>[]): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ format }) => printable(format(row), MAX_NAME))),
  ];
  return alignedLines(
    cells,
    columns.map(({ align }) => align),
  );
}
