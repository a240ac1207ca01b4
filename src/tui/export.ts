import { printable, safeJson } from '../core/text';

/** What is on the screen as a table, with raw values. */
export interface ExportTable {
  readonly name: string;
  /** Machine names, as in the JSON report. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export type ExportFormat = 'text' | 'csv' | 'json';

/** By the extension of the file: .csv, .json, anything else is text. */
export function exportFormat(path: string): ExportFormat {
  if (/\.csv$/i.test(path)) return 'csv';
  return /\.json$/i.test(path) ? 'json' : 'text';
}

/** RFC 4180: CRLF, fields with separators quoted, quotes doubled. Not measured is empty. */
export function exportCsv(table: ExportTable): string {
  const field = (value: string | number): string => {
    const text = plain(value);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [table.columns, ...table.rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** One document; not measured is null. */
export function exportJson(table: ExportTable, header: object): string {
  const rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map((column, k) => [column, jsonValue(row[k]!)])),
  );
  const document = { schema_version: 1, ...header, table: table.name, rows };
  return `${safeJson(JSON.stringify(document, null, 2))}\n`;
}

function plain(value: string | number): string {
  if (typeof value === 'string') return printable(value);
  return Number.isFinite(value) ? String(value) : '';
}

function jsonValue(value: string | number): string | number | null {
  return typeof value === 'string' || Number.isFinite(value) ? value : null;
}
