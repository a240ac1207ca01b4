import { Cause } from '../classify/classes';
import type { RegionTable } from '../regions/region-table';
import type { AddressSpace } from '../tasks/address-space';
import { Stands } from '../stats/row-table';
import type { Tasks } from '../tasks/tasks';
import { FAULT_CAPACITY } from '../wire/batch';
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
  /** 1 where the thread of a fault of `kept.taken` has ended. */
  private readonly hasLeft = new Uint8Array(FAULT_CAPACITY);
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
      if (process === undefined) continue;
      const { space } = process;
      if (!space.unread || space.refused) continue;
      kept.add(space, batch, resolved, columns, i);
    }
  }

  /** What may still be told of kept faults: of those in detail, whose maps are to come. */
  private owners(): Set<number> {
    const owners = new Set<number>();
    for (const { inDetail, space } of this.tasks.live()) {
      if (inDetail && !space.refused) owners.add(space.keptAs);
    }
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
      this.keepCounted();
      this.counters.move(taken, this.kept, this.resolved, this.columns);
    }
  }

  /**
   * The maps tell nothing of whether a page was new, nor of threads that have ended: those stay in the rows where they
   * were counted. Others that were counted in rows of all processes go to rows of their own.
   */
  private keepCounted(): void {
    const { resolved } = this;
    const { taken, counted } = this.kept;
    const before = this.kept.columns;
    const { threads, processes } = this.tasks;
    for (let i = 0; i < taken.faults; i++) {
      this.columns.fresh[i] = before.fresh[i]!;
      // What lay there is mapped no more.
      if (resolved.cause[i] === Cause.UNKNOWN) this.columns.mapping[i] = before.mapping[i]!;
      const thread = counted.thread[i]!;
      if (this.hasLeft[i] === 1) {
        resolved.thread[i] = thread;
        continue;
      }
      const info = processes.info(before.process[i]!);
      if (threads.standing(thread) === Stands.REST && info !== null) info.leftOut--;
    }
  }

  private next(): boolean {
    for (const space of this.ready) {
      this.ready.delete(space);
      const code = this.attribution?.notInDetail() ?? 0;
      if (this.kept.take(space, this.regions.rest(), code) === 0) continue;
      this.replaceThreads();
      this.done = 0;
      return true;
    }
    return false;
  }

  /** Asked about by its number a thread that has ended would begin anew: another one of its process stands in. */
  private replaceThreads(): void {
    const { taken } = this.kept;
    for (let i = 0; i < taken.faults; i++) {
      const pid = taken.pid[i]!;
      const left = this.tasks.known(taken.tid[i]!)?.process.pid !== pid;
      this.hasLeft[i] = left ? 1 : 0;
      if (!left) continue;
      const [other] = this.tasks.process(pid)?.tids ?? [];
      if (other !== undefined) taken.tid[i] = other;
    }
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
