import type { ModelTables } from './model-tables';
import type { PairRows } from './snapshot';

/** All pairs that were counted; there may be faults beyond them (PairCounts.incomplete). */
export function pairRows(model: ModelTables): PairRows {
  const made = new PairList(model);
  model.counters.pairs.forEach((region, thread, n) => {
    made.add(region, thread, n);
  });
  return made;
}

/** Those of one region, by the id of its row. */
export function pairRowsOf(model: ModelTables, region: number): PairRows {
  const made = new PairList(model);
  const slot = model.regions.rows.stats.slotOf(region);
  if (slot < 0) return made;
  const { limit } = model.tasks.threads.stats;
  for (const { slot: thread, faults } of model.counters.pairs.pairedWith(slot, limit)) {
    made.add(slot, thread, faults);
  }
  return made;
}

class PairList implements PairRows {
  readonly regions: number[] = [];
  readonly threads: number[] = [];
  readonly faults: number[] = [];

  constructor(private readonly model: ModelTables) {}

  add(region: number, thread: number, faults: number): void {
    const { regions, tasks } = this.model;
    this.regions.push(regions.rows.stats.id(region));
    this.threads.push(tasks.threads.stats.id(thread));
    this.faults.push(faults);
  }
}
