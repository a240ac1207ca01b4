/** Parsers of the small files of /proc (proc_pid_stat(5) and its kin). null: not what it should be. */

export interface Stat {
  readonly comm: string;
  /** R, S, D, T, t, Z, X, I as ps shows them. */
  readonly state: string;
  readonly ppid: number;
  /** Faults of all threads, ended ones too; the c ones of children that were waited for. */
  readonly minflt: number;
  readonly cminflt: number;
  readonly majflt: number;
  readonly cmajflt: number;
  readonly threads: number;
  /** Clock ticks since boot: with the pid it names a process for good. */
  readonly startTime: number;
  /** Resident set in pages of the kernel's page size. */
  readonly rssPages: number;
}

/** The comm may contain anything, also `) R 1`: it ends at the last parenthesis. */
export function parseStat(text: string): Stat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  // fields[0] is field 3 of the manual.
  const fields = text
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? NaN);
  const stat = {
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    ppid: field(4),
    minflt: field(10),
    cminflt: field(11),
    majflt: field(12),
    cmajflt: field(13),
    threads: field(20),
    startTime: field(22),
    rssPages: field(24),
  };
  const numbers = Object.values(stat).filter((value) => typeof value === 'number');
  return /^[A-Za-z]$/.test(stat.state) && numbers.every(Number.isFinite) ? stat : null;
}

export interface Status {
  /** The process a thread belongs to. */
  readonly tgid: number;
  /** R, S, D, T, t, Z, X, I as ps shows them. */
  readonly state: string;
  readonly threads: number;
  /** It runs in the kernel alone. */
  readonly kernelThread: boolean;
  /** 0 where it is outside of our pid namespace. */
  readonly ppid: number;
  /** Real, effective, saved and file-system user id. */
  readonly uids: readonly number[];
  /** Resident size in bytes, 0 for kernel threads and zombies, which have no memory. */
  readonly rssBytes: number;
  /** The pid as seen from each pid namespace, the innermost last; only the pid on old kernels. */
  readonly nsPids: readonly number[];
}

export function parseStatus(text: string): Status | null {
  const list = (name: string): number[] => {
    const value = statusValue(text, name);
    return value === undefined || value === '' ? [] : value.split(/\s+/).map(Number);
  };
  const tgid = list('Tgid')[0] ?? NaN;
  const uids = list('Uid');
  if (!Number.isInteger(tgid) || uids.length !== 4 || !uids.every(Number.isInteger)) return null;
  const nsPids = list('NSpid');
  const rss = Number.parseInt(statusValue(text, 'VmRSS') ?? '0', 10);
  if (!Number.isInteger(rss) || !nsPids.every(Number.isInteger)) return null;
  const ppid = list('PPid')[0] ?? 0;
  const kthread = statusValue(text, 'Kthread');
  const kernelThread =
    kthread === undefined
      ? statusValue(text, 'VmSize') === undefined && isOfKthreadd(tgid, ppid)
      : kthread === '1';
  return {
    tgid,
    state: (statusValue(text, 'State') ?? '?').slice(0, 1),
    threads: list('Threads')[0] ?? 1,
    kernelThread,
    ppid,
    uids,
    rssBytes: rss * 1024,
    nsPids: nsPids.length === 0 ? [tgid] : nsPids,
  };
}

/**
 * What the first line of a name says: a later one cannot be the kernel's. undefined where there is none. Read from where it
 * stands: of sixty lines a few are asked for, of many processes every second.
 */
function statusValue(text: string, name: string): string | undefined {
  const title = `${name}:`;
  const at = text.startsWith(title) ? 0 : text.indexOf(`\n${title}`) + 1;
  if (at === 0 && !text.startsWith(title)) return undefined;
  const end = text.indexOf('\n', at);
  return text.slice(at + title.length, end < 0 ? text.length : end).trim();
}

/**
 * Of older kernels, which do not tell: the second process, where we see the kernel's own numbers, and what it
 * makes. They have no memory.
 */
function isOfKthreadd(pid: number, ppid: number): boolean {
  return pid === 2 || ppid === 2;
}

/** What /proc/PID/status says of a process as top shows it. */
export interface TaskState {
  readonly comm: string;
  /** R, S, D, T, t, Z, X, I as ps shows them. */
  readonly state: string;
  readonly threads: number;
}

/** The lines are those before any that a process has a say in but its name, in which line ends are escaped. */
export function parseTaskState(status: string): TaskState | null {
  const comm = /^Name:\t(.*)$/m.exec(status)?.[1];
  const state = /^State:\t([A-Za-z])/m.exec(status)?.[1];
  const threads = /^Threads:\t(\d{1,7})$/m.exec(status)?.[1];
  if (comm === undefined || state === undefined || threads === undefined) return null;
  return { comm, state, threads: Number(threads) };
}

/**
 * The control group of a process (/proc/PID/cgroup, cgroups(7)): its path in the hierarchy of cgroup v2, on machines
 * without that in systemd's own or memory's. '' where it has none.
 */
export function parseCgroup(text: string): string {
  // That of v2 has no controllers.
  for (const hierarchy of ['', 'name=systemd', 'memory']) {
    for (const line of text.split('\n')) {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers?.split(',').includes(hierarchy) !== true) continue;
      // Of one that was removed while it was in it.
      return path!.replace(/ \(deleted\)$/, '');
    }
  }
  return '';
}

/** `name number` on each line of /proc/vmstat. */
export function parseVmstat(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, number] = /^(\w+) (\d{1,20})$/.exec(line) ?? [];
    if (name !== undefined) counters.set(name, Number(number));
  }
  return counters;
}

/** Names of users by their ids, from the text of /etc/passwd (passwd(5)); the first line of an id counts. */
export function parseUsers(text: string): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name !== '' && /^\d{1,10}$/.test(id) && !users.has(Number(id))) users.set(Number(id), name);
  }
  return users;
}

/** /proc/PID/task/TID/syscall: a running thread has no stack pointer to show. */
export type SyscallState =
  | { readonly blocked: false }
  | {
      readonly blocked: true;
      /** Blocked in a system call; otherwise in something else, such as a page fault. */
      readonly inSyscall: boolean;
      readonly sp: bigint;
      readonly pc: bigint;
    };

export function parseSyscall(text: string): SyscallState | null {
  const line = text.trim();
  if (line === 'running') return { blocked: false };
  const match = /^(-?\d+) (?:0x[0-9a-f]+ ){0,6}(0x[0-9a-f]+) (0x[0-9a-f]+)$/.exec(line);
  if (match === null) return null;
  const [, number, sp, pc] = match;
  return { blocked: true, inSyscall: number !== '-1', sp: BigInt(sp!), pc: BigInt(pc!) };
}
