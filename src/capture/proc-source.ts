import { closeSync, openSync } from 'node:fs';
import type { ElfImage } from '../core/elf';
import type { ProcSource } from '../core/ports';
import type { Backing, Vma } from '../core/vma';
import type { Addon, KernelMount, VmaQuery } from '../native/contract';
import { ElfFiles } from './elf-files';
import { Mounts } from './mounts';
import { DENIED, Proc } from './proc';

/** Time between two reads of one maps file: at least this, and at least so many times its cost. */
const MAPS_FLOOR_NS = 100_000_000;
const MAPS_COST_FACTOR = 20;
const MAX_PACED = 4096;
const MAX_OPEN = 32;
/**
 * An open maps file stays bound to the address space it had. After an exec that answers ESRCH, but not
 * for a child of vfork, whose old address space is its parent's and lives on: open again soon.
 */
const OPEN_NS = 50_000_000;

export interface ProcFsOptions {
  readonly root?: string;
  /** CLOCK_MONOTONIC at the session's start, the zero of its times. */
  readonly sessionStartNs: bigint;
  readonly monotonicNs: () => bigint;
  /** null where there is no addon to ask. */
  readonly queryVma: Addon['queryVma'] | null;
  readonly kernelMounts: readonly KernelMount[];
}

/** The ProcSource of live captures. Holds at most 32 descriptors; close() gives them back. */
export class ProcFs implements ProcSource {
  private readonly proc: Proc;
  private readonly files: ElfFiles;
  private readonly mounts: Mounts;
  private queryVma: Addon['queryVma'] | null;
  private readonly nextRead = new Map<number, number>();
  private readonly open = new Map<number, { readonly fd: number; readonly since: number }>();

  constructor(private readonly options: ProcFsOptions) {
    this.proc = new Proc(options.root);
    this.files = new ElfFiles(options.root);
    this.queryVma = options.queryVma;
    this.mounts = new Mounts(this.proc, options.kernelMounts, () => this.now());
  }

  readMaps(pid: number): { vmas: readonly Vma[]; asOf: number } | null {
    const asOf = this.now();
    if (asOf < (this.nextRead.get(pid) ?? -Infinity)) return null;
    const maps = this.proc.maps(pid);
    const end = this.now();
    this.pace(pid, end + Math.max(MAPS_FLOOR_NS, MAPS_COST_FACTOR * (end - asOf)));
    // A process without any mapping has just ended (or is a kernel thread).
    if (maps === null || maps === DENIED || maps.vmas.length === 0) return null;
    return { vmas: maps.vmas, asOf };
  }

  queryPage(pid: number, page: number): Vma | null {
    // Twice at most: a descriptor from before an exec answers ESRCH, a new one tells the truth.
    for (let attempt = 0; attempt < 2 && this.queryVma !== null; attempt++) {
      const fd = this.mapsFd(pid);
      if (fd === null) return null;
      try {
        const found = this.queryVma(fd, page);
        return found === null ? null : vmaOf(found);
      } catch (error) {
        this.forget(pid);
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTTY') this.queryVma = null;
        else if (code !== 'ESRCH') throw error;
      }
    }
    return null;
  }

  fileStore(pid: number, ppid: number, backing: Backing): number {
    return this.mounts.store([pid, ppid], backing);
  }

  elfImage(pid: number, vma: Vma): ElfImage | null {
    return this.files.image(pid, vma);
  }

  comm(pid: number, tid: number): string | null {
    const comm = this.proc.comm(pid, tid);
    return comm === DENIED ? null : comm;
  }

  hasEnded(pid: number): boolean {
    return this.proc.hasEnded(pid);
  }

  /** The pid has a new address space, or none any more. */
  forget(pid: number): void {
    const open = this.open.get(pid);
    if (open === undefined) return;
    this.open.delete(pid);
    closeSync(open.fd);
  }

  close(): void {
    for (const pid of [...this.open.keys()]) this.forget(pid);
  }

  private now(): number {
    return Number(this.options.monotonicNs() - this.options.sessionStartNs);
  }

  private pace(pid: number, next: number): void {
    this.nextRead.delete(pid);
    this.nextRead.set(pid, next);
    if (this.nextRead.size > MAX_PACED) this.nextRead.delete(this.nextRead.keys().next().value!);
  }

  private mapsFd(pid: number): number | null {
    const now = this.now();
    const known = this.open.get(pid);
    if (known !== undefined && now - known.since < OPEN_NS) {
      // As the newest of the list: the one used longest ago gives way.
      this.open.delete(pid);
      this.open.set(pid, known);
      return known.fd;
    }
    this.forget(pid);
    let fd: number;
    try {
      fd = openSync(`${this.proc.root}/${pid}/maps`, 'r');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM')
        return null;
      throw error;
    }
    this.open.set(pid, { fd, since: now });
    if (this.open.size > MAX_OPEN) this.forget(this.open.keys().next().value!);
    return fd;
  }
}

function vmaOf(found: VmaQuery): Vma {
  return {
    start: found.startPage,
    end: found.endPage,
    prot: found.flags & 7,
    shared: (found.flags & 8) !== 0,
    pgoff: found.pgoff,
    backing: {
      name: found.name,
      devMajor: found.devMajor,
      devMinor: found.devMinor,
      ino: found.ino.toString(),
    },
    born: -Infinity,
  };
}
