import { closeSync, existsSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { parseMaps } from '../core/maps';
import type { Vma } from '../core/vma';
import { parseStat, parseStatus, parseSyscall } from './proc-parse';
import type { Stat, Status, SyscallState } from './proc-parse';

/** There is such a process, but we may not look at it (EACCES, EPERM). */
export const DENIED: unique symbol = Symbol('denied');
/** null: the process or thread is gone (ENOENT, ESRCH), which is an everyday answer. */
export type ProcResult<T> = T | null | typeof DENIED;

// Bounds on what a hostile process can make us read. maps of 65,530 mappings takes 6 MB as a rule.
const MAX_MAPS = 64 << 20;
/** fs.mount-max is 100,000 mounts of some 200 bytes. */
const MAX_MOUNTS = 32 << 20;
const MAX_SMALL = 64 << 10;
const MAX_PARENT_THREADS = 64;

/**
 * Readers of /proc. Each answers null when the process is gone and DENIED when it is another's; any
 * other error (EMFILE, EIO) is thrown, because hiding it would look like a process that ended.
 */
export class Proc {
  constructor(readonly root = '/proc') {}

  /**
   * Whose processes this /proc shows: those of our pid namespace ('ours'), another's, in which our numbers
   * are other processes ('foreign'), or none at all ('missing').
   */
  standing(): 'ours' | 'foreign' | 'missing' {
    try {
      return Number(readlinkSync(`${this.root}/self`)) === process.pid ? 'ours' : 'foreign';
    } catch {
      // A namespace's /proc has no self for those outside of it.
      return existsSync(`${this.root}/version`) ? 'foreign' : 'missing';
    }
  }

  /**
   * The process has ended: kill(2) says so, or a stat that was read. That /proc does not show it (another
   * namespace, hidepid, no descriptor left) says nothing.
   */
  hasEnded(pid: number): boolean {
    if (!exists(pid)) return true;
    const stat = this.stat(pid);
    return stat !== null && stat !== DENIED && isDead(stat);
  }

  /** Every process that is shown; empty where they cannot be listed. */
  pids(): number[] {
    const found = attempt(() => readdirSync(this.root));
    return found === null || found === DENIED ? [] : found.map(Number).filter(Number.isInteger);
  }

  /** The address space; an empty list for kernel threads and zombies. */
  maps(pid: number): ProcResult<{ vmas: Vma[]; skipped: number }> {
    return text(this.read(`${pid}/maps`, MAX_MAPS), parseMaps);
  }

  /** Name of a thread, raw, without the line end. */
  comm(pid: number, tid = pid): ProcResult<string> {
    return text(this.read(`${pid}/task/${tid}/comm`, MAX_SMALL), (comm) => comm.replace(/\n$/, ''));
  }

  /** Arguments, raw; empty for kernel threads and zombies. Long command lines are cut at 64 KiB. */
  cmdline(pid: number): ProcResult<string[]> {
    return text(this.read(`${pid}/cmdline`, MAX_SMALL), (line) =>
      line === '' ? [] : line.replace(/\0$/, '').split('\0'),
    );
  }

  /** Fields of stat; of one thread where `tid` is given. */
  stat(pid: number, tid?: number): ProcResult<Stat> {
    const path = tid === undefined ? `${pid}/stat` : `${pid}/task/${tid}/stat`;
    return text(this.read(path, MAX_SMALL), parseStat);
  }

  /** The mounts that a process sees (proc_pid_mountinfo(5)), as text. */
  mountInfo(pid: number | 'self'): ProcResult<string> {
    return text(this.read(`${pid}/mountinfo`, MAX_MOUNTS), (mounts) => mounts);
  }

  status(pid: number): ProcResult<Status> {
    return text(this.read(`${pid}/status`, MAX_SMALL), parseStatus);
  }

  /** What a thread is doing right now (needs ptrace rights). */
  syscall(pid: number, tid: number): ProcResult<SyscallState> {
    return text(this.read(`${pid}/task/${tid}/syscall`, MAX_SMALL), parseSyscall);
  }

  /** Thread ids, ascending. */
  tasks(pid: number): ProcResult<number[]> {
    return attempt(() =>
      readdirSync(`${this.root}/${pid}/task`)
        .map(Number)
        .filter(Number.isInteger)
        .sort((a, b) => a - b),
    );
  }

  /**
   * Child processes, of its first threads only: a process of thousands has a file for each, and this is
   * asked for a hint. null where the kernel was built without CONFIG_PROC_CHILDREN, too.
   */
  children(pid: number): ProcResult<number[]> {
    const tids = this.tasks(pid);
    if (tids === null || tids === DENIED) return tids;
    const children: number[] = [];
    for (const tid of tids.slice(0, MAX_PARENT_THREADS)) {
      const found = text(this.read(`${pid}/task/${tid}/children`, MAX_SMALL), (line) =>
        line.split(' ').filter(Boolean).map(Number).filter(Number.isInteger),
      );
      if (found === DENIED) return DENIED;
      children.push(...(found ?? []));
    }
    return children;
  }

  /** Some swap area is on: minor faults on anonymous memory may then come from the swap cache. */
  swapInUse(): boolean {
    const bytes = this.read('swaps', MAX_SMALL);
    if (bytes === null || bytes === DENIED) return false;
    // The first line is the heading.
    return bytes.toString().trimEnd().split('\n').length > 1;
  }

  /** Automatic NUMA balancing is on (Documentation/admin-guide/sysctl/kernel.rst); false where unknown. */
  numaBalancing(): boolean {
    const bytes = this.read('sys/kernel/numa_balancing', MAX_SMALL);
    return bytes !== null && bytes !== DENIED && Number(bytes.toString()) > 0;
  }

  private read(path: string, max: number): ProcResult<Buffer> {
    return attempt(() => readBounded(`${this.root}/${path}`, max));
  }
}

/** There is such a process or thread, in whatever state. */
function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A first thread that has ended leaves the process alive while there are others. */
export function isDead({ state, threads }: Stat): boolean {
  return (state === 'Z' || state === 'X') && threads <= 1;
}

/** Files of /proc have no size: read to the end, at most `max` bytes. */
function readBounded(path: string, max: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(Math.min(max, 16 << 10));
    let length = 0;
    for (;;) {
      const n = readSync(fd, buffer, length, buffer.length - length, null);
      length += n;
      if (n === 0 || length >= max) return buffer.subarray(0, length);
      if (length < buffer.length) continue;
      const wider = Buffer.allocUnsafe(Math.min(max, buffer.length * 4));
      buffer.copy(wider);
      buffer = wider;
    }
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(read: () => T): ProcResult<T> {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    if (code === 'EACCES' || code === 'EPERM') return DENIED;
    throw error;
  }
}

/** `parse` answers null for text that is torn: the process ended while it was read. */
function text<T>(bytes: ProcResult<Buffer>, parse: (text: string) => T | null): ProcResult<T> {
  return bytes === null || bytes === DENIED ? bytes : parse(bytes.toString());
}
