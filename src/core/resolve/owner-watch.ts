import type { OwnerSource, Reached } from '../ports';
import type { Process } from '../tasks/process';
import { BriefOwners } from './brief-owners';
import type { Tasks } from '../tasks/tasks';

/**
 * Processes that are asked about once more a second, however often one looks: who moves to another cgroup is noticed by and by,
 * and thousands that rest cost little.
 */
const AGAIN_PER_SECOND = 32;
/** At once; as many that had no answer. */
const AGAIN = 64;
/** Between the beginnings of two rounds at least, ns: of a few processes each would be asked about at every tick. */
const ROUND_NS = 8e9;

interface Asked {
  readonly process: Process;
  /** It has run a new program since: the answer may be too old. */
  changed: boolean;
}

/**
 * Learns whose processes are: each is asked about when it is met, when it runs a new program (that is when services and
 * containers have moved to their cgroup), and now and then. One that ends before the answer: BriefOwners.
 */
export class OwnerWatch {
  /** By serial. */
  private readonly asked = new Map<number, Asked>();
  private readonly turn: Process[] = [];
  /** When a round began. */
  private began = -Infinity;
  /** When some of it were asked about. */
  private turned = -Infinity;
  /** They live, and the readers did not come to it. */
  private readonly unanswered: Process[] = [];
  /** Of those that end before the answer. */
  readonly brief: BriefOwners;

  constructor(
    private readonly source: OwnerSource,
    private readonly tasks: Tasks,
  ) {
    tasks.notesChanges = true;
    this.brief = new BriefOwners(source, tasks);
  }

  /** Takes over the answers that have come, and asks about whom was met. Between batches. */
  look(reached: Reached): void {
    const { processes } = this.tasks;
    for (const { ticket, owner, kinship } of this.source.takeOwners(reached)) {
      const asked = this.asked.get(ticket);
      if (asked === undefined) continue;
      this.asked.delete(ticket);
      const info = processes.info(asked.process.row);
      // What was known stays where a later question finds nothing any more.
      if (info?.serial === ticket && owner !== null) {
        info.owner = owner;
        info.ownerTold = true;
        this.brief.told(asked.process);
      }
      if (owner === null && asked.process.alive) this.unanswered.push(asked.process);
      if (info?.serial === ticket && kinship !== undefined) Object.assign(info, kinship);
      if (asked.changed) this.ask(asked.process);
    }
    this.brief.look(reached);
    for (const process of this.tasks.takeChanged()) this.ask(process);
  }

  /** Asks some of those that live again, in turn. */
  again(now: number): void {
    if (this.turn.length === 0 && now - this.began >= ROUND_NS) {
      this.began = now;
      this.turn.push(...this.tasks.live());
    }
    const due = Math.min(AGAIN, Math.floor(((now - this.turned) / 1e9) * AGAIN_PER_SECOND));
    // Of less than one the time goes on.
    if (due > 0) this.turned = now;
    const next = [
      ...this.unanswered.splice(0, AGAIN),
      ...this.turn.splice(Math.max(0, this.turn.length - due)),
    ];
    for (const process of next) if (process.alive) this.ask(process);
  }

  private ask(process: Process): void {
    const { pid, serial } = process;
    const asked = this.asked.get(serial);
    if (asked !== undefined) {
      asked.changed = true;
      return;
    }
    this.asked.set(serial, { process, changed: false });
    this.source.askOwner(pid, serial);
  }
}
