import { CAUSE_NAMES } from '../../core/classify/classes';
import { callSiteName, regionName } from '../../core/compare/names';
import { mergedPercentiles } from '../../core/snapshot/groups';
import type { SharedRow, SiteRow, StatRow } from '../../core/snapshot/snapshot';
import { mergeCounted } from '../../core/stats/cells';
import { jsonValue } from '../../core/columns/table-export';
import { estimatesOf } from './estimates';
import type { Json } from './json-value';
import type { ReportInput } from './report';
import { rowsByKey } from './rows-by-key';

type Table = 'regions' | 'call_sites' | 'processes' | 'causes';
type Row = StatRow & SharedRow;

/**
 * What rows of one name have together, for each name that several rows of a table have, and of each cause: counters add up,
 * percentiles do not. Nothing of runs whose times are not told.
 */
export function* byName(input: ReportInput): Generator<Json> {
  const { snapshot, fixed } = input;
  if (fixed !== null) return;
  yield* shared(input, 'regions', snapshot.regions, ({ label }) => regionName(label));
  yield* shared(input, 'call_sites', snapshot.sites, siteName);
  yield* shared(input, 'processes', snapshot.processes, ({ comm }) => comm);
  yield* causes(input);
}

function siteName(row: SiteRow): string {
  return callSiteName({ ...row, object: row.path === '' ? row.object : row.path });
}

function* shared<Of extends Row>(
  { capture: { mode } }: ReportInput,
  table: Table,
  all: readonly Of[],
  nameOf: (row: Of) => string,
): Generator<Json> {
  for (const [name, rows] of rowsByKey(all, nameOf)) {
    if (rows.length < 2) continue;
    const { maxNs, stallNs } = mergeCounted(rows);
    const merged = mergedPercentiles(
      (counts) => rows.reduce((timed, row) => timed + row.addLatencies(counts), 0),
      maxNs,
    );
    yield {
      ...{ table, name, rows: rows.length },
      faults: rows.reduce((sum, row) => sum + row.faults, 0),
      stall_ns: Math.round(stallNs),
      ...percentiles(merged[0]!, merged[2]!),
      ...estimatesOf(mode, ESTIMATED),
    };
  }
}

function* causes({ snapshot, capture: { mode } }: ReportInput): Generator<Json> {
  const { byCause, causeNs } = snapshot.totals;
  for (const [cause, name] of CAUSE_NAMES.entries()) {
    const faults = byCause[cause]!;
    if (faults === 0) continue;
    const { p50Ns, p99Ns } = snapshot.causeLatency[cause]!;
    yield {
      ...{ table: 'causes', name, rows: 1, faults },
      stall_ns: Math.round(causeNs[cause]!),
      ...percentiles(p50Ns, p99Ns),
      ...estimatesOf(mode, ESTIMATED),
    };
  }
}

const ESTIMATED = ['faults', 'stall_ns', 'p50_ns', 'p99_ns'];

function percentiles(p50Ns: number, p99Ns: number): Readonly<Record<'p50_ns' | 'p99_ns', Json>> {
  return { p50_ns: jsonValue(p50Ns), p99_ns: jsonValue(p99Ns) };
}
