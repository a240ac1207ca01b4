import { CLASS_COUNT } from './classes';
import { Histogram, bucketOf } from './histogram';
import { GONE } from './row-table';
import type { RegionTable } from './regions';
import { PairCounts } from './pairs';
import type { SlabPool } from './slab-pool';
import { StatTable } from './stat-table';
import type { Tasks } from './tasks';

/** Everything a counted fault is entered in: the total, the rows it belongs to, the distributions. */
export class Counters {
  readonly total: StatTable;
  readonly latency = Array.from({ length: CLASS_COUNT }, () => new Histogram());
  readonly pairs = new PairCounts();
  /** Faults a filter kept out of all of this. */
  filteredOut = 0;

  constructor(
    pool: SlabPool,
    private readonly regions: RegionTable,
    private readonly tasks: Tasks,
  ) {
    this.total = new StatTable(pool, 1);
    this.total.alloc();
  }

  /** Enters one fault. `heatPage` is in the coordinates of the region's heat. */
  add(
    region: number,
    thread: number,
    process: number,
    faultClass: number,
    cause: number,
    latency: number,
    time: number,
    fresh: number,
    heatPage: number,
  ): void {
    let bucket = 0;
    if (latency >= 0) {
      bucket = bucketOf(latency);
      this.latency[faultClass]!.record(latency, bucket);
    }
    this.total.add(0, faultClass, cause, latency, bucket, time, fresh);
    this.regions.rows.stats.add(region, faultClass, cause, latency, bucket, time, fresh);
    this.tasks.threads.stats.add(thread, faultClass, cause, latency, bucket, time, fresh);
    this.tasks.processes.stats.add(process, faultClass, cause, latency, bucket, time, fresh);
    this.regions.heat.add(region, heatPage);
    this.pairs.add(region, thread);
  }

  tick(elapsed: number): void {
    this.total.tick(elapsed);
    this.regions.rows.stats.tick(elapsed);
    this.tasks.threads.stats.tick(elapsed);
    this.tasks.processes.stats.tick(elapsed);
  }

  zero(): void {
    this.total.zero();
    this.regions.rows.stats.zero();
    this.tasks.threads.stats.zero();
    this.tasks.processes.stats.zero();
    for (const histogram of this.latency) histogram.clear();
    for (let row = 0; row < this.regions.rows.stats.limit; row++) this.regions.heat.clear(row);
    this.pairs.clear();
    this.filteredOut = 0;
  }

  /**
   * Folds rows of what is gone where a table is above its cap (or was full before); between batches
   * only. `isLive` tells which regions are still mapped.
   */
  fold(isLive: (region: number) => boolean): void {
    const { threads, processes } = this.tasks;
    const regionsTo = this.regions.fold(isLive);
    const threadsTo = threads.fold(
      (slot) => threads.info(slot)!.alive,
      () => undefined,
    );
    processes.fold(
      (slot) => processes.info(slot)!.alive,
      () => undefined,
    );
    if (moved(regionsTo) || moved(threadsTo)) this.pairs.remap(regionsTo, threadsTo);
  }
}

function moved(where: Int32Array): boolean {
  return where.some((to, slot) => to !== slot && to !== GONE);
}
