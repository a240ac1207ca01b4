import type { Owner } from '../facts/owner';
import type { OwnerSource, Reached } from '../ports';
import type { Process } from '../tasks/process';
import type { ProcessInfo } from '../tasks/task-table';
import type { Tasks } from '../tasks/tasks';

/** Cgroups of which the path is remembered, and ended processes that wait for one, or for the owner of their parent. */
const MAX_PATHS = 65_536;
const MAX_WAITING = 4096;

/** In place of a path: nobody can tell it any more. */
const GONE = '';

type Heir = Pick<Process, 'row' | 'serial'>;

interface Ended {
  readonly row: number;
  readonly serial: number;
  readonly id: number;
  /** The walk that knows its cgroup, where that is there. */
  readonly walk: number;
}

/**
 * Whose processes were that nobody could ask about, because they had ended before. A child is born with user and cgroup
 * of its parent (credentials(7), cgroups(7)). The cgroup in which it ends comes with its end as an id
 * (PERF_SAMPLE_CGROUP, Linux 5.7), and the path of one that is made meanwhile in a record (PERF_RECORD_CGROUP).
 */
export class BriefOwners {
  private readonly paths = new Map<number, string>();
  /** One object for all processes of an owner, by user and cgroup. */
  private readonly owners = new Map<string, Owner>();
  private waiting: Ended[] = [];
  /** By the serial of a process of which it is not known whose it is: the children that it had meanwhile. */
  private readonly heirs = new Map<number, Heir[]>();
  private waitingHeirs = 0;

  constructor(
    private readonly source: OwnerSource,
    private readonly tasks: Tasks,
  ) {
    // Those that are there now may be gone when the first process of them has ended.
    if (source.knowsCgroupIds) source.askCgroups();
  }

  /** A process begins. */
  born(child: Process, parent: Process): void {
    // The crowd beyond the cap has one row and no owner.
    if (child.pid === 0 || parent.pid === 0) return;
    const { processes } = this.tasks;
    const info = processes.info(child.row);
    const from = processes.info(parent.row);
    if (info?.serial !== child.serial || from?.serial !== parent.serial) return;
    info.owner = from.owner;
    if (from.owner.user === '') this.addHeir(parent.serial, child);
  }

  private addHeir(parent: number, { row, serial }: Heir): void {
    if (this.waitingHeirs >= MAX_WAITING) {
      this.heirs.clear();
      this.waitingHeirs = 0;
    }
    this.waitingHeirs++;
    const heirs = this.heirs.get(parent);
    if (heirs === undefined) this.heirs.set(parent, [{ row, serial }]);
    else heirs.push({ row, serial });
  }

  /** It is known whose a process is: children that were born before have the same, where nothing else was told of them. */
  told({ row, serial }: Heir): void {
    const heirs = this.heirs.get(serial);
    const from = this.tasks.processes.info(row);
    if (heirs === undefined || from?.serial !== serial) return;
    this.heirs.delete(serial);
    this.waitingHeirs -= heirs.length;
    for (const heir of heirs) {
      const info = this.untold(heir.row, heir.serial);
      if (info === null) continue;
      const { user, cgroup } = info.owner;
      info.owner = this.owner(user || from.owner.user, cgroup || from.owner.cgroup);
      this.told(heir);
    }
  }

  /** A cgroup was made. */
  made(id: number, path: string): void {
    if (!this.source.knowsCgroupIds) return;
    if (this.paths.size >= MAX_PATHS) this.paths.clear();
    this.paths.set(id, path);
  }

  /** A process ends in a cgroup. */
  ended({ row, serial }: Process, id: number): void {
    if (!this.source.knowsCgroupIds || this.untold(row, serial) === null) return;
    const path = this.paths.get(id);
    if (path !== undefined) {
      if (path !== GONE) this.name(row, serial, path);
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
      else if (path !== GONE) this.name(row, serial, path);
      return false;
    });
  }

  /** The row of a process of which no answer has told. */
  private untold(row: number, serial: number): ProcessInfo | null {
    const info = this.tasks.processes.info(row);
    return info?.serial === serial && !info.ownerTold ? info : null;
  }

  private name(row: number, serial: number, path: string): void {
    const info = this.untold(row, serial);
    if (info !== null) info.owner = this.owner(info.owner.user, path);
  }

  private owner(user: string, cgroup: string): Owner {
    const key = `${user}\n${cgroup}`;
    let owner = this.owners.get(key);
    if (owner === undefined) {
      if (this.owners.size >= MAX_WAITING) this.owners.clear();
      this.owners.set(key, (owner = { user, cgroup }));
    }
    return owner;
  }
}
