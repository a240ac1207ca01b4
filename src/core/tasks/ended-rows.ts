import type { Limits } from '../stats/limits';

/** Ended processes, and ended threads of others, whose rows are to be shared from now on. */
export interface Settled {
  readonly pids: ReadonlySet<number>;
  readonly tids: ReadonlySet<number>;
}

/** All but the newest `keep`, once there are twice as many: folding looks at every row. */
function takeOldest(ended: number[], keep: number): number[] {
  return ended.length > 2 * keep ? ended.splice(0, ended.length - keep) : [];
}

/** Which processes and threads have ended and keep rows of their own: the newest, and those that somebody asks for. */
export class EndedRows {
  /** In the order they ended in. */
  private pids: number[] = [];
  private readonly tids: number[] = [];
  /** Processes that keep their rows however long ago they ended, and those of them that would share one else. */
  private asked: ReadonlySet<number> = new Set();
  private apart: number[] = [];

  constructor(private readonly limits: Limits) {}

  addProcess(pid: number): void {
    if (this.limits.endedProcesses !== Infinity) this.pids.push(pid);
  }

  /** Of a process that goes on. */
  addThread(tid: number): void {
    if (this.limits.endedThreads !== Infinity) this.tids.push(tid);
  }

  hasThread(tid: number): boolean {
    return this.tids.includes(tid);
  }

  /** These processes, and no others, keep their rows. */
  keepApart(pids: readonly number[]): void {
    this.asked = new Set(pids);
    const released = this.apart.filter((pid) => !this.asked.has(pid));
    this.pids = [...released, ...this.pids];
    this.apart = this.apart.filter((pid) => this.asked.has(pid));
  }

  /** What ended long enough ago to share rows, each told once; null where there is none. */
  settle(isLive: (pid: number) => boolean): Settled | null {
    const oldest = takeOldest(this.pids, this.limits.endedProcesses);
    const tids = takeOldest(this.tids, this.limits.endedThreads);
    if (oldest.length === 0 && tids.length === 0) return null;
    const pids = oldest.filter((pid) => !this.asked.has(pid));
    this.apart.push(...oldest.filter((pid) => this.asked.has(pid)));
    return { pids: new Set(pids.filter((pid) => !isLive(pid))), tids: new Set(tids) };
  }
}
