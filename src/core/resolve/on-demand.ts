import type { RegionBinder } from '../regions/region-resolver';
import type { RegionTable } from '../regions/region-table';
import type { SpaceSource } from '../ports';
import type { Tasks } from '../tasks/tasks';
import type { Batch } from '../wire/batch';
import { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import type { Attribution } from './attribution';
import type { Counters } from './counters';
import { Details } from './details';
import { FaultLoop } from './fault-loop';
import { LateMaps } from './late-maps';

interface Parts {
  readonly tasks: Tasks;
  readonly regions: RegionTable;
  readonly counters: Counters;
  readonly attribution: Attribution | null;
  readonly binder: RegionBinder;
}

/** Address spaces that are read when they matter: who is kept in detail, and faults that come before the maps do. */
export class OnDemand {
  private readonly details: Details;
  private readonly lateMaps: LateMaps;

  constructor(source: SpaceSource, parts: Parts) {
    const { tasks, regions, counters, attribution, binder } = parts;
    const columns = new FaultColumns();
    // Whether a page was new was told when its fault was counted; what the maps do not show is mapped no more.
    const loop = new FaultLoop(tasks, binder, { find: () => -1 }, columns, false);
    this.lateMaps = new LateMaps(tasks, regions, counters, attribution, loop, columns);
    this.details = new Details(source, tasks, (space) => {
      this.lateMaps.read(space);
    });
  }

  /** Takes maps over that have come, and counts what they tell. False: see LateMaps.settle. */
  settle(): boolean {
    this.details.takeAnswers();
    return this.lateMaps.settle();
  }

  /** Between batches. */
  look(now: number): void {
    this.details.look(now);
  }

  /** A batch has been counted. */
  keep(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    this.lateMaps.keep(batch, resolved, columns);
  }

  open(pids: Iterable<number>): void {
    for (const pid of pids) this.details.open(pid);
  }

  /** Rows were folded: where the counts of each are now. */
  remap(threads: Int32Array, processes: Int32Array): void {
    this.lateMaps.remap(threads, processes);
  }

  zero(): void {
    this.lateMaps.zero();
  }
}
