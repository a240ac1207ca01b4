import type { ModelTables } from './model-tables';
import type { PairRows } from './snapshot';

/** All pairs that were counted; there may be faults beyond them (PairCounts.incomplete). */
export function pairRows(model: ModelTables): PairRows {
  const regions: number[] = [];
  const threads: number[] = [];
  const faults: number[] = [];
  const regionStats = model.regions.rows.stats;
  const threadStats = model.tasks.threads.stats;
  model.counters.pairs.forEach((region, thread, n) => {
    regions.push(regionStats.id(region));
    threads.push(threadStats.id(thread));
    faults.push(n);
  });
  return { regions, threads, faults };
}
