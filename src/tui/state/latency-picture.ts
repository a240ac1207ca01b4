import { splitClasses, type Filter } from '../../core/filter/ast';
import { compileRowTests, type RowTest } from '../../core/filter/row-test';
import type { LatencyHistogram, Snapshot, StatRow } from '../../core/snapshot/snapshot';
import type { DashboardSource } from './source';

/** Latencies of the faults that a filter lets through, as exactly as the counters know them. */
export interface LatencyPicture {
  /** In the order of CLASS_NAMES. */
  readonly histograms: readonly LatencyHistogram[];
  /** Bit mask of the classes that the filter lets through. */
  readonly classes: number;
  /** Sums and maxima are those of the buckets: the histograms are of rows. */
  readonly rounded: boolean;
  /** What the histograms hold beyond what was asked for, in words; '' for nothing. */
  readonly beyond: string;
}

/**
 * Classes are told apart everywhere; of the rest of a filter a table knows the histograms where each of its
 * rows matches as a whole or not at all.
 */
export function latencyPicture(
  filter: Filter | null,
  snapshot: Snapshot,
  source: DashboardSource,
): LatencyPicture {
  const { classes, rest } = splitClasses(filter);
  if (rest === null) {
    return { histograms: snapshot.latency, classes, rounded: false, beyond: '' };
  }
  const tests = compileRowTests(rest, snapshot);
  const found = [
    { table: 'regions', ...matching(snapshot.regions, tests.regions) },
    { table: 'threads', ...matching(snapshot.threads, tests.threads) },
    { table: 'processes', ...matching(snapshot.processes, tests.processes) },
  ] as const;
  const { table, ids, partial } =
    found.find((rows) => rows.partial === 0 && rows.ids.size > 0) ?? found[0];
  return {
    histograms: source.latency(table, ids),
    classes,
    rounded: true,
    beyond:
      partial === 0
        ? ''
        : `all faults of the ${ids.size} ${table} that have some which match: the filter chooses rows here, not faults`,
  };
}

function matching<Row extends StatRow>(
  rows: readonly Row[],
  test: RowTest<Row>,
): { readonly ids: ReadonlySet<number>; readonly partial: number } {
  const matches = rows.filter((row) => row.faults > 0 && test.passes(row));
  return {
    ids: new Set(matches.map(({ id }) => id)),
    partial: matches.filter((row) => !test.whole(row)).length,
  };
}
