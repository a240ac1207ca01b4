import { Cause, FaultClass } from './classes';
import { How } from './batch';

/**
 * What class and cause depend on, of the mapping under a fault. Three bits: a code of the lookup tables
 * below. It is a property of the VMA, not of the row a fault is counted in: the anonymous tail of a
 * `.bss` counts under its file and is still anonymous memory.
 */
export const Memory = {
  PRIVATE_ANON: 0,
  PRIVATE_FILE: 1,
  SHARED_FILE: 2,
  /** A private mapping of an object of shared memory (memfd, /dev/shm): copied on write like a file. */
  PRIVATE_SHM: 3,
  SHARED_SHM: 4,
  /**
   * [vdso], [vvar] and their like: pages the kernel keeps in memory, of no file. The contract has no
   * cause for them; they take that of a file's pages, which they resemble in what matters to a reader:
   * already in memory and merely mapped.
   */
  SPECIAL: 5,
  UNKNOWN: 6,
} as const;

const PRESENT_BIT = 1;
const WRITE_BIT = 2;

/** Memory codes are shifted by this many bits in a table index. */
const MEMORY_SHIFT = 5;
const TABLE_SIZE = 8 << MEMORY_SHIFT;

/**
 * Index into FaultRules' tables: bits 0-1 completion (How.COMPLETION), bit 2 error code valid, bits
 * 3-4 error code (present, write), bits 5-7 Memory. An error code without its valid bit is ignored by
 * the tables, so callers need not mask it.
 */
export function ruleIndex(memory: number, how: number, errorCode: number): number {
  return (
    (memory << MEMORY_SHIFT) |
    ((errorCode & (PRESENT_BIT | WRITE_BIT)) << 3) |
    ((how & How.ERROR_CODE) >> 1) |
    (how & How.COMPLETION)
  );
}

/** The rules of class and cause as tables, made once per model: a fault costs two byte reads. */
export class FaultRules {
  readonly faultClass = new Uint8Array(TABLE_SIZE);
  readonly cause = new Uint8Array(TABLE_SIZE);

  constructor() {
    for (let index = 0; index < TABLE_SIZE; index++) {
      const memory = index >> MEMORY_SHIFT;
      const completion = index & How.COMPLETION;
      const known = (index & 4) !== 0;
      const present = (index & (PRESENT_BIT << 3)) !== 0;
      const write = (index & (WRITE_BIT << 3)) !== 0;
      const [faultClass, cause] = judge(memory, completion, known, present, write);
      this.faultClass[index] = faultClass;
      this.cause[index] = cause;
    }
  }
}

type Verdict = readonly [faultClass: number, cause: number];

/** The rules themselves, in the order in which they take precedence. */
function judge(
  memory: number,
  completion: number,
  known: boolean,
  present: boolean,
  write: boolean,
): Verdict {
  if (completion === How.NONE) return [FaultClass.ERROR, Cause.UNRESOLVED];
  if (completion === How.MAJ) return [FaultClass.MAJOR, majorCause(memory)];
  // Without the error code nobody can tell a copy from a first touch: no COW is claimed, no cause made up.
  if (!known || memory >= Memory.UNKNOWN) return [FaultClass.MINOR, Cause.UNKNOWN];
  if (write && isPrivate(memory)) {
    if (present) {
      return [FaultClass.COW, memory === Memory.PRIVATE_ANON ? Cause.COW_ANON : Cause.COW_FILE];
    }
    // The kernel's do_cow_fault: the page is read and copied in one go.
    if (memory !== Memory.PRIVATE_ANON) return [FaultClass.COW, Cause.COW_FILE];
  }
  if (present) return [FaultClass.MINOR, write ? Cause.WRITE_NOTIFY : Cause.PROTECTION];
  return [FaultClass.MINOR, absentCause(memory)];
}

function isPrivate(memory: number): boolean {
  return memory !== Memory.SHARED_FILE && memory !== Memory.SHARED_SHM;
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
    default:
      return Cause.UNKNOWN;
  }
}

function absentCause(memory: number): number {
  switch (memory) {
    case Memory.PRIVATE_ANON:
      return Cause.DEMAND_ZERO;
    case Memory.PRIVATE_SHM:
    case Memory.SHARED_SHM:
      return Cause.SHMEM;
    default:
      return Cause.PAGE_CACHE;
  }
}
