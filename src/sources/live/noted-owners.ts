import { UNKNOWN_OWNER } from '../../core/facts/owner';
import type { Owner } from '../../core/facts/owner';
import type { CgroupWalk, Kinship, OwnerAnswer, OwnerSource, Reached } from '../../core/ports';
import { BoundedMap } from '../bounded-map';
import type { CgroupsFact, OwnerFact } from '../recording/owner-facts';
import type { FileTime } from './file-time';

/** Processes whose last answer is remembered: of more the same is told twice. */
const MAX_PROCESSES = 65_536;
/** A fact is one record of perf.data, below 64 KiB: so many bytes of paths fit in. */
const BYTES_EACH = 48_000;
/** JSON writes a byte of a path with six characters at most, and an id beside it. */
const bytesOf = (path: string): number => 6 * Buffer.byteLength(path) + 24;

const NO_KIN: Kinship = { ppid: 0, nsPid: 0 };

/** Whose processes are: the answers go into the recording, with how far the model had come. */
export class NotedOwners implements OwnerSource {
  /** Processes of open questions, by their tickets. */
  private readonly asked = new Map<number, number>();
  private noted = new BoundedMap<number, string>(MAX_PROCESSES);
  /** Those that stand in the file. */
  private paths: ReadonlyMap<number, string> = new Map();

  constructor(
    private readonly source: OwnerSource,
    private readonly note: (fact: OwnerFact | CgroupsFact) => void,
    private readonly time: FileTime,
  ) {}

  get knowsCgroupIds(): boolean {
    return this.source.knowsCgroupIds;
  }

  askOwner(pid: number, ticket: number): void {
    this.asked.set(ticket, pid);
    this.source.askOwner(pid, ticket);
  }

  takeOwners(reached: Reached): readonly OwnerAnswer[] {
    const answers = this.source.takeOwners(reached);
    for (const { ticket, owner, kinship = NO_KIN } of answers) {
      const pid = this.asked.get(ticket);
      this.asked.delete(ticket);
      if (pid === undefined) continue;
      const text = [owner?.user ?? '', kinship.ppid, kinship.nsPid, owner?.cgroup ?? ''].join(' ');
      if (this.noted.get(ticket) === text) continue;
      this.noted.set(ticket, text);
      this.tell(pid, this.time.after(reached), owner ?? UNKNOWN_OWNER, kinship);
    }
    return answers;
  }

  askCgroups(): number {
    return this.source.askCgroups();
  }

  takeCgroups(reached: Reached): CgroupWalk | null {
    const walk = this.source.takeCgroups(reached);
    if (walk === null) return null;
    const { paths } = this;
    // A machine may have thousands, and be walked through every second.
    const fresh = [...walk.paths].filter(([id, path]) => paths.get(id) !== path);
    this.tellPaths(fresh, this.time.after(reached));
    this.paths = walk.paths;
    return walk;
  }

  /** Another file begins. */
  begin(): void {
    this.noted = new BoundedMap(MAX_PROCESSES);
    if (this.paths.size > 0) this.tellPaths(this.paths, 0);
  }

  /** At the head of a file. */
  tellAgain(pid: number, owner: Owner, kinship: Kinship): void {
    if (owner.user !== '') this.tell(pid, 0, owner, kinship);
  }

  private tell(pid: number, after: number, owner: Owner, { ppid, nsPid }: Kinship): void {
    const { user, cgroup } = owner;
    this.note({ kind: 'owner', pid, after, user, cgroup, ppid, nsPid });
  }

  private tellPaths(all: Iterable<[number, string]>, after: number): void {
    let paths: [number, string][] = [];
    let bytes = 0;
    for (const one of all) {
      bytes += bytesOf(one[1]);
      if (bytes > BYTES_EACH) {
        this.note({ kind: 'cgroups', after, paths, more: true });
        [paths, bytes] = [[], bytesOf(one[1])];
      }
      paths.push(one);
    }
    this.note({ kind: 'cgroups', after, paths, more: false });
  }
}
