import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './running';

/** Whether a process is there and no zombie. */
export function alive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid));
}

/** The state letter of /proc/PID/stat, '' when it is gone. */
export function stateOf(pid: number): string {
  try {
    return /^\d+ \(.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** Local addresses of the TCP sockets on which a process listens, as /proc/net/tcp has them. */
export function listening(pid: number): string[] {
  const sockets = descriptors(pid).flatMap(
    (target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [],
  );
  // The kernel goes through all buckets of its table for one of those files.
  if (sockets.length === 0) return [];
  const inodes = new Set(sockets);
  return ['tcp', 'tcp6'].flatMap((file) =>
    readFileSync(`/proc/net/${file}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // st is 0A for TCP_LISTEN (include/net/tcp_states.h); the inode is the tenth column.
      .filter((row) => row[3] === '0A' && inodes.has(row[9]!))
      .map((row) => row[1]!),
  );
}

/** What the descriptors of a process lead to. */
export function descriptors(pid: number): string[] {
  let fds: string[];
  try {
    fds = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  return fds.flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // Closed since.
    }
  });
}

/** Waits until no signal that was sent to the process waits to be taken. */
export async function taken(pid: number): Promise<void> {
  await until(`signals of ${pid} to be taken`, () => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^ShdPnd:\s+0+$/m.test(status) && /^SigPnd:\s+0+$/m.test(status);
  });
}

/** Bytes that a process has handed to write(2) and the like so far (proc(5), io). */
export function written(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

/** Children that the first thread of a process has started and that are not waited for yet (proc(5)). */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Name of a process, as far as the kernel keeps it (comm, proc(5)). */
export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
}

/** Resident memory, bytes; at its highest with `peak`. */
export function resident(pid: number, peak = false): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const line = peak ? /^VmHWM:\s+(\d+)/m : /^VmRSS:\s+(\d+)/m;
  return Number(line.exec(status)![1]) * 1024;
}

/**
 * What a process takes of memory, bytes: its own pages, and its share of those that several have (Pss of
 * smaps_rollup, proc(5)). Sums over processes count nothing twice.
 */
export function proportional(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)![1]) * 1024;
}

/** ns of CPU time that the threads of a process, as far as they still run, have had (schedstat, proc(5)). */
export function cpuNs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce(
    (sum, tid) => sum + Number(readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );
}

/** Waits until a process has taken so many minor faults more. */
export async function faulting(pid: number, more: number): Promise<void> {
  const before = minorFaults(pid);
  await until(`faults of ${pid}`, () => minorFaults(pid) >= before + more);
}

/** Minor faults of all threads of a process so far (proc_pid_stat(5), minflt). */
export function minorFaults(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[7]);
}
