import type { CgroupWalk, OwnerAnswer, OwnerSource, Reached } from '../../core/ports';
import { BoundedMap } from '../bounded-map';
import { DueFacts } from './due-facts';
import type { CgroupsFact, OwnerFact } from './owner-facts';

/** Processes that are asked about or that something is known of. */
const MAX_PROCESSES = 65_536;
/** As many as core keeps the paths of. */
const MAX_CGROUPS = 65_536;

interface Known {
  readonly fact: OwnerFact;
  /** Who has been told of it, null for nobody yet. */
  readonly ticket: number | null;
}

/** Whose processes were, as the capture learnt it. What is asked is answered when the capture had its answer. */
export class RecordedOwners implements OwnerSource {
  private readonly told = new DueFacts<OwnerFact | CgroupsFact>();
  private readonly known = new BoundedMap<number, Known>(MAX_PROCESSES);
  /** The last question about a process. */
  private readonly asked = new BoundedMap<number, number>(MAX_PROCESSES);
  private answers: OwnerAnswer[] = [];
  private paths = new Map<number, string>();
  private walk = 0;
  private walked: CgroupWalk | null = null;

  add(fact: OwnerFact | CgroupsFact): void {
    this.told.add(fact);
  }

  get knowsCgroupIds(): boolean {
    return this.walk > 0;
  }

  askOwner(pid: number, ticket: number): void {
    this.asked.set(pid, ticket);
    const known = this.known.get(pid);
    // What another process with this number was told of is not of this one.
    if (known?.ticket === null) this.tell(known.fact);
  }

  takeOwners(reached: Reached): readonly OwnerAnswer[] {
    this.take(reached);
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  /** One of those to come: the capture's next had begun already. */
  askCgroups(): number {
    return this.walk + 2;
  }

  takeCgroups(reached: Reached): CgroupWalk | null {
    this.take(reached);
    const { walked } = this;
    this.walked = null;
    return walked;
  }

  /** What the capture had learnt by then. */
  private take({ horizon }: Reached): void {
    for (let fact; (fact = this.told.take(horizon)) !== undefined;) {
      if (fact.kind === 'owner') this.tell(fact);
      else this.addPaths(fact);
    }
  }

  private tell(fact: OwnerFact): void {
    const { pid, user, cgroup, ppid, nsPid } = fact;
    const ticket = this.asked.get(pid) ?? null;
    this.known.set(pid, { fact, ticket });
    if (ticket === null) return;
    const told = { owner: { user, cgroup }, kinship: { ppid, nsPid } };
    this.answers.push({ ticket, ...(user === '' ? { owner: null } : told) });
  }

  private addPaths({ paths, more }: CgroupsFact): void {
    for (const [id, path] of paths) if (this.paths.size < MAX_CGROUPS) this.paths.set(id, path);
    if (more) return;
    this.walk += 1;
    this.walked = { walk: this.walk, paths: this.paths };
    this.paths = new Map();
  }
}
