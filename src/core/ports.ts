import type { ElfImage } from './elf';
import type { Backing, Vma } from './vma';

/**
 * What core asks of the outside world. capture/ implements it with /proc; tests with plain data. Every
 * call may find the process gone, or be refused, and then answers null: that is an everyday case, no error,
 * and says nothing about the life of the process.
 */
export interface ProcSource {
  /**
   * The whole address space as it is now. `asOf` is the session time (ns) taken before reading: records
   * newer than that are applied over it. The source limits the rate per process itself: null also
   * means "not again so soon".
   */
  readMaps(pid: number): { readonly vmas: readonly Vma[]; readonly asOf: number } | null;
  /** The mapping that covers one page now (PROCMAP_QUERY), null where there is none or no such ioctl. */
  queryPage(pid: number, page: number): Vma | null;
  /**
   * One of FileStore: where the pages of a mapped file live, by the device it is on. The parent serves
   * where the process is gone: it sees the same mounts as a rule. 0 for no parent that is known.
   */
  fileStore(pid: number, ppid: number, backing: Backing): number;
  /** Section headers of the file behind a mapping; null when it is no ELF file or cannot be read. */
  elfImage(pid: number, vma: Vma): ElfImage | null;
  /** Name of a thread, null when it is gone. */
  comm(pid: number, tid: number): string | null;
  /** Known for certain to have ended; what cannot be found out is false. */
  hasEnded(pid: number): boolean;
}
