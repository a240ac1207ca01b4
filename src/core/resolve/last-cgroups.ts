import { UNKNOWN_OWNER } from '../facts/owner';
import type { Owner } from '../facts/owner';
import type { OwnerSource, Reached } from '../ports';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';

/** Cgroups of which the path is remembered, and ended processes that wait for one. */
const MAX_PATHS = 65_536;
const MAX_WAITING = 4096;

/** In place of a path: nobody can tell it any more. */
const GONE = '';

interface Ended {
  readonly row: number;
  readonly serial: number;
  readonly id: number;
  /** The walk that knows its cgroup, where that is there. */
  readonly walk: number;
}

/**
 * The cgroups of processes that have ended before anybody could ask about them: the kernel tells with their end the id
 * of the cgroup (PERF_SAMPLE_CGROUP, Linux 5.7), and the path of one that is made meanwhile (PERF_RECORD_CGROUP).
 */
export class LastCgroups {
  private readonly paths = new Map<number, string>();
  /** One object for all processes of a cgroup. */
  private readonly owners = new Map<string, Owner>();
  private waiting: Ended[] = [];

  constructor(
    private readonly source: OwnerSource,
    private readonly tasks: Tasks,
  ) {
    // Those that are there now may be gone when the first process of them has ended.
    if (source.knowsCgroupIds) source.askCgroups();
  }

  /** A cgroup was made. */
  made(id: number, path: string): void {
    if (!this.source.knowsCgroupIds) return;
    if (this.paths.size >= MAX_PATHS) this.paths.clear();
    this.paths.set(id, path);
  }

  /** A process ends in a cgroup. */
  ended({ row, serial }: Process, id: number): void {
    if (!this.source.knowsCgroupIds || !this.isUnknown(row, serial)) return;
    const path = this.paths.get(id);
    if (path !== undefined) {
      if (path !== GONE) this.name(row, path);
      return;
    }
    const walk = this.source.askCgroups();
    if (this.waiting.length < MAX_WAITING) this.waiting.push({ row, serial, id, walk });
  }

  /** Takes over the paths that have come. A cgroup that is in none of a walk begun since is gone. */
  look(reached: Reached): void {
    const told = this.source.takeCgroups(reached);
    if (told === null) return;
    for (const [id, path] of told.paths) this.made(id, path);
    this.waiting = this.waiting.filter(({ row, serial, id, walk }) => {
      const path = this.paths.get(id);
      if (path === undefined && walk > told.walk) return true;
      if (path === undefined) this.made(id, GONE);
      else if (path !== GONE && this.isUnknown(row, serial)) this.name(row, path);
      return false;
    });
  }

  private isUnknown(row: number, serial: number): boolean {
    const info = this.tasks.processes.info(row);
    return info?.serial === serial && info.owner === UNKNOWN_OWNER;
  }

  private name(row: number, path: string): void {
    let owner = this.owners.get(path);
    if (owner === undefined) {
      if (this.owners.size >= MAX_WAITING) this.owners.clear();
      this.owners.set(path, (owner = { user: '', cgroup: path }));
    }
    this.tasks.processes.info(row)!.owner = owner;
  }
}
