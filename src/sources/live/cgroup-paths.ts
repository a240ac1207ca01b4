import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CgroupWalk } from '../../core/ports';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';
import { cgroupMount, MAX_DIRECTORIES } from './cgroups';

/** ms between two walks. */
const PAUSE_MS = 250;

/**
 * Where cgroup v2 is mounted whose ids are in perf's records; null where the perf_event controller is on v1: there they
 * are those of other cgroups.
 */
export function perfMount(proc: Pick<Proc, 'ownCgroup' | 'ownMounts'>): string | null {
  const groups = proc.ownCgroup();
  const mounts = proc.ownMounts();
  if (!isKnown(groups) || !isKnown(mounts)) return null;
  return /^\d+:[^:]*\bperf_event\b/m.test(groups) ? null : cgroupMount(mounts);
}

/** The paths of cgroups by their ids, which are the inodes of their directories: walked when it is asked for. */
export class CgroupPaths {
  private begun = 0;
  /** There is a walk to come. */
  private asked = false;
  /** The end of the last walk that was asked for. */
  private last = Promise.resolve();
  private walkedAt = -Infinity;
  private come: CgroupWalk | null = null;

  constructor(
    private readonly mount: string,
    private readonly nowMs: () => number,
    /** A walk is asked for; what is returned is to be called when it is over. */
    private readonly begin: () => (take: () => void) => void,
  ) {}

  /** See OwnerSource.askCgroups: a walk that has begun may have passed by what is asked about now. */
  ask(): number {
    if (!this.asked) {
      this.asked = true;
      // At once: an end of the run that waits for the walk before waits for this one, too.
      const settle = this.begin();
      this.last = this.last.then(() => this.next(settle));
    }
    return this.begun + 1;
  }

  take(): CgroupWalk | null {
    const { come } = this;
    this.come = null;
    return come;
  }

  private async next(settle: (take: () => void) => void): Promise<void> {
    await setTimeout(Math.max(0, this.walkedAt + PAUSE_MS - this.nowMs()), null, { ref: false });
    this.asked = false;
    const walk = ++this.begun;
    const paths = await this.walk();
    this.walkedAt = this.nowMs();
    settle(() => {
      this.come = { walk, paths };
    });
  }

  private async walk(): Promise<Map<number, string>> {
    const paths = new Map<number, string>();
    const open = [''];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const directory = join(this.mount, path);
      try {
        paths.set((await stat(directory)).ino, path === '' ? '/' : path);
        if (paths.size >= MAX_DIRECTORIES) return paths;
        for (const entry of await readdir(directory, { withFileTypes: true })) {
          if (entry.isDirectory()) open.push(`${path}/${entry.name}`);
        }
      } catch {
        // It was removed since its parent was read, and nobody ends in it any more.
      }
    }
    return paths;
  }
}
