import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
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
  private asked = false;
  private walking = false;
  private walkedAt = -Infinity;
  private come: ReadonlyMap<number, string> | null = null;

  constructor(
    private readonly mount: string,
    private readonly nowMs: () => number,
    /** A walk begins; what is returned is to be called when it is over. */
    private readonly begin: () => (take: () => void) => void,
  ) {}

  ask(): void {
    this.asked = true;
    if (this.walking) return;
    this.walking = true;
    const settle = this.begin();
    const pause = Math.max(0, this.walkedAt + PAUSE_MS - this.nowMs());
    setTimeout(() => {
      this.asked = false;
      void this.walk().then((paths) => {
        settle(() => {
          this.come = paths;
          this.walking = false;
          this.walkedAt = this.nowMs();
        });
        if (this.asked) this.ask();
      });
    }, pause).unref();
  }

  take(): ReadonlyMap<number, string> | null {
    const { come } = this;
    // Whoever asked while it was walked waits for the next one.
    if (this.walking) return null;
    this.come = null;
    return come;
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
