import { readFileSync } from 'node:fs';

/** ns of a clock tick in /proc: USER_HZ is 100 wherever Linux runs on a processor of ours. */
const TICK_NS = 1e7;
/** utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5), counted from behind the name. */
const FIRST_TIME = 11;
const LAST_TIME = 15;

/**
 * CPU time of this process, its threads and all that it has started but COMMAND, ns. What is read of /proc is our own, and keeps
 * nobody waiting.
 */
export function ownCpuNs(commandPid: number): number {
  const { user, system } = process.cpuUsage();
  let ns = (user + system) * 1000;
  for (const pid of childrenOf(process.pid)) if (pid !== commandPid) ns += treeNs(pid);
  return ns;
}

function treeNs(pid: number): number {
  let ns = 0;
  const text = read(`/proc/${pid}/stat`);
  const times = text.slice(text.lastIndexOf(')') + 2).split(' ');
  for (const ticks of times.slice(FIRST_TIME, LAST_TIME)) ns += Number(ticks) * TICK_NS;
  for (const child of childrenOf(pid)) ns += treeNs(child);
  return ns;
}

/** Those of its first thread, which starts all of ours. None where the kernel does not list them. */
function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`).trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** '' where it has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
