import type { CgroupFacts, ProcessMemory } from '../../src/core/facts/cgroup-facts';
import type { ShownSource } from '../../src/tui/state/source';

/** Facts of rows on the screen by hand; notes what was looked at. */
export class FakeShown implements ShownSource {
  readonly memories = new Map<number, ProcessMemory>();
  readonly cgroups = new Map<string, CgroupFacts>();
  readonly looked = { pids: [] as readonly number[], cgroups: [] as readonly string[] };

  lookAtProcesses(pids: readonly number[]): void {
    this.looked.pids = pids;
  }
  lookAtCgroups(paths: readonly string[]): void {
    this.looked.cgroups = paths;
  }
  memory(pid: number): ProcessMemory | null {
    return this.memories.get(pid) ?? null;
  }
  cgroup(path: string): CgroupFacts | null {
    return this.cgroups.get(path) ?? null;
  }
}
