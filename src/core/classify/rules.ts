import { Cause, FaultClass } from './classes';
import { FaultFlag } from '../wire/batch';

/**
 * What class and cause depend on, of the mapping under a fault. Four bits: a code of the lookup tables
 * below. It is a property of the VMA, not of the row a fault is counted in: the anonymous tail of a
 * `.bss` counts under its file and is still anonymous memory.
 */
export const Memory = {
  PRIVATE_ANON: 0,
  PRIVATE_FILE: 1,
  SHARED_FILE: 2,
  /** A private mapping of an object of shared memory (memfd, tmpfs): copied on write like a file. */
  PRIVATE_SHM: 3,
  SHARED_SHM: 4,
  /**
   * [vdso], [vvar] and their like: pages the kernel keeps in memory, of no file. docs/classes.md has no
   * cause for them; they take that of a file's pages, which they resemble in what matters to a reader:
   * already in memory and merely mapped.
   */
  SPECIAL: 5,
  UNKNOWN: 6,
  /** MAP_HUGETLB without a file: hugetlbfs to the kernel, anonymous memory to the program. */
  PRIVATE_ANON_HUGE: 7,
  /** A private mapping of a file on hugetlbfs. */
  PRIVATE_HUGE: 8,
  SHARED_HUGE: 9,
  PRIVATE_DEVICE: 10,
  SHARED_DEVICE: 11,
} as const;

/**
 * How userfaultfd guards a page, added to a Memory code (Documentation/admin-guide/mm/userfaultfd.rst).
 * Tells which faults another program answers: those on absent pages, those on write-protected ones.
 */
export const Guard = {
  NONE: 0,
  /** Registered for missing or minor faults (VmFlags um, ui). */
  ABSENT: 16,
  /** Registered for write protection (VmFlags uw). */
  WRITE: 32,
} as const;

const MEMORY_MASK = 15;
const PRESENT_BIT = 1;
const WRITE_BIT = 2;

/** Memory and Guard codes are shifted by this many bits in a table index. */
const MEMORY_SHIFT = 5;
const TABLE_SIZE = 64 << MEMORY_SHIFT;

/**
 * Index into FaultRules' tables: bits 0-1 completion (FaultFlag.COMPLETION), bit 2 error code valid, bits
 * 3-4 error code (present, write), bits 5-8 Memory, 9-10 Guard. An error code without its valid bit is
 * ignored by the tables, so callers need not mask it.
 */
export function ruleIndex(memory: number, flags: number, errorCode: number): number {
  return (
    (memory << MEMORY_SHIFT) |
    ((errorCode & (PRESENT_BIT | WRITE_BIT)) << 3) |
    ((flags & FaultFlag.ERROR_CODE) >> 1) |
    (flags & FaultFlag.COMPLETION)
  );
}

/** The rules of class and cause as tables, made once per model: a fault costs two byte reads. */
export class FaultRules {
  readonly faultClass = new Uint8Array(TABLE_SIZE);
  readonly cause = new Uint8Array(TABLE_SIZE);

  constructor() {
    for (let index = 0; index < TABLE_SIZE; index++) {
      const fault: Fault = {
        memory: (index >> MEMORY_SHIFT) & MEMORY_MASK,
        guard: (index >> MEMORY_SHIFT) & ~MEMORY_MASK,
        completion: index & FaultFlag.COMPLETION,
        known: (index & 4) !== 0,
        present: (index & (PRESENT_BIT << 3)) !== 0,
        write: (index & (WRITE_BIT << 3)) !== 0,
      };
      const [faultClass, cause] = judge(fault);
      this.faultClass[index] = faultClass;
      this.cause[index] = answered(fault) ? Cause.USERFAULTFD : cause;
    }
  }
}

/** What the rules see of a fault. */
interface Fault {
  /** One of Memory. */
  readonly memory: number;
  /** Bits of Guard. */
  readonly guard: number;
  /** One of FaultFlag.NONE, MIN and MAJ. */
  readonly completion: number;
  /** The error code is valid: `present` and `write` mean something. */
  readonly known: boolean;
  readonly present: boolean;
  readonly write: boolean;
}

type Verdict = readonly [faultClass: number, cause: number];

/** The rules themselves, in the order in which they take precedence. */
function judge({ memory, completion, known, present, write }: Fault): Verdict {
  if (completion === FaultFlag.NONE) return [FaultClass.ERROR, Cause.UNRESOLVED];
  if (completion === FaultFlag.MAJ) return [FaultClass.MAJOR, majorCause(memory)];
  // Without the error code nobody can tell a copy from a first touch: no COW is claimed, no cause made up.
  if (!known || memory === Memory.UNKNOWN) return [FaultClass.MINOR, Cause.UNKNOWN];
  if (write && isPrivate(memory)) {
    if (present) return [FaultClass.COW, isAnonymous(memory) ? Cause.COW_ANON : Cause.COW_FILE];
    // The kernel's do_cow_fault: the page is read and copied in one go. hugetlb_no_page copies only what
    // is in the page cache and gives a zeroed page else; the fault's cause is the huge page either way.
    if (!isAnonymous(memory)) {
      return [FaultClass.COW, memory === Memory.PRIVATE_HUGE ? Cause.HUGE_PAGE : Cause.COW_FILE];
    }
  }
  // A driver's fault handler, also where it tracks writes (fb_deferred_io_mkwrite).
  if (isDevice(memory)) return [FaultClass.MINOR, Cause.DEVICE];
  if (present) return [FaultClass.MINOR, write ? Cause.WRITE_NOTIFY : Cause.PROTECTION];
  return [FaultClass.MINOR, absentCause(memory)];
}

/** A program answers the fault: the kernel's handle_userfault. The class says what it would be without. */
function answered({ guard, completion, known, present, write }: Fault): boolean {
  if (guard === Guard.NONE || completion === FaultFlag.NONE) return false;
  // A fault that waited was retried, and counts as major.
  if (!known) return completion === FaultFlag.MAJ;
  return present ? write && (guard & Guard.WRITE) !== 0 : (guard & Guard.ABSENT) !== 0;
}

function isPrivate(memory: number): boolean {
  switch (memory) {
    case Memory.SHARED_FILE:
    case Memory.SHARED_SHM:
    case Memory.SHARED_HUGE:
    case Memory.SHARED_DEVICE:
      return false;
    default:
      return true;
  }
}

function isAnonymous(memory: number): boolean {
  return memory === Memory.PRIVATE_ANON || memory === Memory.PRIVATE_ANON_HUGE;
}

/** Pages of hugetlbfs. */
export function isHuge(memory: number): boolean {
  return (
    memory === Memory.PRIVATE_ANON_HUGE ||
    memory === Memory.PRIVATE_HUGE ||
    memory === Memory.SHARED_HUGE
  );
}

function isDevice(memory: number): boolean {
  return memory === Memory.PRIVATE_DEVICE || memory === Memory.SHARED_DEVICE;
}

function majorCause(memory: number): number {
  switch (memory) {
    case Memory.PRIVATE_FILE:
    case Memory.SHARED_FILE:
    case Memory.SPECIAL:
      return Cause.FILE_READ;
    case Memory.PRIVATE_ANON:
    case Memory.PRIVATE_SHM:
    case Memory.SHARED_SHM:
      return Cause.SWAP_IN;
    case Memory.UNKNOWN:
      return Cause.UNKNOWN;
    default:
      // Neither huge pages nor a device's memory are read from a disk or swapped.
      return isDevice(memory) ? Cause.DEVICE : Cause.HUGE_PAGE;
  }
}

function absentCause(memory: number): number {
  switch (memory) {
    case Memory.PRIVATE_ANON:
      return Cause.DEMAND_ZERO;
    case Memory.PRIVATE_SHM:
    case Memory.SHARED_SHM:
      return Cause.SHMEM;
    case Memory.PRIVATE_ANON_HUGE:
    case Memory.PRIVATE_HUGE:
    case Memory.SHARED_HUGE:
      return Cause.HUGE_PAGE;
    default:
      return Cause.PAGE_CACHE;
  }
}
