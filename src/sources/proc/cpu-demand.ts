import { isKnown } from './proc';
import type { Proc } from './proc';

/** How long what was seen holds, ms. */
const LOOK_MS = 100;
/** Whoever has run or waited for a CPU for so much of the time works. */
const SHARE = 0.1;
const NS = 1e6;

/** Whether processes of ours, or children of theirs, work: they are short of CPU, not stuck in a file system. */
export class CpuDemand {
  private lookedAt = -Infinity;
  private works = true;
  /** What each had wanted at the last look, ns. */
  private wanted = new Map<number, number>();

  constructor(
    private readonly proc: Pick<Proc, 'stat' | 'children' | 'cpuWanted'>,
    private readonly nowMs: () => number,
  ) {}

  /** One of them works. To be asked again no later than after LOOK_MS; who is met first is taken to work. */
  of(pids: readonly number[]): boolean {
    const now = this.nowMs();
    const passed = now - this.lookedAt;
    if (passed < LOOK_MS) return this.works;
    this.lookedAt = now;
    const before = this.wanted;
    this.wanted = new Map();
    this.works = false;
    for (const pid of pids) {
      const children = this.proc.children(pid);
      for (const id of [pid, ...(isKnown(children) ? children : [])]) {
        if (this.look(id, before.get(id), passed)) this.works = true;
      }
    }
    return this.works;
  }

  private look(pid: number, before: number | undefined, passed: number): boolean {
    const stat = this.proc.stat(pid);
    if (!isKnown(stat)) return false;
    const wanted = this.proc.cpuWanted(pid);
    if (!isKnown(wanted)) return stat.state === 'R';
    this.wanted.set(pid, wanted);
    return stat.state === 'R' || before === undefined || wanted - before >= passed * NS * SHARE;
  }
}

/** How often CpuDemand is to be asked, ms. */
export const DEMAND_MS = LOOK_MS;
