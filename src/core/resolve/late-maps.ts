import type { RegionTable } from '../regions/region-table';
import type { AddressSpace } from '../tasks/address-space';
import { Stands } from '../stats/row-table';
import type { Tasks } from '../tasks/tasks';
import type { Batch } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import { Resolved } from '../wire/resolved';
import type { Attribution } from './attribution';
import type { Counters } from './counters';
import { dependsOnMapping, KeptFaults } from './kept-faults';
import type { FaultLoop } from './fault-loop';

/** Faults that came before the maps of their process did: counted as what is certain of them, then as what they were. */
export class LateMaps {
  private readonly kept = new KeptFaults();
  private readonly resolved = new Resolved();
  /** Their maps have come. */
  private readonly ready = new Set<AddressSpace>();
  /** Faults of `kept.taken` that are resolved; -1 where there are none. */
  private done = -1;

  constructor(
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
    private readonly counters: Counters,
    private readonly attribution: Attribution | null,
    /** Fills `columns`, which are not those of the batch at hand. */
    private readonly loop: FaultLoop,
    private readonly columns: FaultColumns,
  ) {}

  /** Keeps the faults of a batch that has been counted, as far as they were counted without a mapping. */
  keep(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    const { kept } = this;
    if (kept.full) kept.keepOnly(this.owners());
    for (let i = 0; i < batch.faults && !kept.full; i++) {
      if (!dependsOnMapping(columns.mapping[i]!, batch.flags[i]!)) continue;
      const process = this.tasks.process(batch.pid[i]!);
      if (process === undefined || !process.space.unread) continue;
      kept.add(process.space, batch, resolved, columns, i);
    }
  }

  /** What may still be told of kept faults: of those in detail, whose maps are to come. */
  private owners(): Set<number> {
    const owners = new Set<number>();
    for (const { inDetail, space } of this.tasks.live()) if (inDetail) owners.add(space.keptAs);
    owners.delete(0);
    return owners;
  }

  /** The maps of an address space have come. */
  read(space: AddressSpace): void {
    if (space.keptAs !== 0) this.ready.add(space);
  }

  /** Counts what is ready as what it was. False: an answer is on its way (ProcSource), to be called again. */
  settle(): boolean {
    for (;;) {
      if (this.done < 0 && !this.next()) return true;
      const { taken } = this.kept;
      const from = this.done;
      this.done = this.loop.run(taken, this.resolved, from, taken.faults);
      this.attribution?.run(taken, this.resolved, from, this.done);
      if (this.done < taken.faults) return false;
      this.done = -1;
      this.bringIn();
      this.counters.remove(taken, this.kept.counted, this.kept.columns);
      this.counters.add(taken, this.resolved, this.columns);
    }
  }

  /** Those that were counted in rows of all processes go to rows of their own. */
  private bringIn(): void {
    const { taken, counted, columns } = this.kept;
    const { threads, processes } = this.tasks;
    for (let i = 0; i < taken.faults; i++) {
      const info = processes.info(columns.process[i]!);
      if (threads.standing(counted.thread[i]!) === Stands.REST && info !== null) info.leftOut--;
    }
  }

  private next(): boolean {
    for (const space of this.ready) {
      this.ready.delete(space);
      const code = this.attribution?.notInDetail() ?? 0;
      if (this.kept.take(space, this.regions.rest(), code) === 0) continue;
      this.done = 0;
      return true;
    }
    return false;
  }

  /** Rows were folded: where the counts of each are now. */
  remap(threads: Int32Array, processes: Int32Array): void {
    this.kept.remap(threads, processes);
  }

  /** What was counted is counted no more. */
  zero(): void {
    this.kept.clear();
    this.ready.clear();
    this.done = -1;
  }
}
