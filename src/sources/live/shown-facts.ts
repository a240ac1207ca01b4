import type { CgroupFacts, ProcessMemory } from '../../core/facts/cgroup-facts';
import { BoundedMap } from '../bounded-map';
import { parseCgroupFacts, parseProcessMemory } from '../proc/memory-parse';
import { MAX_TASKS } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';
import { memoryMount } from './cgroups';

/** Of what was on the screen before, so many are remembered. */
const MAX_KNOWN = 4096;

/** Reads facts of processes and cgroups that somebody looks at: one request at a time of each kind. */
export class ShownFacts {
  private readonly memories = new BoundedMap<number, ProcessMemory | null>(MAX_KNOWN);
  private readonly cgroups = new BoundedMap<string, CgroupFacts | null>(MAX_KNOWN);
  private askingProcesses = false;
  private askingCgroups = false;
  /** undefined: not looked for yet; null: there is none. */
  private mount: string | null | undefined;

  constructor(private readonly reader: Pick<TargetReader, 'tasks' | 'cgroup' | 'mounts'>) {}

  lookAtProcesses(pids: readonly number[]): void {
    const asked = pids.slice(0, MAX_TASKS);
    if (this.askingProcesses || asked.length === 0) return;
    this.askingProcesses = true;
    this.reader.tasks(asked, (texts) => {
      this.askingProcesses = false;
      asked.forEach((pid, k) => {
        this.memories.set(pid, texts === null ? null : parseProcessMemory(texts[k]!.status));
      });
    });
  }

  lookAtCgroups(paths: readonly string[]): void {
    if (this.askingCgroups) return;
    this.askingCgroups = true;
    const asked = paths.slice(0, MAX_TASKS);
    if (this.mount !== undefined) {
      this.askCgroup(this.mount, asked);
      return;
    }
    this.reader.mounts(process.pid, (mounts) => {
      this.mount = mounts === null ? null : memoryMount(mounts);
      this.askCgroup(this.mount, asked);
    });
  }

  private askCgroup(mount: string | null, paths: readonly string[]): void {
    const [path, ...others] = paths;
    if (mount === null || path === undefined) {
      this.askingCgroups = false;
      return;
    }
    this.reader.cgroup(mount, path, (texts) => {
      this.cgroups.set(path, texts === null ? null : parseCgroupFacts(texts));
      this.askCgroup(mount, others);
    });
  }

  memory(pid: number): ProcessMemory | null {
    return this.memories.get(pid) ?? null;
  }

  cgroup(path: string): CgroupFacts | null {
    return this.cgroups.get(path) ?? null;
  }
}
