import { printable, safeJson } from '../../core/text/printable';

/** Text is raw; null, like NaN, is what is not known. */
type ExportValue = string | number | null;

/** What is on the screen as a table, with raw values. */
export interface ExportTable {
  readonly name: string;
  /** Machine names, as in the JSON report. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ExportValue[])[];
}

export type ExportFormat = 'text' | 'csv' | 'json';

/** By the extension of the file: .csv, .json, anything else is text. */
export function exportFormat(path: string): ExportFormat {
  if (/\.csv$/i.test(path)) return 'csv';
  return /\.json$/i.test(path) ? 'json' : 'text';
}

/**
 * RFC 4180: CRLF, fields with separators quoted, quotes doubled. Not measured is empty. Several tables are
 * set apart by an empty line, each with its header.
 */
export function exportCsv(tables: readonly ExportTable[]): string {
  return tables.map(tableCsv).join('\r\n');
}

function tableCsv(table: ExportTable): string {
  const field = (value: ExportValue): string => {
    const text = plain(value);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [table.columns, ...table.rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** One document; not measured is null. `rows` are of the first table, the others go by their names. */
export function exportJson(
  tables: readonly [ExportTable, ...ExportTable[]],
  header: object,
): string {
  const [main, ...others] = tables;
  const document = {
    schema_version: 1,
    ...header,
    table: main.name,
    rows: jsonRows(main),
    ...Object.fromEntries(others.map((table) => [table.name, jsonRows(table)])),
  };
  return `${safeJson(JSON.stringify(document, null, 2))}\n`;
}

function jsonRows({ columns, rows }: ExportTable): object[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, k) => [column, jsonValue(row[k]!)])),
  );
}

function plain(value: ExportValue): string {
  if (typeof value === 'string') return printable(value);
  return value !== null && Number.isFinite(value) ? String(value) : '';
}

function jsonValue(value: ExportValue): ExportValue {
  return typeof value === 'string' || Number.isFinite(value) ? value : null;
}
