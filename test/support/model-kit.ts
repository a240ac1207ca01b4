import { Batch, FaultFlag, RecordType } from '../../src/core/wire/batch';
import { CAUSE_NAMES, CLASS_NAMES } from '../../src/core/classify/classes';
import type { Depth } from '../../src/core/resolve/counters';
import type { ElfImage } from '../../src/core/elf/elf';
import type { GuardedRange } from '../../src/core/classify/guarded-ranges';
import type { Limits } from '../../src/core/stats/limits';
import { FileStore } from '../../src/core/vma/file-store';
import { Model } from '../../src/core/model';
import type { ModelOptions } from '../../src/core/resolve/model-options';
import { PENDING, UNKNOWN } from '../../src/core/ports';
import type { GuardAnswer, GuardSource, MapsAnswer, ProcSource } from '../../src/core/ports';
import { Resolved } from '../../src/core/wire/resolved';
import type { Backing, Vma } from '../../src/core/vma/vma';
import { type CapturedFault, capture } from './fault-kit';
import { vma } from './vma-kit';

/** Low 12 bits of an address: part of what faults are made of. */
export interface FaultSpec extends Pick<CapturedFault, 'weight' | 'counted'> {
  readonly page: number;
  readonly pid?: number;
  readonly tid?: number;
  readonly low?: number;
  /** x86 error code; null where no tracepoint told. */
  readonly code?: number | null;
  readonly end?: 'min' | 'maj' | 'none';
  readonly latency?: number;
  /** Address of the instruction; none was seen without it. */
  readonly ip?: bigint;
}

/** Plain data in place of /proc. Counts the questions. */
export class FakeSource implements ProcSource {
  readonly maps = new Map<number, { vmas: readonly Vma[]; asOf: number }>();
  readonly images = new Map<string, ElfImage>();
  readonly comms = new Map<number, string>();
  asked = { maps: 0, pages: 0, comms: 0 };
  answersPages = true;
  late = false;
  /** Questions whose answer is on its way, and such as are not answered at all. */
  readonly pending = new Set<string>();
  readonly unknown = new Set<string>();

  private state(question: string): typeof PENDING | typeof UNKNOWN | null {
    if (this.pending.has(question)) return PENDING;
    return this.unknown.has(question) ? UNKNOWN : null;
  }
  readMaps(pid: number): MapsAnswer | null | typeof UNKNOWN | typeof PENDING {
    this.asked.maps++;
    const state = this.state(`maps ${pid}`);
    if (state !== null) return state;
    return this.maps.get(pid) ?? null;
  }
  queryPage(pid: number, page: number): Vma | null | typeof UNKNOWN | typeof PENDING {
    this.asked.pages++;
    const state = this.state(`page ${page}`);
    if (state !== null) return state;
    if (!this.answersPages) return UNKNOWN;
    return this.maps.get(pid)?.vmas.find((v) => v.start <= page && page < v.end) ?? null;
  }
  /** FileStore of files by name; the rest is on a disk. */
  readonly stores = new Map<string, number>();
  fileStore(_pid: number, _ppid: number, { name }: Backing): number {
    return this.stores.get(name) ?? FileStore.DISK;
  }
  elfImage(_process: unknown, v: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    const state = this.state(`elf ${v.backing.name}`);
    if (state !== null) return state;
    return this.images.get(v.backing.name) ?? null;
  }
  readonly ended = new Set<number>();
  hasEnded(pid: number): boolean {
    return this.ended.has(pid);
  }
  comm(_pid: number, tid: number): string | null {
    this.asked.comms++;
    return this.comms.get(tid) ?? null;
  }
  readonly eras = new Map<string, number>();
  fileChanges = 0;
  fileEra({ ino }: { readonly ino: string }): number {
    return this.eras.get(ino) ?? 0;
  }
  /** The inode is another file's from now on. */
  replace(ino: string): void {
    this.eras.set(ino, this.fileEra({ ino }) + 1);
    this.fileChanges++;
  }
  takeLateImages(): boolean {
    const { late } = this;
    this.late = false;
    return late;
  }
}

/** Answers when the test says so. */
export class FakeGuards implements GuardSource {
  asked: { readonly pid: number; readonly space: string }[] = [];
  private answers: GuardAnswer[] = [];

  askGuards(pid: number, space: string): void {
    this.asked.push({ pid, space });
  }
  takeGuards(): readonly GuardAnswer[] {
    return this.answers.splice(0);
  }
  /** Answers the last question. */
  answer(asOf: number, ranges: readonly GuardedRange[], bySelf = true): void {
    const { pid, space } = this.asked.at(-1)!;
    this.answers.push({ pid, space, asOf, ranges, bySelf });
  }
}

/** What consume() said of one fault, in words. */
export interface Verdict {
  readonly class: string;
  readonly cause: string;
  readonly region: string;
  readonly tid: number;
  readonly comm: string;
  readonly offset: number;
}

/** Room for 32,768 mappings and less of the rest: what a run has is 180 MB, to be filled with zeros for every model. */
const ROOM: Partial<Limits> = { vmaLeaves: 1024, statBlocks: 4096, pageChunks: 2048 };

/** What some records have and others do not: the columns of Batch without their prefix. */
interface RecordNumbers {
  readonly start: number;
  readonly end: number;
  readonly pgoff: number;
  readonly entered: number;
  readonly newStart: number;
  readonly newEnd: number;
  readonly count: number;
  readonly parentPid: number;
  readonly parentTid: number;
}

/** A model, a source and a batch under construction. Time goes on by 1,000 ns with every entry. */
export class Rig {
  readonly source = new FakeSource();
  readonly guards = new FakeGuards();
  readonly model: Model;
  readonly batch = new Batch();
  readonly resolved = new Resolved();
  now = 0;
  private readonly encoder = new TextEncoder();

  constructor(
    limits: Partial<Limits> = {},
    depth: Depth = 'detail',
    more: Pick<
      ModelOptions,
      'owners' | 'spaces' | 'hugePages' | 'symbols' | 'stacks' | 'names' | 'unwinder' | 'tls'
    > = {},
  ) {
    this.model = new Model({
      source: this.source,
      guards: this.guards,
      limits: { ...ROOM, ...limits },
      depth,
      ...more,
    });
    this.clear();
  }

  clear(): void {
    this.batch.faults = 0;
    this.batch.records = 0;
    this.batch.nameBytes = 0;
  }

  fault(spec: FaultSpec): this {
    const { page, low = 0, code = 0x6, end = 'min', ip } = spec;
    this.now += 1000;
    capture(this.batch, {
      ...spec,
      time: this.now,
      address: page * 4096 + low,
      ip: ip ?? 0n,
      errorCode: code ?? 0,
      flags:
        { none: FaultFlag.NONE, min: FaultFlag.MIN, maj: FaultFlag.MAJ }[end] |
        (code === null ? 0 : FaultFlag.ERROR_CODE) |
        (ip === undefined ? 0 : FaultFlag.ENTRY),
    });
    return this;
  }

  private record(
    type: number,
    pid: number,
    tid: number,
    of: Partial<RecordNumbers> = {},
    name = '',
  ): number {
    const { batch } = this;
    const r = batch.records++;
    this.now += 1000;
    batch.recType[r] = type;
    batch.recTime[r] = this.now;
    batch.recAt[r] = batch.faults;
    batch.recPid[r] = pid;
    batch.recTid[r] = tid;
    batch.recStart[r] = of.start ?? 0;
    batch.recEnd[r] = of.end ?? 0;
    batch.recPgoff[r] = of.pgoff ?? 0;
    batch.recEntered[r] = of.entered ?? 0;
    batch.recNewStart[r] = of.newStart ?? 0;
    batch.recNewEnd[r] = of.newEnd ?? 0;
    batch.recCount[r] = of.count ?? 0;
    batch.recParentPid[r] = of.parentPid ?? 0;
    batch.recParentTid[r] = of.parentTid ?? 0;
    batch.recProt[r] = 0;
    batch.recFlags[r] = 0;
    batch.recInoHi[r] = 0;
    const bytes = this.encoder.encode(name);
    batch.names.set(bytes, batch.nameBytes);
    batch.recNameOffset[r] = batch.nameBytes;
    batch.recNameLength[r] = bytes.length;
    batch.nameBytes += bytes.length;
    return r;
  }

  /** The stack of the next fault, innermost first. */
  stack(addresses: readonly bigint[], weight = 1, pid = 100): this {
    return this.chain(RecordType.STACK, { count: weight }, addresses, pid);
  }

  /** Faults of a thread of which no row tells. */
  counted(count: number, pid = 100, tid = pid): this {
    this.record(RecordType.COUNTED, pid, tid, { count });
    return this;
  }

  /** A copy of the stack of the next fault, in a slot. */
  stackCopy(slot: number, weight = 1, pid = 100): this {
    const r = this.record(RecordType.STACK_COPY, pid, pid, { count: weight });
    this.batch.recFlags[r] = slot;
    return this;
  }

  /** By which stack pages start to end (exclusive) were mapped. */
  madeBy(start: number, end: number, addresses: readonly bigint[], pid = 100, flags = 0): this {
    const r = this.batch.records;
    this.chain(RecordType.MADE_BY, { start, end }, addresses, pid);
    this.batch.recFlags[r] = flags;
    return this;
  }

  /** The same, its stack copied into a slot. */
  madeByCopy(start: number, end: number, slot: number, pid = 100): this {
    this.record(RecordType.MADE_BY_COPY, pid, pid, { start, end, count: slot });
    return this;
  }

  private chain(
    type: number,
    columns: Partial<RecordNumbers>,
    addresses: readonly bigint[],
    pid: number,
  ): this {
    const { batch } = this;
    batch.nameBytes = (batch.nameBytes + 7) & ~7;
    const r = this.record(type, pid, pid, columns);
    const words = new BigUint64Array(
      batch.names.buffer,
      batch.names.byteOffset + batch.nameBytes,
      addresses.length,
    );
    words.set(addresses);
    batch.recNameLength[r] = words.byteLength;
    batch.nameBytes += words.byteLength;
    return this;
  }

  mmap(v: Vma, pid = 100): this {
    const name = v.backing.name === '' ? '//anon' : v.backing.name;
    const r = this.record(RecordType.MMAP, pid, pid, v, name);
    this.batch.recProt[r] = v.prot;
    this.batch.recFlags[r] = v.shared ? 1 : 2;
    this.batch.recDevMajor[r] = v.backing.devMajor;
    this.batch.recDevMinor[r] = v.backing.devMinor;
    const ino = BigInt(v.backing.ino);
    this.batch.recInoLo[r] = Number(ino & 0xffffffffn);
    this.batch.recInoHi[r] = Number(ino >> 32n);
    return this;
  }

  /** `entered`: when the system call was entered; now, unless another thread got in between. */
  munmap(start: number, end: number, pid = 100, entered = this.now): this {
    this.record(RecordType.UNMAP, pid, pid, { start, end, entered });
    return this;
  }

  mremap(from: readonly [number, number], to: readonly [number, number], pid = 100): this {
    const [[start, end], [newStart, newEnd]] = [from, to];
    this.record(RecordType.REMAP, pid, pid, { start, end, newStart, newEnd, entered: this.now });
    return this;
  }

  brk(end: number, pid = 100): this {
    this.record(RecordType.BRK, pid, pid, { end });
    return this;
  }

  fork(parent: number, pid: number, parentTid = parent): this {
    this.record(RecordType.FORK, pid, pid, { parentPid: parent, parentTid });
    return this;
  }

  /** What follows a fork with CLONE_VM: vfork. */
  share(parent: number, pid: number): this {
    this.record(RecordType.SHARE_SPACE, pid, pid, { parentPid: parent });
    return this;
  }

  shmdt(start: number, pid = 100): this {
    this.record(RecordType.DETACH, pid, pid, { start, entered: this.now });
    return this;
  }

  thread(pid: number, tid: number, maker = pid): this {
    this.record(RecordType.FORK, pid, tid, { parentPid: pid, parentTid: maker });
    return this;
  }

  rename(pid: number, tid: number, name: string): this {
    this.record(RecordType.COMM, pid, tid, {}, name);
    return this;
  }

  exec(pid: number, name: string): this {
    const r = this.record(RecordType.COMM, pid, pid, {}, name);
    this.batch.recFlags[r] = 1;
    return this;
  }

  exit(pid: number, tid = pid): this {
    this.record(RecordType.EXIT, pid, tid);
    return this;
  }

  lost(count: number): this {
    this.record(RecordType.LOST, 0, 0, { count });
    return this;
  }

  stackPointer(pid: number, tid: number, page: number): this {
    this.record(RecordType.STACK_POINTER, pid, tid, { start: page });
    return this;
  }

  /** Gives the batch to the model and starts a new one; what was said of each fault. */
  run(): Verdict[] {
    if (!this.consumes()) throw new Error('an answer is missing');
    return this.verdicts();
  }

  /** What was said of each fault of a batch that is consumed; a new one is begun. */
  verdicts(): Verdict[] {
    const { resolved, model } = this;
    const verdicts = Array.from({ length: this.batch.faults }, (_, i) => ({
      class: CLASS_NAMES[resolved.faultClass[i]!]!,
      cause: CAUSE_NAMES[resolved.cause[i]!]!,
      region: model.regionLabel(resolved.region[i]!),
      tid: model.tasks.threads.info(resolved.thread[i]!)!.tid,
      comm: model.commName(resolved.comm[i]!),
      offset: resolved.fileOffset[i]!,
    }));
    this.clear();
    return verdicts;
  }

  /** True when the batch at hand is consumed; it stays at hand for run(). */
  consumes(): boolean {
    this.batch.horizon = this.now;
    return this.model.consume(this.batch, this.resolved);
  }

  /** run(), the regions' labels alone. */
  labels(): string[] {
    return this.run().map((v) => v.region);
  }

  /** A process with a heap, a file and a stack, attached to before anything happens. */
  attach(pid = 100, vmas: readonly Vma[] = ORDINARY, tids: readonly number[] = [pid]): this {
    this.model.addProcess(pid, { ppid: 1, comm: 'demo', tids, maps: { vmas, asOf: 0 } });
    return this;
  }
}

export const FILE_START = 0x400;
export const HEAP_START = 0x1000;
export const STACK_START = 0x7ffff0000;
export const ORDINARY: readonly Vma[] = [
  vma(FILE_START, FILE_START + 16, '/srv/data.db', { shared: true }),
  vma(HEAP_START, HEAP_START + 64, '[heap]'),
  vma(STACK_START, STACK_START + 33, '[stack]'),
];
