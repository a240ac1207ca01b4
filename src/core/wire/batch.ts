import { Columns, NO_BUFFER } from './columns';

/**
 * The layout of one batch: what the addon's drain() writes and the pump (src/app) reads.
 *
 * addon/wire/batch.h has the same columns (the loader compares the lists). All lie in one ArrayBuffer so
 * that a drain is one call without allocation.
 *
 *   header    64 bytes   u32[0] faults, u32[1] records, u32[2] name bytes, u32[3] turns, f64[2] (byte 16) horizon
 *   faults    FAULT_CAPACITY rows of the columns below
 *   records   RECORD_CAPACITY rows: address-space and task records, in time order
 *   names     NAME_BYTES of raw bytes that records point into
 *
 * Units: times are ns since the session's start (CLOCK_MONOTONIC), addresses are split into two u32,
 * ranges are in 4 KiB units whatever the kernel's page size, so that they are exact in a double.
 */
export const FAULT_CAPACITY = 16384;
export const RECORD_CAPACITY = 8192;
const NAME_BYTES = 512 * 1024;
const HEADER_BYTES = 64;

/** Bits of the `flags` column: how a fault ended, and what the addon knows of it. */
export const FaultFlag = {
  /** Mask of the completion: 0 none (unresolved), 1 PAGE_FAULTS_MIN, 2 PAGE_FAULTS_MAJ. */
  COMPLETION: 0x03,
  NONE: 0,
  MIN: 1,
  MAJ: 2,
  /** The access was made in kernel mode (read(2) into a fresh buffer, exec). */
  KERNEL: 0x04,
  /** error_code is valid: the entry record was one of the exceptions tracepoints. */
  ERROR_CODE: 0x08,
  /** ip and latency are valid: an entry record was paired. */
  ENTRY: 0x10,
  /** Taken for unresolved because nothing completed it: signals could not be watched. */
  INFERRED: 0x20,
} as const;

/**
 * The `signal` column: what an unresolved fault sent its thread, 0 where that was not seen. `signal &
 * CODE` is si_code (SEGV_* or BUS_*, sigaction(2)), `signal & BUS` tells SIGBUS from SIGSEGV.
 */
export const FaultSignal = { CODE: 0x7f, BUS: 0x80 } as const;

/** Bits of the x86 page-fault error code (arch/x86/include/asm/trap_pf.h). */
export const ErrorCode = { PRESENT: 1, WRITE: 2, USER: 4, RESERVED: 8, INSTRUCTION: 16 } as const;

/** Kinds of record beside the faults, each with the columns it fills beside recTime, recAt, recPid, recTid. */
export const RecordType = {
  /** MMAP2: recStart, recEnd, recPgoff; recProt, recFlags (mmap(2)'s), device, inode, name. */
  MMAP: 1,
  /** COMM: name; recFlags bit 0 set when it comes from an exec: the address space is new. */
  COMM: 2,
  /** FORK: recParentPid, recParentTid. Another pid than the parent's: a process with a copy of its map. */
  FORK: 3,
  /** EXIT of one thread. */
  EXIT: 4,
  /** A successful munmap: recStart, recEnd, recEntered. */
  UNMAP: 5,
  /** A successful mremap: recStart, recEnd, recEntered, recNewStart, recNewEnd; recFlags (mremap(2)'s). */
  REMAP: 6,
  /** A brk that returned: recEnd is the new program break, rounded up. */
  BRK: 7,
  /** Records were lost: recCount, by the kernel (recFlags 0) or by a full mailbox (recFlags 1). */
  LOST: 8,
  /** The stack pointer of a thread, as it started or slept: recStart is its page. */
  STACK_POINTER: 9,
  /** The process just forked shares the memory of recParentPid (CLONE_VM): it has no copy of the map. */
  SHARE_SPACE: 10,
  /** A shmdt: recStart is the page of the address given; recEntered. */
  DETACH: 11,
  /**
   * The user call stack of the fault that follows (recAt): recCount faults that it stands for; as its name the
   * addresses, innermost first, u64 each, on 8 bytes.
   */
  STACK: 12,
  /**
   * recStart to recEnd was mapped by this thread; its name as that of STACK: the call stack. recFlags 1: of these
   * pages only those that the break is moved over by the BRK that follows.
   */
  MADE_BY: 13,
  /** The same of which registers and memory were copied, to be unwound: recFlags is the slot (Session.takeStack). */
  STACK_COPY: 14,
  /** As MADE_BY, of which registers and memory were copied: recCount is the slot. */
  MADE_BY_COPY: 15,
  /**
   * recInoHi and recInoLo are the id of a cgroup: of the process that ends now, whose name this is, or, without a
   * process, of a cgroup that is made, whose name is its path below the mount.
   */
  CGROUP: 16,
  /** recCount MINOR or COW faults of the thread that no row tells of; below 0 where rows have told of too many. */
  COUNTED: 17,
} as const;

/** Typed views of one batch buffer. Made once and reused for every drain. */
export class Batch extends Columns {
  // Faults. `time` is that of the record that ended the fault.
  readonly time = this.f64('time', FAULT_CAPACITY);
  /** ns from entry to completion, -1 where no entry was paired. */
  readonly latency = this.f64('latency', FAULT_CAPACITY);
  readonly addrLo = this.u32('addrLo', FAULT_CAPACITY);
  readonly addrHi = this.u32('addrHi', FAULT_CAPACITY);
  readonly ipLo = this.u32('ipLo', FAULT_CAPACITY);
  readonly ipHi = this.u32('ipHi', FAULT_CAPACITY);
  readonly pid = this.u32('pid', FAULT_CAPACITY);
  readonly tid = this.u32('tid', FAULT_CAPACITY);
  /** Faults that it stands for: 1, unless it is one of a sample. */
  readonly weight = this.u32('weight', FAULT_CAPACITY);
  /** Faults of its class that its thread has had since the last row of one, itself with them: exact in sum. */
  readonly counted = this.u32('counted', FAULT_CAPACITY);
  readonly errorCode = this.u16('errorCode', FAULT_CAPACITY);
  /** Bits of FaultFlag. */
  readonly flags = this.u8('flags', FAULT_CAPACITY);
  /** As FaultSignal says. */
  readonly signal = this.u8('signal', FAULT_CAPACITY);

  /** All that a fault has: whoever keeps one keeps these. */
  readonly faultColumns = this.soFar();

  // Records; pages and ranges in 4 KiB units, ends exclusive.
  readonly recTime = this.f64('recTime', RECORD_CAPACITY);
  readonly recStart = this.f64('recStart', RECORD_CAPACITY);
  readonly recEnd = this.f64('recEnd', RECORD_CAPACITY);
  readonly recPgoff = this.f64('recPgoff', RECORD_CAPACITY);
  /** When the system call was entered. */
  readonly recEntered = this.f64('recEntered', RECORD_CAPACITY);
  readonly recNewStart = this.f64('recNewStart', RECORD_CAPACITY);
  readonly recNewEnd = this.f64('recNewEnd', RECORD_CAPACITY);
  readonly recCount = this.f64('recCount', RECORD_CAPACITY);
  /** Faults of this batch that come before the record. */
  readonly recAt = this.u32('recAt', RECORD_CAPACITY);
  readonly recPid = this.u32('recPid', RECORD_CAPACITY);
  readonly recTid = this.u32('recTid', RECORD_CAPACITY);
  readonly recParentPid = this.u32('recParentPid', RECORD_CAPACITY);
  readonly recParentTid = this.u32('recParentTid', RECORD_CAPACITY);
  readonly recProt = this.u32('recProt', RECORD_CAPACITY);
  readonly recFlags = this.u32('recFlags', RECORD_CAPACITY);
  readonly recDevMajor = this.u32('recDevMajor', RECORD_CAPACITY);
  readonly recDevMinor = this.u32('recDevMinor', RECORD_CAPACITY);
  readonly recInoLo = this.u32('recInoLo', RECORD_CAPACITY);
  readonly recInoHi = this.u32('recInoHi', RECORD_CAPACITY);
  readonly recNameOffset = this.u32('recNameOffset', RECORD_CAPACITY);
  readonly recNameLength = this.u32('recNameLength', RECORD_CAPACITY);
  readonly recType = this.u8('recType', RECORD_CAPACITY);

  readonly names = this.u8('names', NAME_BYTES);
  /** The same bytes, for stacks. */
  readonly nameWords: Uint32Array;

  private readonly headerU32: Uint32Array;
  private readonly headerF64: Float64Array;

  constructor(buffer: ArrayBuffer = new ArrayBuffer(new Batch(NO_BUFFER).bytes)) {
    super(buffer, HEADER_BYTES);
    const { byteOffset } = this.names;
    const whole = buffer !== NO_BUFFER;
    this.headerU32 = new Uint32Array(buffer, 0, whole ? HEADER_BYTES / 4 : 0);
    this.headerF64 = new Float64Array(buffer, 0, whole ? HEADER_BYTES / 8 : 0);
    this.nameWords = new Uint32Array(buffer, byteOffset, whole ? NAME_BYTES / 4 : 0);
  }

  get faults(): number {
    return this.headerU32[0]!;
  }
  set faults(n: number) {
    this.headerU32[0] = n;
  }
  get records(): number {
    return this.headerU32[1]!;
  }
  set records(n: number) {
    this.headerU32[1] = n;
  }
  get nameBytes(): number {
    return this.headerU32[2]!;
  }
  set nameBytes(n: number) {
    this.headerU32[2] = n;
  }
  /** A recording goes on in another file behind this batch (Session.recordTurn). */
  get turns(): boolean {
    return this.headerU32[3] === 1;
  }
  /** ns since the session's start up to which everything is in this batch or an earlier one. */
  get horizon(): number {
    return this.headerF64[2]!;
  }
  set horizon(ns: number) {
    this.headerF64[2] = ns;
  }

  /** The 4 KiB page number of fault i's address. */
  page(i: number): number {
    return this.addrHi[i]! * 0x100000 + (this.addrLo[i]! >>> 12);
  }
}
