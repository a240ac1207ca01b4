import { readFileSync } from 'node:fs';

/** ns of a clock tick in /proc: USER_HZ is 100 wherever Linux runs on a processor of ours. */
const TICK_NS = 1e7;
/** utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5), counted from behind the name. */
const FIRST_TIME = 11;
const FIRST_OF_ENDED = 13;
const LAST_TIME = 15;
/** Other processes of ours are asked once in so many calls: that takes longer than what they do meanwhile. */
const CALLS = 4;

/**
 * CPU time of this process, its threads and all that it has started but COMMAND, also of what has ended. What is read of /proc is
 * our own, and keeps nobody waiting.
 */
export class OwnCpu {
  private calls = 0;
  private othersNs = 0;

  constructor(private readonly commandPid: number) {}

  /** Since the start, in ns; of other processes as of some calls ago. `commandNs`: of a COMMAND that has ended, else 0. */
  ns(commandNs: number): number {
    if (this.calls++ % CALLS === 0) this.othersNs = this.readOthers() - commandNs;
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000 + this.othersNs;
  }

  private readOthers(): number {
    let ns = timesOf(process.pid, FIRST_OF_ENDED);
    for (const pid of childrenOf(process.pid)) if (pid !== this.commandPid) ns += treeNs(pid);
    return ns;
  }
}

function treeNs(pid: number): number {
  let ns = timesOf(pid, FIRST_TIME);
  for (const child of childrenOf(pid)) ns += treeNs(child);
  return ns;
}

/** From that field on. */
function timesOf(pid: number, first: number): number {
  let ns = 0;
  const text = read(`/proc/${pid}/stat`);
  const times = text.slice(text.lastIndexOf(')') + 2).split(' ');
  for (const ticks of times.slice(first, LAST_TIME)) ns += Number(ticks) * TICK_NS;
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
