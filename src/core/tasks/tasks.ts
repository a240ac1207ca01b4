import type { CommTable } from './comm-names';
import { NOT_IN_DETAIL, OTHERS, UNNAMED } from '../stats/limits';
import type { Limits } from '../stats/limits';
import { PENDING, UNKNOWN } from '../ports';
import type { ProcSource } from '../ports';
import { Process, Thread } from './process';
import type { RowTable } from '../stats/row-table';
import type { SlabPool } from '../stats/slab-pool';
import { UNKNOWN_OWNER } from '../facts/owner';
import { processInfo, processRows, threadRows } from './task-table';
import type { ProcessInfo, ThreadInfo } from './task-table';
import { EndedRows } from './ended-rows';
import type { Settled } from './ended-rows';
import { ancestorsOfChild } from '../vma/lineage';
import { VmaMap } from '../vma/vma-map';
import type { Vma } from '../vma/vma';
import type { VmaPool } from '../vma/vma-pool';

const THREAD_CACHE = 256;

/** Faults of a process of so many that are in no row of its own below it. */
export function leftOut({ leftOut: before, leftAt }: ProcessInfo, faults: number): number {
  return leftAt < 0 ? before : before + Math.max(0, faults - leftAt);
}

/**
 * Processes and threads: those that live, by pid and tid, and the rows of all there were. Processes that
 * end keep their address space until the next batch: a fault that ends with its thread (SIGSEGV) may
 * come right behind the record of the exit.
 */
export class Tasks {
  readonly threads: RowTable<ThreadInfo>;
  readonly processes: RowTable<ProcessInfo>;
  /** Somebody takes what noteChanged() notes. */
  notesChanges = false;
  /**
   * Decides at the fault of a process that is not in detail whether it is from now on. null: every process is, and
   * its maps are waited for.
   */
  admission: ((process: Process) => boolean) | null = null;
  /** Processes beyond the cap on address spaces were met. */
  crowded = false;
  readonly endedRows: EndedRows;
  private readonly byPid = new Map<number, Process>();
  private readonly byTid = new Map<number, Thread>();
  private readonly cache: (Thread | null)[] = new Array<Thread | null>(THREAD_CACHE).fill(null);
  private endedProcesses: Process[] = [];
  private endedThreads: Thread[] = [];
  private readonly changed = new Set<Process>();
  private nextSerial = 1;
  /** Has no map: stands for every process beyond the cap. */
  private crowd: Process | null = null;

  constructor(
    statPool: SlabPool,
    private readonly pagePool: SlabPool,
    private readonly comms: CommTable,
    private readonly source: ProcSource,
    private readonly limits: Limits,
    /** The memory of all VMA maps. */
    readonly spaces: VmaPool,
  ) {
    this.threads = threadRows(statPool, limits.threads);
    this.processes = processRows(statPool, limits.processes);
    this.endedRows = new EndedRows(limits);
  }

  live(): IterableIterator<Process> {
    return this.byPid.values();
  }

  /** Processes met so far, ended ones too. */
  get met(): number {
    return this.nextSerial - 1;
  }

  get liveCount(): number {
    return this.byPid.size;
  }

  process(pid: number): Process | undefined {
    return this.byPid.get(pid);
  }

  /** A process that begins now; one with the same pid has ended unseen. */
  begin(pid: number, ppid: number, comm: number, map: VmaMap): Process {
    const before = this.byPid.get(pid);
    if (before !== undefined) {
      this.endAll(before);
      this.release(before);
    }
    if (this.byPid.size >= this.limits.spaces) {
      map.clear();
      return this.crowdProcess();
    }
    const name = this.comms.names[comm]!;
    const serial = this.nextSerial++;
    const leftAt = this.admission === null ? -1 : 0;
    const info = processInfo({
      pid,
      serial,
      ppid,
      comm: name,
      owner: UNKNOWN_OWNER,
      alive: true,
      leftAt,
    });
    const row = this.processes.create(info);
    const kin = ancestorsOfChild(ppid, this.byPid.get(ppid));
    const process = new Process(serial, pid, ppid, comm, row, map, this.pagePool, kin);
    process.inDetail = this.admission === null;
    this.byPid.set(pid, process);
    this.noteChanged(process);
    return process;
  }

  private crowdProcess(): Process {
    this.crowded = true;
    if (this.crowd === null) {
      const comm = this.comms.intern(OTHERS);
      const none = { pid: 0, serial: 0, ppid: 0, owner: UNKNOWN_OWNER };
      const info = processInfo({ ...none, comm: OTHERS, alive: true, leftAt: -1 });
      const row = this.processes.create(info);
      this.crowd = new Process(0, 0, 0, comm, row, new VmaMap(this.spaces), this.pagePool);
    }
    return this.crowd;
  }

  /** It is new, or runs a new program: whose it is may be another question now. */
  noteChanged(process: Process): void {
    if (this.notesChanges) this.changed.add(process);
  }

  /** Those noted since the last call. */
  takeChanged(): Process[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  /** The process of a record or fault, begun when it was never announced: with maps still to be read. */
  ensure(pid: number): Process {
    const known = this.byPid.get(pid);
    if (known !== undefined) return known;
    // Not even asked about: a crowd's faults must stay cheap.
    if (this.byPid.size >= this.limits.spaces) return this.crowdProcess();
    const comm = this.comms.intern(this.source.comm(pid, pid) ?? UNNAMED);
    const process = this.begin(pid, 0, comm, new VmaMap(this.spaces));
    process.space.unread = process.pid !== 0;
    return process;
  }

  /**
   * The first look at the maps of a process. False: to be called again when the answer is there. Where they are read
   * on demand nobody waits for them.
   */
  looked(process: Process): boolean {
    if (!process.space.unread || this.admission !== null) return true;
    if (this.reread(process) === PENDING) return false;
    process.space.unread = false;
    return true;
  }

  /** Takes over what /proc shows now; false when it does not answer, PENDING when it will. */
  reread(process: Process): boolean | typeof PENDING {
    const maps = this.source.readMaps(process.pid);
    if (maps === PENDING) return PENDING;
    if (maps === null || maps === UNKNOWN) return false;
    this.adopt(process, maps.vmas, maps.asOf);
    return true;
  }

  adopt(process: Process, vmas: readonly Vma[], asOf: number): void {
    process.map.reset(vmas);
    process.space.asOf = asOf;
    process.space.stale = false;
  }

  /** A thread that begins, under its parent's name. */
  beginThread(process: Process, tid: number, comm: number): Thread {
    const before = this.byTid.get(tid);
    if (before !== undefined) this.endThread(before);
    if (!this.roomFor(process)) return this.spare(process);
    const thread = new Thread(tid, process, comm);
    this.byTid.set(tid, thread);
    process.tids.add(tid);
    this.countThreads(process);
    this.cache[tid % THREAD_CACHE] = null;
    return thread;
  }

  private roomFor(process: Process): boolean {
    return this.byTid.size < this.limits.liveThreads && process !== this.crowd;
  }

  private spare(process: Process): Thread {
    this.crowded = true;
    return (process.spare ??= new Thread(0, process, process.comm));
  }

  /** A thread that nobody announced. */
  private meet(process: Process, tid: number): Thread {
    const name = this.source.comm(process.pid, tid);
    return this.beginThread(process, tid, name === null ? process.comm : this.comms.intern(name));
  }

  /**
   * The thread of a fault; null while the maps of its process are on their way. Two comparisons for the
   * one that faulted last at its place in the cache.
   */
  thread(pid: number, tid: number): Thread | null {
    const cached = this.cache[tid % THREAD_CACHE];
    if (cached?.tid === tid && cached.process.pid === pid) return cached;
    return this.lookUp(pid, tid);
  }

  private lookUp(pid: number, tid: number): Thread | null {
    let thread = this.byTid.get(tid);
    if (thread?.process.pid !== pid) {
      const process = this.ensure(pid);
      if (!this.looked(process)) return null;
      thread = this.roomFor(process) ? this.meet(process, tid) : this.spare(process);
    } else if (!this.looked(thread.process)) return null;
    const { process } = thread;
    if (!process.inDetail && this.admission?.(process) === true) this.setDetail(process, true);
    if (thread.row < 0) thread.row = this.threadRow(thread);
    if (thread.tid === tid) this.cache[tid % THREAD_CACHE] = thread;
    return thread;
  }

  private threadRow(thread: Thread): number {
    const { pid, serial, inDetail } = thread.process;
    if (!inDetail) {
      const shared = { tid: 0, pid: 0, serial: 0, comm: NOT_IN_DETAIL, alive: false };
      return this.threads.rest(shared);
    }
    const comm = this.comms.names[thread.comm]!;
    return this.threads.create({ tid: thread.tid, pid, serial, comm, alive: true });
  }

  /** From now on its faults count in rows of its own, or in those that all share which are not in detail. */
  setDetail(process: Process, inDetail: boolean): void {
    if (process.inDetail === inDetail) return;
    process.inDetail = inDetail;
    process.space.forgetSets();
    const info = this.processes.info(process.row);
    if (info?.serial === process.serial) {
      const faults = this.processes.stats.faults(process.row);
      info.leftOut = leftOut(info, faults);
      info.leftAt = inDetail ? -1 : faults;
    }
    for (const tid of process.tids) {
      const thread = this.byTid.get(tid);
      if (thread?.process !== process) continue;
      const { row } = thread;
      thread.row = inDetail ? thread.ownRow : -1;
      thread.ownRow = inDetail ? -1 : row;
      this.cache[tid % THREAD_CACHE] = null;
    }
  }

  /** The counters begin anew. */
  zero(): void {
    for (let slot = 0; slot < this.processes.stats.limit; slot++) {
      const info = this.processes.info(slot);
      if (info === null) continue;
      info.leftOut = 0;
      info.leftAt = Math.min(0, info.leftAt);
    }
  }

  known(tid: number): Thread | undefined {
    return this.byTid.get(tid);
  }

  rename(thread: Thread, comm: number): void {
    thread.comm = comm;
    const name = this.comms.names[comm]!;
    const row = thread.row < 0 ? null : this.threads.info(thread.row);
    if (row?.tid === thread.tid) row.comm = name;
    // A process goes by the name of its first thread.
    if (thread.tid !== thread.process.pid) return;
    thread.process.comm = comm;
    const info = this.processes.info(thread.process.row);
    if (info?.serial === thread.process.serial) info.comm = name;
  }

  /** The thread has exited; with the last one its process. */
  endThread(thread: Thread): void {
    const { process, tid } = thread;
    if (!process.tids.delete(tid)) return;
    for (const slot of [thread.row, thread.ownRow]) {
      const row = slot < 0 ? null : this.threads.info(slot);
      if (row?.tid === tid) row.alive = false;
    }
    this.endedThreads.push(thread);
    this.countThreads(process);
    if (process.tids.size === 0) this.end(process);
  }

  private countThreads(process: Process): void {
    const info = this.processes.info(process.row);
    if (info?.serial === process.serial) info.threads = process.tids.size;
  }

  /** The process has ended although nobody saw its threads go. */
  endAll(process: Process): void {
    for (const tid of [...process.tids]) {
      const thread = this.byTid.get(tid);
      if (thread?.process === process) this.endThread(thread);
    }
    this.end(process);
  }

  private end(process: Process): void {
    if (!process.alive || process.pid === 0) return;
    process.alive = false;
    const info = this.processes.info(process.row);
    if (info?.serial === process.serial) {
      info.alive = false;
      info.threads = 0;
    }
    this.endedProcesses.push(process);
  }

  /** Frees what ended before; to be called between batches. */
  releaseEnded(): void {
    for (const thread of this.endedThreads) {
      this.releaseThread(thread);
      if (thread.row >= 0 && thread.process.alive) this.endedRows.addThread(thread.tid);
    }
    for (const process of this.endedProcesses) {
      this.release(process);
      this.endedRows.addProcess(process.pid);
    }
    this.endedThreads = [];
    this.endedProcesses = [];
  }

  /** What ended long enough ago to share rows, each told once; null where there is none. */
  settle(): Settled | null {
    return this.endedRows.settle((pid) => this.byPid.has(pid));
  }

  /** A thread (0: none) has ended and its row is no longer kept apart. */
  hasLeft(tid: number): boolean {
    return tid !== 0 && !this.byTid.has(tid) && !this.endedRows.hasThread(tid);
  }

  private releaseThread(thread: Thread): void {
    const { tid } = thread;
    if (this.byTid.get(tid) === thread) this.byTid.delete(tid);
    if (this.cache[tid % THREAD_CACHE] === thread) this.cache[tid % THREAD_CACHE] = null;
  }

  private release(process: Process): void {
    if (this.byPid.get(process.pid) === process) this.byPid.delete(process.pid);
    for (const tid of process.tids) {
      const thread = this.byTid.get(tid);
      if (thread?.process === process) this.releaseThread(thread);
    }
    process.clearSpace();
  }

  /**
   * The first thread is now this process' only one: an exec by another thread takes over the pid after
   * the rest has been ended.
   */
  becomeSingle(process: Process, comm: number): Thread {
    for (const tid of [...process.tids]) {
      if (tid === process.pid) continue;
      const other = this.byTid.get(tid);
      // The first thread is entered before the last other leaves, lest the process be taken for dead.
      process.tids.add(process.pid);
      if (other !== undefined) this.endThread(other);
    }
    const first = this.byTid.get(process.pid);
    if (first?.process === process && !this.endedThreads.includes(first)) {
      this.countThreads(process);
      return first;
    }
    process.tids.delete(process.pid);
    return this.beginThread(process, process.pid, comm);
  }
}
