import { ErrorCode, FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { RegionBinder } from '../regions/region-resolver';
import { FaultRules, Memory, ruleIndex } from '../classify/rules';
import { FaultClass } from '../classify/classes';
import { Mapping } from '../wire/fault-columns';
import type { FaultColumns } from '../wire/fault-columns';
import { bucketOf } from '../stats/histogram';
import type { GuardedRanges } from '../classify/guarded-ranges';
import type { PageSet } from '../stats/page-set';
import type { Process, Thread } from '../tasks/process';
import type { VmaMap } from '../vma/vma-map';
import { hasFileOf, memoryOf, NO_REGION, setOf, slotOf, WAIT_CODE } from '../regions/region-code';
import { WAIT } from './map-repair';
import type { MapRepair } from './map-repair';
import type { Resolved } from '../wire/resolved';
import type { Tasks } from '../tasks/tasks';

const PAGE = 4096;
/** In place of a Memory: what the fault needs to know is on its way. */
const NOT_YET = -1;

/** Whether fault i is to be counted: a compiled filter. */
export type KeepTest = (batch: Batch, resolved: Resolved, i: number) => boolean;

/**
 * The hot path: from the columns of a batch to resolved columns. Per fault no object, no string, no
 * closure; whatever needs one (a region met first, an unknown address) is behind a call.
 */
export class FaultLoop {
  private readonly rules = new FaultRules();
  /** One fault's columns, for one that is not in a batch. */
  private readonly scratch = {
    region: new Uint32Array(1),
    fileOffset: new Float64Array(1),
    heatPage: new Float64Array(1),
  };
  keep: KeepTest | null = null;
  /** Faults whose mapping was left open, since somebody has set it to 0. */
  leftOpen = 0;
  /** Faults that did not pass `keep`. */
  filteredOut = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly binder: RegionBinder,
    private readonly repair: Pick<MapRepair, 'find'>,
    private readonly columns: FaultColumns,
    /** Tell pages that fault for the first time from those that have faulted before. */
    private readonly pages: boolean,
  ) {}

  /**
   * Faults from (inclusive) to (exclusive), between two records. Stops before a fault for which an answer
   * is on its way: returns its index, `to` when all are done.
   */
  run(batch: Batch, resolved: Resolved, from: number, to: number): number {
    const { tasks, keep, columns, pages } = this;
    const ruleClass = this.rules.faultClass;
    const ruleCause = this.rules.cause;
    // Faults come in runs of one thread; within a run of this loop it keeps its process and map.
    let known: Thread | null = null;
    let process!: Process;
    let map!: VmaMap;
    let touched!: PageSet;
    let guards: GuardedRanges | null = null;
    let unread = false;
    for (let i = from; i < to; i++) {
      const low = batch.addrLo[i]!;
      const page = batch.addrHi[i]! * 0x100000 + (low >>> 12);
      const thread = tasks.thread(batch.pid[i]!, batch.tid[i]!);
      if (thread === null) return i;
      if (thread !== known) {
        known = thread;
        ({ process } = thread);
        ({ map, guards, unread, pages: touched } = process.space);
      }

      const handle = unread ? -1 : find(thread, map, page);
      const code = handle < 0 ? NO_REGION : map.region(handle);
      columns.mapping[i] = Mapping.KNOWN;
      let memory: number;
      if (code > NO_REGION) {
        resolved.region[i] = slotOf(code);
        memory = memoryOf(code);
        const file = hasFileOf(code);
        const heatPage = file ? page - map.startOf(handle) + map.pgoffOf(handle) : page;
        resolved.fileOffset[i] = file ? heatPage * PAGE + (low & (PAGE - 1)) : -1;
        columns.heatPage[i] = heatPage;
      } else {
        memory = this.place(process, handle, batch, resolved, i);
        if (memory === NOT_YET) return i;
      }

      if (guards !== null) memory |= guards.at(page);
      const rule = ruleIndex(memory, batch.flags[i]!, batch.errorCode[i]!);
      const faultClass = ruleClass[rule]!;
      resolved.faultClass[i] = faultClass;
      resolved.cause[i] = ruleCause[rule]!;
      resolved.thread[i] = thread.row;
      resolved.comm[i] = thread.comm;
      columns.process[i] = process.row;
      if (keep !== null && !keep(batch, resolved, i)) {
        resolved.keep[i] = 0;
        this.filteredOut++;
        continue;
      }
      resolved.keep[i] = 1;
      // A fault that came to nothing put no page anywhere: the next one there is not a re-fault.
      columns.fresh[i] = pages && faultClass !== FaultClass.ERROR && touched.touch(page) ? 1 : 0;
      columns.bucket[i] = bucketOf(batch.latency[i]!);
    }
    return to;
  }

  /** Slot of the region of a fault that has not ended, as far as the map knows it; -1: not yet. */
  regionOf(process: Process, page: number): number {
    const handle = process.space.unread ? -1 : process.map.find(page);
    if (handle < 0) return this.binder.unknownRow(process, page);
    const { region, fileOffset, heatPage } = this.scratch;
    const memory = this.fill(process, handle, page, 0, { region, fileOffset }, heatPage, 0);
    return memory === NOT_YET ? -1 : region[0]!;
  }

  /**
   * Finds the region of a fault where the entry `handle` (-1: none) has no simple code. Fills the columns
   * and returns the kind of memory, NOT_YET where it has to be waited for.
   */
  private place(
    process: Process,
    handle: number,
    batch: Batch,
    resolved: Resolved,
    i: number,
  ): number {
    const page = batch.page(i);
    if (handle < 0 && process.space.unread) return this.leaveOpen(process, batch, resolved, i);
    if (handle < 0) {
      const failed = (batch.flags[i]! & FaultFlag.COMPLETION) === FaultFlag.NONE;
      handle = this.repair.find(process, page, batch.time[i]!, failed);
      if (handle === WAIT) return NOT_YET;
      if (handle < 0) {
        resolved.region[i] = this.binder.unknownRow(process, page);
        resolved.fileOffset[i] = -1;
        this.columns.heatPage[i] = page;
        return Memory.UNKNOWN;
      }
    }
    const low = batch.addrLo[i]! & (PAGE - 1);
    return this.fill(process, handle, page, low, resolved, this.columns.heatPage, i);
  }

  /** The maps of the process are read when they matter: until then nothing is asked about one page. */
  private leaveOpen(process: Process, batch: Batch, resolved: Resolved, i: number): number {
    const page = batch.page(i);
    this.leftOpen++;
    resolved.region[i] = this.binder.unknownRow(process, page);
    resolved.fileOffset[i] = -1;
    this.columns.heatPage[i] = page;
    this.columns.mapping[i] = mayBeCopy(batch.flags[i]!, batch.errorCode[i]!)
      ? Mapping.UNDECIDED
      : Mapping.UNREAD;
    return Memory.UNKNOWN;
  }

  /** Fills place i of the columns from the entry `handle`, and returns the kind of memory or NOT_YET. */
  private fill(
    process: Process,
    handle: number,
    page: number,
    low: number,
    resolved: Pick<Resolved, 'region' | 'fileOffset'>,
    heatPage: Float64Array,
    i: number,
  ): number {
    const { map } = process;
    const filePage = page - map.startOf(handle) + map.pgoffOf(handle);
    const offset = filePage * PAGE + low;

    let code = map.region(handle);
    let set = code < NO_REGION ? process.space.sets[setOf(code)]! : null;
    if (code === NO_REGION) {
      code = this.binder.bind(process, handle);
      if (code === WAIT_CODE) return NOT_YET;
      set = code < NO_REGION ? process.space.sets[setOf(code)]! : null;
    }
    if (set === null) {
      const hasFile = hasFileOf(code);
      resolved.region[i] = slotOf(code);
      resolved.fileOffset[i] = hasFile ? offset : -1;
      heatPage[i] = hasFile ? filePage : page;
      return memoryOf(code);
    }
    const span = set.at(set.byFile ? offset : (page - set.origin) * PAGE + low);
    const row = set.rows[span]!;
    resolved.region[i] = row >= 0 ? row : this.binder.sectionRow(process, handle, set, span);
    resolved.fileOffset[i] = set.byFile ? offset : -1;
    const tailPage = span < set.names.length ? page + set.filePages : page;
    heatPage[i] = set.byFile ? filePage : tailPage;
    return set.memory;
  }
}

/** It is a COW in one kind of mapping and MINOR in another. Without an error code no COW is claimed at all. */
function mayBeCopy(flags: number, errorCode: number): boolean {
  return (
    (flags & FaultFlag.COMPLETION) === FaultFlag.MIN &&
    (flags & FaultFlag.ERROR_CODE) !== 0 &&
    (errorCode & ErrorCode.WRITE) !== 0
  );
}

/**
 * As VmaMap.find(). Where threads take turns, each has its own run of faults in one mapping; once per batch
 * the map is asked all the same, which keeps what is in use from being forgotten.
 */
function find(thread: Thread, map: VmaMap, page: number): number {
  const { clock } = map.pool;
  const { handle } = thread;
  if (
    handle >= 0 &&
    thread.stamp === map.stamp &&
    thread.lookedUp === clock &&
    map.covers(handle, page)
  ) {
    return handle;
  }
  thread.handle = map.find(page);
  thread.stamp = map.stamp;
  thread.lookedUp = clock;
  return thread.handle;
}
