import { RecordType } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { RegionBinder } from '../regions/region-resolver';
import type { CommTable } from '../tasks/comm-names';
import type { AddressSpace } from '../tasks/address-space';
import type { Process } from '../tasks/process';
import { NO_REGION, setOf } from '../regions/region-code';
import type { BriefOwners } from './brief-owners';
import type { Counters } from './counters';
import type { Makers } from './makers';
import type { MapRepair } from './map-repair';
import type { Tasks } from '../tasks/tasks';
import { UNNAMED } from '../stats/limits';
import { kindOf } from '../vma/vma-kind';
import { VmaMap } from '../vma/vma-map';

const MAP_SHARED = 1;
const MREMAP_DONTUNMAP = 4;
const EXEC = 1;

/** Applies the address-space and task records of a batch to the processes they speak of. */
export class RecordApplier {
  private readonly decoder = new TextDecoder();
  /** Records that were lost, kernel and mailbox together. */
  lost = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly comms: CommTable,
    private readonly binder: RegionBinder,
    private readonly repair: MapRepair,
    private readonly makers: Makers | null,
    private readonly owners: BriefOwners | null,
    private readonly counters: Pick<Counters, 'count'>,
  ) {}

  /** False: nothing was done, to be called again when the answer is there that is on its way. */
  apply(batch: Batch, r: number): boolean {
    const pid = batch.recPid[r]!;
    switch (batch.recType[r]!) {
      case RecordType.FORK:
        return this.fork(batch, r);
      case RecordType.COMM:
        this.comm(batch, r);
        return true;
      case RecordType.EXIT: {
        const thread = this.tasks.known(batch.recTid[r]!);
        if (thread?.process.pid === pid) this.tasks.endThread(thread);
        return true;
      }
      case RecordType.LOST:
        this.lost += batch.recCount[r]!;
        this.repair.doubtAll();
        return true;
      case RecordType.SHARE_SPACE: {
        const parent = this.tasks.process(batch.recParentPid[r]!);
        const child = this.tasks.process(pid);
        if (parent !== undefined && child !== undefined) child.shareSpace(parent);
        return true;
      }
      case RecordType.COUNTED:
        return this.counted(batch, r);
      case RecordType.CGROUP:
        this.cgroup(batch, r);
        return true;
      case RecordType.MADE_BY:
      case RecordType.MADE_BY_COPY:
        return this.makers?.take(batch, r) ?? true;
      case RecordType.STACK_POINTER: {
        const process = this.tasks.ensure(pid);
        if (!this.tasks.looked(process)) return false;
        if (process.space.unread) return true;
        // Also one from before the snapshot of /proc, which shows the stack too.
        if (process.pid !== 0) this.binder.noteStack(process, batch.recTid[r]!, batch.recStart[r]!);
        return true;
      }
      default: {
        // A process that has not faulted is not met for its mappings where these are read on demand.
        const { admission } = this.tasks;
        const known = this.tasks.process(pid);
        if (admission !== null && (known === undefined || !isFollowed(known.space))) return true;
        const process = known ?? this.tasks.ensure(pid);
        if (!this.tasks.looked(process)) return false;
        // The snapshot of /proc is newer: it shows already what this record did, and more.
        if (process.pid !== 0 && batch.recTime[r]! >= process.space.asOf)
          this.space(batch, r, process);
        return true;
      }
    }
  }

  /** Faults of which no row tells. */
  private counted(batch: Batch, r: number): boolean {
    const thread = this.tasks.thread(batch.recPid[r]!, batch.recTid[r]!);
    if (thread === null) return false;
    this.counters.count(thread.row, thread.process.row, batch.recCount[r]!, batch.recTime[r]!);
    return true;
  }

  private cgroup(batch: Batch, r: number): void {
    const id = batch.recInoHi[r]! * 2 ** 32 + batch.recInoLo[r]!;
    const pid = batch.recPid[r]!;
    if (pid === 0) {
      this.owners?.made(id, this.name(batch, r));
      return;
    }
    const { tasks } = this;
    const process = tasks.process(pid);
    if (process === undefined) return;
    this.owners?.ended(process, id);
    // It was there before, and gone when its name was asked for.
    if (this.comms.names[process.comm] !== UNNAMED) return;
    const said = this.name(batch, r);
    if (said === '') return;
    const name = this.comms.intern(said);
    tasks.rename(tasks.known(pid) ?? tasks.beginThread(process, pid, name), name);
  }

  /** What changes an address space. */
  private space(batch: Batch, r: number, process: Process): void {
    const { map } = process;
    const time = batch.recTime[r]!;
    const start = batch.recStart[r]!;
    const end = batch.recEnd[r]!;
    const entered = batch.recEntered[r]!;
    switch (batch.recType[r]!) {
      case RecordType.MMAP: {
        const kind = this.kind(batch, r);
        const pgoff = batch.recPgoff[r]!;
        forgetReplaced(process, start, end, pgoff, kind, time);
        map.insert(start, end, pgoff, time, kind);
        return;
      }
      case RecordType.UNMAP:
        map.unmap(start, end, entered);
        forgetUnmapped(process, start, end, time);
        return;
      case RecordType.REMAP: {
        const newStart = batch.recNewStart[r]!;
        const newEnd = batch.recNewEnd[r]!;
        const dontUnmap = (batch.recFlags[r]! & MREMAP_DONTUNMAP) !== 0;
        map.remap(start, end, newStart, newEnd, entered, dontUnmap, time);
        if (newStart !== start) {
          process.space.forgetPages(start, end, time);
          process.space.forgetPages(newStart, newEnd, time);
          forgetPlaced(process, newStart, newEnd);
        } else if (newEnd < end) forgetUnmapped(process, newEnd, end, time);
        return;
      }
      case RecordType.DETACH: {
        const segmentEnd = map.segmentEnd(start);
        map.unmap(start, segmentEnd, entered);
        forgetUnmapped(process, start, segmentEnd, time);
        return;
      }
      case RecordType.BRK: {
        const handle = map.find(end);
        const before = handle < 0 ? end : map.endOf(handle);
        map.setBreak(end);
        forgetUnmapped(process, end, before, time);
        return;
      }
    }
  }

  private kind(batch: Batch, r: number): number {
    const backing = this.tasks.spaces.backings.numberOfRecord(
      batch.names,
      batch.recNameOffset[r]!,
      batch.recNameLength[r]!,
      batch.recDevMajor[r]!,
      batch.recDevMinor[r]!,
      batch.recInoHi[r]!,
      batch.recInoLo[r]!,
    );
    return kindOf(backing, batch.recProt[r]!, (batch.recFlags[r]! & MAP_SHARED) !== 0);
  }

  private name(batch: Batch, r: number): string {
    const offset = batch.recNameOffset[r]!;
    return this.decoder.decode(batch.names.subarray(offset, offset + batch.recNameLength[r]!));
  }

  private fork(batch: Batch, r: number): boolean {
    const { tasks } = this;
    const pid = batch.recPid[r]!;
    const tid = batch.recTid[r]!;
    const parentPid = batch.recParentPid[r]!;
    const maker = tasks.known(batch.recParentTid[r]!);
    if (pid === parentPid) {
      const process = tasks.ensure(pid);
      tasks.beginThread(process, tid, maker?.process === process ? maker.comm : process.comm);
      return true;
    }
    // One that was not known so far is looked at now: its child may be gone before it faults itself.
    const parent = tasks.ensure(parentPid);
    if (!tasks.looked(parent)) return false;
    const comm = maker?.process === parent ? maker.comm : parent.comm;
    const child = tasks.begin(pid, parentPid, comm, parent.map.fork());
    // What was in doubt for the parent is in doubt for its copy.
    if (parent.space.stale) child.space.stale = true;
    child.space.unread = parent.space.unread && child.pid !== 0;
    child.space.made = parent.space.made.copy();
    this.owners?.born(child, parent);
    tasks.beginThread(child, tid, comm);
    return true;
  }

  private comm(batch: Batch, r: number): void {
    const { tasks } = this;
    const pid = batch.recPid[r]!;
    const tid = batch.recTid[r]!;
    const exec = (batch.recFlags[r]! & EXEC) !== 0;
    const name = this.comms.intern(this.name(batch, r));
    if (!exec) {
      const thread = tasks.known(tid);
      if (thread?.process.pid === pid) tasks.rename(thread, name);
      else if (tasks.process(pid) !== undefined) {
        // Nobody had known its name yet.
        tasks.rename(tasks.beginThread(tasks.process(pid)!, tid, name), name);
      }
      return;
    }
    const known = tasks.process(pid);
    if (known?.alive === true) {
      if (batch.recTime[r]! >= known.space.asOf) {
        known.clearSpace();
        known.space.stale = false;
        known.space.unread = false;
      }
      tasks.noteChanged(known);
      tasks.rename(tasks.becomeSingle(known, name), name);
      return;
    }
    // The first record of a started command: there is nothing before its exec. Or the thread that execs
    // was never announced, so that the process was taken for dead with the others.
    const process = tasks.begin(pid, known?.ppid ?? 0, name, new VmaMap(this.tasks.spaces));
    tasks.beginThread(process, tid, name);
  }
}

/** Its mappings are known, or the answer that is on its way leaves what is newer as it is. */
function isFollowed({ unread, asked }: AddressSpace): boolean {
  return !unread || asked;
}

/**
 * Pages under a new mapping have not faulted yet. What shows the same backing as before stays: mprotect
 * and the growth of anonymous memory are reported as mappings too, over the whole merged range.
 */
function forgetReplaced(
  process: Process,
  start: number,
  end: number,
  pgoff: number,
  kind: number,
  time: number,
): void {
  const { map } = process;
  for (let i = map.firstEndingAfter(start); i >= 0; i = map.next(i)) {
    const from = map.startOf(i);
    if (from >= end) return;
    if (!map.showsOther(i, start, pgoff, kind)) continue;
    process.space.forgetPages(Math.max(from, start), Math.min(map.endOf(i), end), time);
  }
}

/** Forgets the pages of a range except what is still mapped there (born while the munmap ran). */
function forgetUnmapped(process: Process, start: number, end: number, time: number): void {
  const { map } = process;
  let from = start;
  for (let i = map.firstEndingAfter(start); i >= 0 && from < end; i = map.next(i)) {
    if (map.startOf(i) >= end) break;
    process.space.forgetPages(from, map.startOf(i), time);
    from = map.endOf(i);
  }
  process.space.forgetPages(from, end, time);
}

/** Section sets of a .bss tail speak of fixed addresses: moved memory has to be looked up anew. */
function forgetPlaced(process: Process, start: number, end: number): void {
  const { map } = process;
  for (let i = map.firstEndingAfter(start); i >= 0; i = map.next(i)) {
    if (map.startOf(i) >= end) return;
    const code = map.region(i);
    if (code < NO_REGION && !process.space.sets[setOf(code)]!.byFile) map.setRegion(i, NO_REGION);
  }
}
