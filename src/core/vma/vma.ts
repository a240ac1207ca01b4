/**
 * One mapping of an address space, as /proc/PID/maps would print it. Immutable: a change of the
 * map makes new ones, so that a forked child can share its parent's.
 *
 * Ranges are 4 KiB page numbers (exact in a double up to 2^53), end exclusive. `pgoff` is the offset
 * into the file of the first page, in pages too.
 */
export interface Vma {
  readonly start: number;
  readonly end: number;
  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 (mman.h). */
  readonly prot: number;
  /** MAP_SHARED rather than MAP_PRIVATE. */
  readonly shared: boolean;
  readonly pgoff: number;
  readonly backing: Backing;
  /**
   * ns since the session's start at which this mapping was made; -Infinity for one that was there
   * before. An unmapping spares what was born after its system call was entered.
   */
  readonly born: number;
}

/**
 * What a mapping shows: a file, or a name the kernel gives. One object per distinct backing and map
 * generation, compared by `sameBacking`.
 */
export interface Backing {
  /** The name as the kernel prints it, raw: '/usr/lib/libc.so.6', '[heap]', '//anon', '' ... */
  readonly name: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Decimal string: inodes need 64 bits. '0' where there is no file. */
  readonly ino: string;
}

export const Prot = { READ: 1, WRITE: 2, EXEC: 4 } as const;

/**
 * Of two backings with inodes: the same file. Its names may differ, /proc shows them as seen from our
 * root and MMAP2 records from that of the process.
 */
export function sameFile(a: Backing, b: Backing): boolean {
  return a.ino === b.ino && a.devMajor === b.devMajor && a.devMinor === b.devMinor;
}

/** 'rw-p' as in /proc/PID/maps. */
export function permissions(prot: number, shared: boolean): string {
  return (
    (prot & Prot.READ ? 'r' : '-') +
    (prot & Prot.WRITE ? 'w' : '-') +
    (prot & Prot.EXEC ? 'x' : '-') +
    (shared ? 's' : 'p')
  );
}
