import type { RegionTable } from '../regions/region-table';
import type { Tasks } from '../tasks/tasks';
import type { Counters } from './counters';
import { mappedRegions } from './mapped-regions';

/** ns between two attempts to fold a table that found everything alive. */
const RETRY_NS = 1e9;

/** Where the counts of each slot are now. */
type Moved = (regions: Int32Array, threads: Int32Array, processes: Int32Array) => void;

/** Folds rows of what is gone, when it is time. */
export class Folding {
  private foldedAt = -Infinity;

  constructor(
    private readonly regions: RegionTable,
    private readonly tasks: Tasks,
    private readonly counters: Counters,
    private readonly moved: Moved,
  ) {}

  /** Between batches. */
  look(now: number): void {
    const { regions, tasks } = this;
    const tables = [regions.rows, tasks.threads, tasks.processes];
    const settled = tasks.settle();
    if (settled === null) {
      if (!tables.some((t) => t.overCap || t.full)) return;
      // Where all is alive folding finds nothing: not in every batch, then.
      if (tables.some((t) => t.full) && now - this.foldedAt < RETRY_NS) return;
    }
    this.foldedAt = now;
    const live = mappedRegions(tasks, regions);
    this.counters.fold((slot) => live[slot] === 1, settled, this.moved);
  }
}
