import { meet, PlaceKind, TRUNCATED } from '../code/address';
import type { CodePlace } from '../code/address';
import { CodeTable } from '../code/code-table';
import type { ProcSource } from '../ports';
import { UNKNOWN_NATURE, regionNature } from '../regions/region-label';
import { NOT_IN_DETAIL } from '../stats/limits';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import { FileStore } from '../vma/file-store';
import { backingOf, protOf } from '../vma/vma-kind';
import { Prot } from '../vma/vma';
import type { Vma } from '../vma/vma';
import type { VmaMap } from '../vma/vma-map';
import { FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { Resolved } from '../wire/resolved';

const PAGE = 4096;
/** Addresses from here on are the kernel's: the upper half, and on no processor the user's. */
const KERNEL_HIGH = 0x80000000;
const VSYSCALL_PAGE = 0xffffffffff600;
const WORD = 2 ** 32;

const KERNEL: CodePlace = place(PlaceKind.KERNEL, '[kernel]', '', 'kernel');
const NO_CODE: CodePlace = place(PlaceKind.UNKNOWN, '[unknown]', '', 'no code');
const CUT_OFF: CodePlace = place(PlaceKind.UNKNOWN, TRUNCATED, '', 'truncated');
const VSYSCALL: CodePlace = place(PlaceKind.UNKNOWN, '[vsyscall]', '', 'vsyscall');

const NOT_KEPT: CodePlace = place(PlaceKind.UNKNOWN, NOT_IN_DETAIL, '', 'not in detail');

function isOpen({ inDetail, space }: Process): boolean {
  return !inDetail || space.unread;
}

function place(kind: number, object: string, path: string, key: string, era = 0): CodePlace {
  return { kind, object, path, era, key, pid: 0, vma: null, ancestors: [] };
}

/** Which file device and inode stand for. */
export type FileEras = Pick<ProcSource, 'fileEra' | 'fileChanges'>;

/**
 * Finds the instruction of every fault in the mappings of its process: in a file by device, inode and
 * offset, so that one library is the same code in all of them. Per fault no object and no string; what is
 * met first is behind a call.
 */
export class CodeLoop {
  /** Numbers of the places of files by backing, -1 where there is none. */
  private placeOf: number[] = [];
  /** The `fileChanges` for which these are good. */
  private changes = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly codes: CodeTable,
    private readonly files: FileEras,
  ) {}

  /** Faults from (inclusive) to (exclusive), between two records; their threads are known already. */
  run(batch: Batch, resolved: Resolved, from: number, to: number): void {
    const { tasks } = this;
    const { pid, tid, ipHi, ipLo, flags } = batch;
    const { code } = resolved;
    let high = -1;
    let low = -1;
    let process = -1;
    let known = CodeTable.NONE;
    for (let i = from; i < to; i++) {
      if ((flags[i]! & FaultFlag.ENTRY) === 0) {
        code[i] = CodeTable.NONE;
        continue;
      }
      // Faults come in runs of one instruction; between two records its mapping stays.
      if (ipLo[i] !== low || ipHi[i] !== high || pid[i] !== process) {
        high = ipHi[i]!;
        low = ipLo[i]!;
        process = pid[i]!;
        known = this.codeOf(tasks.thread(process, tid[i]!), high, low);
      }
      code[i] = known;
    }
  }

  private codeOf(thread: Thread | null, high: number, low: number): number {
    if (thread !== null && isOpen(thread.process)) return this.notInDetail();
    return thread === null || high >= KERNEL_HIGH
      ? this.inKernel(high, low)
      : this.inUser(thread, high, low);
  }

  /** What stands for all code of processes that are not kept in detail, or whose maps have not been read. */
  notInDetail(): number {
    return this.codes.intern(this.numberOf(NOT_KEPT), 0, 0);
  }

  private inKernel(high: number, low: number): number {
    const page = high * (WORD / PAGE) + Math.floor(low / PAGE);
    const where = page === VSYSCALL_PAGE ? VSYSCALL : KERNEL;
    return this.codes.intern(this.numberOf(where), high, low);
  }

  private inUser(thread: Thread, high: number, low: number): number {
    const { codes } = this;
    const { map } = thread.process.space;
    const page = high * (WORD / PAGE) + Math.floor(low / PAGE);
    const handle = codeHandle(thread, map, page);
    if (thread.codeEra !== codes.era) {
      thread.codePlace = handle < 0 ? this.unknown(thread) : this.placeAt(thread, map, handle);
      thread.codeEra = codes.era;
    }
    return this.at(thread.codePlace, map, handle, high, low);
  }

  /** Number of an instruction, wherever the one before was. */
  frame(thread: Thread, high: number, low: number): number {
    return high >= KERNEL_HIGH ? this.inKernel(high, low) : this.userFrame(thread, high, low);
  }

  /** The same of what was found on a stack, which need not be code: then it is one and the same. */
  userFrame(thread: Thread, high: number, low: number): number {
    const { map } = thread.process.space;
    const page = high * (WORD / PAGE) + Math.floor(low / PAGE);
    const handle = high >= KERNEL_HIGH ? -1 : map.find(page);
    if (handle < 0 || (protOf(map.kindOf(handle)) & Prot.EXEC) === 0) {
      return this.noCode();
    }
    return this.at(this.placeAt(thread, map, handle), map, handle, high, low);
  }

  /** What stands for an address that is none of code. */
  noCode(): number {
    return this.codes.intern(this.numberOf(NO_CODE), 0, 0);
  }

  /** What stands for the rest of a stack. */
  truncated(): number {
    return this.codes.intern(this.numberOf(CUT_OFF), 0, 0);
  }

  /** Number of the place that a mapping of a process shows, whatever its map shows now. */
  placeIn(process: Process, vma: Vma): number {
    return this.make(process, vma);
  }

  /** Number of an address in a mapping with that place. */
  inMapping(number: number, { start, pgoff }: Vma, high: number, low: number): number {
    return this.inPlace(number, start, pgoff, high, low);
  }

  private at(number: number, map: VmaMap, handle: number, high: number, low: number): number {
    return this.inPlace(number, map.startOf(handle), map.pgoffOf(handle), high, low);
  }

  private inPlace(number: number, start: number, pgoff: number, high: number, low: number): number {
    const { codes } = this;
    const page = high * (WORD / PAGE) + Math.floor(low / PAGE);
    const { kind } = codes.place(number);
    if (kind !== PlaceKind.FILE && kind !== PlaceKind.VDSO) return codes.intern(number, high, low);
    const first = kind === PlaceKind.FILE ? pgoff : 0;
    const offset = (page - start + first) * PAGE + (low % PAGE);
    return codes.intern(number, Math.floor(offset / WORD), offset % WORD);
  }

  /** Number of the place that a mapping shows. */
  private placeAt(thread: Thread, map: VmaMap, handle: number): number {
    const number = backingOf(map.kindOf(handle));
    if (this.changes !== this.files.fileChanges) {
      this.changes = this.files.fileChanges;
      this.placeOf = [];
    }
    const known = this.placeOf[number] ?? -1;
    // Numbers of backings are given anew; memory without a file is that of many processes.
    if (known >= 0 && known < this.codes.places) {
      const place = this.codes.place(known);
      if (place.vma?.backing === map.pool.backings.get(number)) {
        meet(place, thread.process, map.vma(handle));
        return known;
      }
    }
    const made = this.make(thread.process, map.vma(handle));
    while (this.placeOf.length <= number) this.placeOf.push(-1);
    this.placeOf[number] = this.codes.place(made).kind === PlaceKind.FILE ? made : -1;
    return made;
  }

  private make(process: Process, vma: Vma): number {
    const { name, devMajor, devMinor, ino } = vma.backing;
    const nature = regionNature(vma, FileStore.UNKNOWN);
    const known = (kind: number, key: string, era = 0): number => {
      const number = this.numberOf(place(kind, nature.label, nature.path, key, era));
      meet(this.codes.place(number), process, vma);
      return number;
    };
    if (ino !== '0') {
      const era = this.files.fileEra(vma.backing);
      return known(PlaceKind.FILE, `${devMajor}:${devMinor}:${ino}:${era}:${name}`, era);
    }
    if (name === '[vdso]') return known(PlaceKind.VDSO, 'vdso');
    return known(PlaceKind.ANON, `anon ${process.space.keyPrefix} ${nature.label}`);
  }

  private unknown(thread: Thread): number {
    const { space } = thread.process;
    const key = `unknown ${space.keyPrefix}`;
    return this.numberOf(place(PlaceKind.UNKNOWN, UNKNOWN_NATURE.label, '', key));
  }

  private numberOf(wanted: CodePlace): number {
    const known = this.codes.placeNumber(wanted.key);
    return known >= 0 ? known : this.codes.addPlace({ ...wanted });
  }
}

/** As find() of the fault loop, for the mapping of the instruction. */
function codeHandle(thread: Thread, map: VmaMap, page: number): number {
  const { codeHandle: before } = thread;
  const holds = thread.codeStamp === map.stamp;
  if (before >= 0 && holds && map.covers(before, page)) return before;
  const handle = map.find(page);
  // What it shows is to be asked anew.
  if (handle !== before || !holds) thread.codeEra = -1;
  thread.codeHandle = handle;
  thread.codeStamp = map.stamp;
  return handle;
}
