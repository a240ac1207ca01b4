/**
 * The layout of one batch: what the addon's drain() writes and the pump (src/app) reads.
 *
 * addon/wire/batch.h holds the same layout; ABI must change in both files together (the loader refuses a
 * mismatch). All columns lie in one ArrayBuffer so that a drain is one call without allocation.
 *
 *   header    64 bytes   u32[0] faults, u32[1] records, u32[2] name bytes, f64[2] (byte 16) horizon
 *   faults    FAULT_CAPACITY rows of the columns below, f64 columns first (alignment)
 *   records   RECORD_CAPACITY rows: address-space and task records, in time order
 *   names     NAME_BYTES of raw bytes that records point into
 *
 * Units: times are ns since the session's start (CLOCK_MONOTONIC), addresses are split into two u32,
 * ranges are in 4 KiB units whatever the kernel's page size, so that they are exact in a double.
 */
export const BATCH_ABI = 4;
export const FAULT_CAPACITY = 16384;
const RECORD_CAPACITY = 8192;
const NAME_BYTES = 512 * 1024;
const HEADER_BYTES = 64;

/** Bits of the `how` column: how the addon knows what it says of a fault. */
export const How = {
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

/** Kinds of record beside the faults. The meaning of a..e depends on the kind. */
export const RecordType = {
  /** MMAP2: a start page, b end page (exclusive), c pgoff (pages); prot, flags, dev, ino, name. */
  MMAP: 1,
  /** COMM: name; flags bit 0 set when it comes from an exec: the address space is new. */
  COMM: 2,
  /** FORK: a parent pid, b parent tid. pid != a: a new process with a copy of the parent's map. */
  FORK: 3,
  /** EXIT of one thread. */
  EXIT: 4,
  /** A successful munmap: a start page, b end page, c time of the system call's entry (ns). */
  UNMAP: 5,
  /** A successful mremap: a,b old range, c entry time, d,e new range; flags are mremap's own. */
  REMAP: 6,
  /** A brk that returned: a the new program break (pages, rounded up). */
  BRK: 7,
  /** Records were lost: a how many, by the kernel (flags 0) or by a full mailbox (flags 1). */
  LOST: 8,
  /** The stack pointer of a thread, as it started or slept: a its page. */
  STACK_POINTER: 9,
  /** The process just forked shares the memory of process a (CLONE_VM): it has no copy of the map. */
  SHARE_SPACE: 10,
  /** A shmdt: a page of the address given, c time of the system call's entry (ns). */
  DETACH: 11,
  /**
   * The user call stack of the fault that follows (recAt): a how many faults it stands for; as its name the
   * addresses, innermost first, u64 each, on 8 bytes.
   */
  STACK: 12,
} as const;

interface Column {
  readonly offset: number;
  readonly length: number;
}

class Layout {
  bytes = HEADER_BYTES;
  column(width: number, rows: number): Column {
    const offset = this.bytes;
    // Every column begins on 8 bytes, so that any typed array can view it.
    this.bytes = (offset + width * rows + 7) & ~7;
    return { offset, length: rows };
  }
}

/** Typed views of one batch buffer. Made once and reused for every drain. */
export class Batch {
  readonly buffer: ArrayBuffer;
  private readonly headerU32: Uint32Array;
  private readonly headerF64: Float64Array;

  // Faults. `time` is that of the record that ended the fault.
  readonly time: Float64Array;
  /** ns from entry to completion, -1 where no entry was paired. */
  readonly latency: Float64Array;
  readonly addrLo: Uint32Array;
  readonly addrHi: Uint32Array;
  readonly ipLo: Uint32Array;
  readonly ipHi: Uint32Array;
  readonly pid: Uint32Array;
  readonly tid: Uint32Array;
  readonly errorCode: Uint16Array;
  readonly how: Uint8Array;
  readonly signal: Uint8Array;

  // Records. `recAt[r]` is the number of faults of this batch that come before record r.
  readonly recTime: Float64Array;
  readonly recA: Float64Array;
  readonly recB: Float64Array;
  readonly recC: Float64Array;
  readonly recD: Float64Array;
  readonly recE: Float64Array;
  readonly recAt: Uint32Array;
  readonly recPid: Uint32Array;
  readonly recTid: Uint32Array;
  readonly recProt: Uint32Array;
  readonly recFlags: Uint32Array;
  readonly recDevMajor: Uint32Array;
  readonly recDevMinor: Uint32Array;
  readonly recInoLo: Uint32Array;
  readonly recInoHi: Uint32Array;
  readonly recNameOffset: Uint32Array;
  readonly recNameLength: Uint32Array;
  readonly recType: Uint8Array;

  readonly names: Uint8Array;
  /** The same bytes, for stacks. */
  readonly nameWords: Uint32Array;

  constructor() {
    const layout = new Layout();
    const F = FAULT_CAPACITY;
    const R = RECORD_CAPACITY;
    const f64 = (n: number): Column => layout.column(8, n);
    const u32 = (n: number): Column => layout.column(4, n);
    const time = f64(F);
    const latency = f64(F);
    const faultWords = Array.from({ length: 6 }, () => u32(F));
    const errorCode = layout.column(2, F);
    const how = layout.column(1, F);
    const signal = layout.column(1, F);
    const recDoubles = Array.from({ length: 6 }, () => f64(R));
    const recWords = Array.from({ length: 11 }, () => u32(R));
    const recType = layout.column(1, R);
    const names = layout.column(1, NAME_BYTES);
    const buffer = new ArrayBuffer(layout.bytes);
    this.buffer = buffer;
    this.headerU32 = new Uint32Array(buffer, 0, HEADER_BYTES / 4);
    this.headerF64 = new Float64Array(buffer, 0, HEADER_BYTES / 8);
    const viewF64 = (c: Column): Float64Array => new Float64Array(buffer, c.offset, c.length);
    const viewU32 = (c: Column): Uint32Array => new Uint32Array(buffer, c.offset, c.length);
    const viewU8 = (c: Column): Uint8Array => new Uint8Array(buffer, c.offset, c.length);

    this.time = viewF64(time);
    this.latency = viewF64(latency);
    const [addrLo, addrHi, ipLo, ipHi, pid, tid] = faultWords.map(viewU32);
    this.addrLo = addrLo!;
    this.addrHi = addrHi!;
    this.ipLo = ipLo!;
    this.ipHi = ipHi!;
    this.pid = pid!;
    this.tid = tid!;
    this.errorCode = new Uint16Array(buffer, errorCode.offset, errorCode.length);
    this.how = viewU8(how);
    this.signal = viewU8(signal);

    const [recTime, recA, recB, recC, recD, recE] = recDoubles.map(viewF64);
    this.recTime = recTime!;
    this.recA = recA!;
    this.recB = recB!;
    this.recC = recC!;
    this.recD = recD!;
    this.recE = recE!;
    const words = recWords.map(viewU32);
    this.recAt = words[0]!;
    this.recPid = words[1]!;
    this.recTid = words[2]!;
    this.recProt = words[3]!;
    this.recFlags = words[4]!;
    this.recDevMajor = words[5]!;
    this.recDevMinor = words[6]!;
    this.recInoLo = words[7]!;
    this.recInoHi = words[8]!;
    this.recNameOffset = words[9]!;
    this.recNameLength = words[10]!;
    this.recType = viewU8(recType);
    this.names = viewU8(names);
    this.nameWords = viewU32({ offset: names.offset, length: NAME_BYTES / 4 });
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
