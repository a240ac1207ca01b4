import { closeSync, existsSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { parseStat, parseStatus, parseTaskState, parseVmstat } from './proc-parse';
import type { Stat, Status } from './proc-parse';

/** There is such a process, but we may not look at it (EACCES, EPERM). */
export const DENIED: unique symbol = Symbol('denied');
/** Not known: any other error, or a /proc that is not that of our pid namespace. */
export const UNREADABLE: unique symbol = Symbol('unreadable');
/** null: the process or thread is gone (ENOENT, ESRCH), which is an everyday answer. */
export type ProcResult<T> = T | null | typeof DENIED | typeof UNREADABLE;

/** That is what it is, rather than why it is not known. */
export function isKnown<T>(result: ProcResult<T>): result is T & NonNullable<unknown> {
  return result !== null && result !== DENIED && result !== UNREADABLE;
}

// Bounds on what a hostile process can make us read.
/** fs.mount-max is 100,000 mounts of some 200 bytes. */
const MAX_MOUNTS = 32 << 20;
const MAX_SMALL = 64 << 10;
const MAX_PARENT_THREADS = 64;
const OWN_ROOT = '/proc';

/**
 * Readers of small files of /proc. Nothing is thrown: each error is an answer, and what is no everyday one is noted once.
 *
 * comm, status, children and the list of threads need no lock that a target can hold, but spin locks for a moment. stat
 * waits for an exec of the process on recent kernels (exec_update_lock; measured on 6.18), as syscall and wchan do, and an exec for
 * the file systems whose files it closes: it is asked here of our own processes alone. Of targets the addon asks it
 * (processFaults), all else addon/reader.
 */
export class Proc {
  private readonly noted = new Set<string>();
  /** It shows our processes under the numbers they have for us. */
  private ours: boolean | null = null;

  constructor(
    readonly root = OWN_ROOT,
    private readonly note: (text: string) => void = () => undefined,
  ) {}

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
   * The process has ended: kill(2) says so, or a status that was read. That /proc does not show it (another
   * namespace, hidepid, no descriptor left) says nothing.
   */
  hasEnded(pid: number): boolean {
    if (!exists(pid)) return true;
    const state = text(this.read(`${pid}/status`, MAX_SMALL), parseTaskState);
    return isKnown(state) && isDead(state);
  }

  /** Every process that is shown; empty where they cannot be listed. */
  pids(): number[] {
    const found = this.attempt(() => readdirSync(this.root));
    return isKnown(found) ? found.map(Number).filter(Number.isInteger) : [];
  }

  /** Name of a thread, raw, without the line end. */
  comm(pid: number, tid = pid): ProcResult<string> {
    return text(this.read(`${pid}/task/${tid}/comm`, MAX_SMALL), (comm) => comm.replace(/\n$/, ''));
  }

  /** Fields of stat; of one thread where `tid` is given. */
  stat(pid: number, tid?: number): ProcResult<Stat> {
    const path = tid === undefined ? `${pid}/stat` : `${pid}/task/${tid}/stat`;
    return text(this.read(path, MAX_SMALL), parseStat);
  }

  /** Our own control groups (cgroups(7)), as text: before capture begins, for it may wait for who changes them. */
  ownCgroup(): ProcResult<string> {
    return text(this.read('self/cgroup', MAX_SMALL), (groups) => groups);
  }

  /** The mounts that we see (proc_pid_mountinfo(5)), as text: as ownCgroup(). */
  ownMounts(): ProcResult<string> {
    return text(this.read('self/mountinfo', MAX_MOUNTS), (mounts) => mounts);
  }

  /**
   * ns that the first thread of a process has run and, before it did, waited for a CPU (schedstat, proc(5)). null also
   * where the kernel does not count that.
   */
  cpuWanted(pid: number): ProcResult<number> {
    return text(this.read(`${pid}/schedstat`, MAX_SMALL), (line) => {
      const [ran, waited] = line.split(' ').map(Number);
      return Number.isFinite(ran! + waited!) ? ran! + waited! : null;
    });
  }

  status(pid: number): ProcResult<Status> {
    return text(this.read(`${pid}/status`, MAX_SMALL), parseStatus);
  }

  /** Thread ids, ascending. */
  tasks(pid: number): ProcResult<number[]> {
    return this.attempt(() =>
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
    if (!isKnown(tids)) return tids;
    const children: number[] = [];
    for (const tid of tids.slice(0, MAX_PARENT_THREADS)) {
      const found = text(this.read(`${pid}/task/${tid}/children`, MAX_SMALL), (line) =>
        line.split(' ').filter(Boolean).map(Number).filter(Number.isInteger),
      );
      if (found === DENIED || found === UNREADABLE) return found;
      children.push(...(found ?? []));
    }
    return children;
  }

  /** Counters of the whole machine (proc_vmstat(5)), by name. */
  vmstat(): ProcResult<ReadonlyMap<string, number>> {
    return text(this.read('vmstat', MAX_SMALL), parseVmstat);
  }

  /** Some swap area is on: minor faults on anonymous memory may then come from the swap cache. */
  swapInUse(): boolean {
    const bytes = this.read('swaps', MAX_SMALL);
    if (!isKnown(bytes)) return false;
    // The first line is the heading.
    return bytes.toString().trimEnd().split('\n').length > 1;
  }

  /** Automatic NUMA balancing is on (Documentation/admin-guide/sysctl/kernel.rst); false where unknown. */
  numaBalancing(): boolean {
    const bytes = this.read('sys/kernel/numa_balancing', MAX_SMALL);
    return isKnown(bytes) && Number(bytes.toString()) > 0;
  }

  private read(path: string, max: number): ProcResult<Buffer> {
    return this.attempt(() => readBounded(`${this.root}/${path}`, max));
  }

  private attempt<T>(read: () => T): ProcResult<T> {
    try {
      return read();
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') return DENIED;
      const missing = code === 'ENOENT' || code === 'ESRCH';
      if (missing && this.isOurs()) return null;
      this.noteOnce(
        missing
          ? `${this.root} does not show our processes: state and names of targets are not known`
          : `${this.root} cannot be read at times (${code}): state and names of targets are not known then`,
      );
      return UNREADABLE;
    }
  }

  private isOurs(): boolean {
    this.ours ??= this.root !== OWN_ROOT || this.standing() === 'ours';
    return this.ours;
  }

  private noteOnce(text: string): void {
    if (this.noted.has(text)) return;
    this.noted.add(text);
    this.note(text);
  }
}

/** There is such a process or thread, in whatever state. */
export function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A first thread that has ended leaves the process alive while there are others. */
export function isDead({ state, threads }: Pick<Stat, 'state' | 'threads'>): boolean {
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

/** `parse` answers null for text that is torn: the process ended while it was read. */
function text<T>(bytes: ProcResult<Buffer>, parse: (text: string) => T | null): ProcResult<T> {
  return isKnown(bytes) ? parse(bytes.toString()) : bytes;
}
