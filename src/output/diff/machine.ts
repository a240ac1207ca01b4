import type { ComparedRow, Comparison } from '../../core/compare/compare';
import type { RunFacts } from '../../core/compare/run-facts';
import { csvLine } from '../../core/columns/table-export';
import { safeJson } from '../../core/text/printable';
import { DIFF_COLUMNS } from './columns';

/** Rises when a key changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/** One JSON document on one line. */
export function diffJson(comparison: Comparison, by: string, version: string): string {
  const { a, b, sort, perSecond, total, rows, differs } = comparison;
  const document = {
    schema_version: SCHEMA_VERSION,
    tool: { name: 'pagefault-analyzer', version },
    by,
    sort,
    per_second: perSecond,
    a: a.map(runPart),
    b: b.map(runPart),
    differs,
    total: rowPart(total),
    rows: rows.map(rowPart),
  };
  return `${safeJson(JSON.stringify(document))}\n`;
}

/** The total, then the rows, with a header (RFC 4180). */
export function diffCsv({ total, rows }: Comparison): string {
  const header = csvLine(DIFF_COLUMNS.map(({ id }) => id));
  const lines = [total, ...rows].map((row) =>
    csvLine(
      DIFF_COLUMNS.map(({ value }) => {
        const found = value(row);
        return typeof found === 'boolean' ? Number(found) : found;
      }),
    ),
  );
  return [header, ...lines].join('');
}

function runPart({ file, elapsedNs, total, lost }: RunFacts): object {
  return {
    file,
    elapsed_ns: elapsedNs,
    faults: total.faults,
    stall_ns: total.stallNs,
    lost,
  };
}

function rowPart(row: ComparedRow): object {
  return Object.fromEntries(DIFF_COLUMNS.map(({ id, value }) => [id, value(row)]));
}
