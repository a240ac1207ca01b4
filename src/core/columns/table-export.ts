import { printable, safeJson } from '../text/printable';
import type { Column } from './column';
import type { StatRow } from '../snapshot/snapshot';
import { isEstimate } from './row-columns';

/** Tables as data, for machines: what the dashboard writes, and the rows of the JSON report. */

/** Text is raw; null, like NaN, is what is not known. A list is one of names. */
type ExportValue = string | number | null | readonly string[];

/** A row as JSON has it. */
export type ExportRow = Readonly<Record<string, ExportValue>>;

export interface ExportTable {
  readonly name: string;
  /** Machine names: the ids of columns and fields. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ExportValue[])[];
}

/** What was asked for first. */
export type ExportTables = readonly [ExportTable, ...ExportTable[]];

export function rowTable<Row extends StatRow>(
  name: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): ExportTable {
  const table = {
    name,
    columns: columns.map((column) => column.id),
    rows: rows.map((row) => columns.map((column) => column.value(row))),
  };
  const estimated = columns.filter((column) => column.isEstimate === true);
  return estimated.length === 0
    ? table
    : withEstimates(table, (k) => estimatesIn(rows[k]!, estimated));
}

/** A table, of whose rows the last column says which of the others are estimates. */
export function withEstimates(
  { name, columns, rows }: ExportTable,
  of: (row: number) => readonly string[],
): ExportTable {
  return {
    name,
    columns: [...columns, 'estimates'],
    rows: rows.map((row, k) => [...row, of(k)]),
  };
}

function estimatesIn<Row extends StatRow>(row: Row, columns: readonly Column<Row>[]): string[] {
  if (!isEstimate(row)) return [];
  return columns.filter(({ value }) => !Number.isNaN(value(row))).map(({ id }) => id);
}

/**
 * RFC 4180: CRLF, fields with separators quoted, quotes doubled. Not measured is empty. Several tables are
 * set apart by an empty line, each with its header.
 */
export function exportCsv(tables: readonly ExportTable[]): string {
  return tables.map(tableCsv).join('\r\n');
}

function tableCsv(table: ExportTable): string {
  return [table.columns, ...table.rows].map(csvLine).join('');
}

/** One record of RFC 4180. */
export function csvLine(values: readonly ExportValue[]): string {
  const fields = values.map((value) => {
    const text = plain(value);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  });
  return `${fields.join(',')}\r\n`;
}

/** One object on one line. */
export function jsonLine(names: readonly string[], values: readonly ExportValue[]): string {
  const cells = names.map((name, k) => [name, jsonValue(values[k]!)]);
  return `${safeJson(JSON.stringify(Object.fromEntries(cells)))}\n`;
}

function isList(value: ExportValue): value is readonly string[] {
  return Array.isArray(value);
}

function plain(value: ExportValue): string {
  if (typeof value === 'string') return printable(value);
  if (isList(value)) return value.join(';');
  return value !== null && Number.isFinite(value) ? String(value) : '';
}

/** One document; not measured is null. `rows` are of the first table, the others go by their names. */
export function exportJson(tables: ExportTables, header: object): string {
  const [main, ...others] = tables;
  const document = {
    schema_version: 1,
    ...header,
    table: main.name,
    rows: tableObjects(main),
    ...Object.fromEntries(others.map((table) => [table.name, tableObjects(table)])),
  };
  return `${safeJson(JSON.stringify(document, null, 2))}\n`;
}

/** The rows of a table as JSON has them, by the names of its columns. */
export function tableObjects({ columns, rows }: ExportTable): ExportRow[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, k) => [column, jsonValue(row[k]!)])),
  );
}

/** JSON has no NaN: what was not measured is null. */
export function jsonValue(value: ExportValue): ExportValue {
  return typeof value === 'string' || isList(value) || Number.isFinite(value) ? value : null;
}
