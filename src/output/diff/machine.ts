import type { ComparedRow, Comparison } from '../../core/compare/compare';
import { comparisonFacts } from '../../core/compare/head';
import { COMPARE_FIELDS } from '../../core/columns/compare-columns';
import { csvLine, jsonValue } from '../../core/columns/table-export';
import { safeJson } from '../../core/text/printable';

/** Rises when a key changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/** One JSON document on one line. */
export function diffJson(comparison: Comparison, by: string, version: string): string {
  const { total, rows } = comparison;
  const document = {
    schema_version: SCHEMA_VERSION,
    tool: { name: 'pagefault-analyzer', version },
    by,
    ...comparisonFacts(comparison),
    total: rowPart(total),
    rows: rows.map(rowPart),
  };
  return `${safeJson(JSON.stringify(document))}\n`;
}

/** The total, then the rows, with a header (RFC 4180). */
export function diffCsv({ total, rows }: Comparison): string {
  const header = csvLine(COMPARE_FIELDS.map(({ id }) => id));
  const lines = [total, ...rows].map((row) =>
    csvLine(COMPARE_FIELDS.map(({ value }) => value(row))),
  );
  return [header, ...lines].join('');
}

function rowPart(row: ComparedRow): object {
  const fields = COMPARE_FIELDS.map(({ id, value }) => [
    id,
    // In JSON there are words for it.
    id === 'same' ? row.same : jsonValue(value(row)),
  ]);
  return Object.fromEntries(fields) as object;
}
