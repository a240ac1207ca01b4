import type { SpaceSource } from '../ports';
import type { AddressSpace } from '../tasks/address-space';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import { Cell } from '../stats/cells';

/** Processes in detail at a time. Those that are opened come on top. */
const IN_DETAIL = 256;
/** Of more that are opened the first ones are as all others again. */
const OPENED = 128;
/** So many are in detail with their first fault; further ones as many per second, and those that are hot. */
const AT_ONCE = 64;
const PER_SECOND = 16;
/** ns between two looks at who is hot, and how many become so with each. */
const LOOK_NS = 250e6;
const PER_LOOK = 8;
/** Maps that are asked for at a time: the readers have others to serve. */
const ASKED = 4;
const TRIES = 3;

interface Activity {
  /** As of the last look. */
  faults: number;
  stallNs: number;
  /** Since the one before: ns stalled, and less than any ns for the faults. */
  weight: number;
  tries: number;
}

interface Question {
  readonly process: Process;
  readonly space: AddressSpace;
}

/**
 * Which processes are kept in detail, of a machine that has thousands: those that somebody opens, those that stall
 * most, and, as far as the budget goes, whoever faults. Of these alone the maps are read that no record told of, the
 * most active first; nobody waits for them.
 */
export class Details {
  private readonly activity = new Map<Process, Activity>();
  /** In detail, with maps that are to be read. */
  private readonly wanted = new Set<Process>();
  /** In the order in which they were opened. */
  private readonly opened = new Set<Process>();
  private readonly asked = new Map<number, Question>();
  private tokens = AT_ONCE;
  private inDetail = 0;
  private lookedAt = -Infinity;

  constructor(
    private readonly source: SpaceSource,
    private readonly tasks: Tasks,
    /** The maps of an address space have come. */
    private readonly onRead: (space: AddressSpace) => void,
  ) {
    tasks.admission = (process) => this.admit(process);
  }

  /** A process that is not in detail faults. */
  private admit(process: Process): boolean {
    if (this.tokens < 1 || this.inDetail >= IN_DETAIL || process.pid === 0) return false;
    this.tokens--;
    this.promoted(process);
    return true;
  }

  private promoted(process: Process): void {
    this.inDetail++;
    if (process.space.unread) this.wanted.add(process);
  }

  private promote(process: Process): void {
    if (process.inDetail || !process.alive || process.pid === 0) return;
    this.tasks.setDetail(process, true);
    this.promoted(process);
  }

  /** Somebody looks at a process: it is in detail as long as it lives and not too many are opened after it. */
  open(pid: number): void {
    const process = this.tasks.process(pid);
    if (process === undefined) return;
    // What could not be read before may be readable now.
    if (!this.opened.has(process)) {
      this.activityOf(process).tries = 0;
      process.space.refused = false;
    }
    this.opened.delete(process);
    this.opened.add(process);
    if (this.opened.size > OPENED) this.opened.delete(this.opened.values().next().value!);
    this.promote(process);
    this.ask();
  }

  /** Between batches: asks for maps, and looks who is hot now and then. */
  look(now: number): void {
    if (now - this.lookedAt >= LOOK_NS) {
      const seconds = Math.min(1, (now - this.lookedAt) / 1e9);
      this.lookedAt = now;
      this.tokens = Math.min(AT_ONCE, this.tokens + seconds * PER_SECOND);
      this.choose();
    }
    this.ask();
  }

  /** Takes over the maps that have come. */
  takeAnswers(): void {
    for (const { ticket, maps } of this.source.takeSpaces()) {
      const { process, space } = this.asked.get(ticket)!;
      this.asked.delete(ticket);
      const isTheirs = process.alive && process.space === space;
      // Who shares it may ask.
      if (!isTheirs) space.asked = false;
      // An exec, or the end: the records tell the rest. After a loss it is asked for again.
      if (!isTheirs || !space.unread || !space.asked) continue;
      if (maps === null) {
        space.asked = false;
        if (++this.activityOf(process).tries < TRIES) this.wanted.add(process);
        else space.refused = true;
        continue;
      }
      for (const vma of maps.vmas) space.map.fill(vma);
      space.unread = false;
      this.onRead(space);
    }
  }

  private ask(): void {
    if (this.wanted.size === 0 || this.asked.size >= ASKED) return;
    const first = [...this.wanted].sort((a, b) => this.weight(b) - this.weight(a));
    for (const process of first) {
      if (this.asked.size >= ASKED) return;
      this.wanted.delete(process);
      const { space, pid, serial } = process;
      if (!process.alive || !space.unread || space.asked || this.asked.has(serial)) continue;
      space.asked = true;
      this.asked.set(serial, { process, space });
      this.source.askSpace(pid, serial);
    }
  }

  private weight(process: Process): number {
    return this.activity.get(process)?.weight ?? 0;
  }

  private activityOf(process: Process): Activity {
    let known = this.activity.get(process);
    if (known === undefined) {
      known = { faults: 0, stallNs: 0, weight: 0, tries: 0 };
      this.activity.set(process, known);
    }
    return known;
  }

  /** The hottest of those that are not in detail, in place of those that rest where there is no room. */
  private choose(): void {
    const { activity } = this;
    for (const process of activity.keys()) if (!process.alive) activity.delete(process);
    for (const process of this.opened) if (!process.alive) this.opened.delete(process);
    const hot: Process[] = [];
    const resting: Process[] = [];
    this.inDetail = 0;
    for (const process of this.tasks.live()) {
      if (!process.alive || process.pid === 0) continue;
      const weight = this.measure(process);
      if (process.inDetail) {
        this.inDetail++;
        this.wantAgain(process);
        if (!this.opened.has(process)) resting.push(process);
      } else if (weight > 0) hot.push(process);
    }
    const heaviest = hot.sort((a, b) => this.weight(b) - this.weight(a)).slice(0, PER_LOOK);
    resting.sort((a, b) => this.weight(b) - this.weight(a));
    for (const process of heaviest) {
      if (this.inDetail >= IN_DETAIL && !this.makeRoom(resting, this.weight(process))) return;
      this.promote(process);
    }
  }

  /** What was known of its maps is forgotten, or what was asked is void. */
  private wantAgain(process: Process): void {
    const { unread, asked } = process.space;
    if (!unread || asked) return;
    if ((this.activity.get(process)?.tries ?? 0) < TRIES) this.wanted.add(process);
  }

  /** The process that rests most gives way, where it is less active than `weight`. */
  private makeRoom(resting: Process[], weight: number): boolean {
    const least = resting.pop();
    if (least === undefined || this.weight(least) >= weight) return false;
    this.tasks.setDetail(least, false);
    this.wanted.delete(least);
    this.inDetail--;
    return true;
  }

  /** What a process did since the last look. */
  private measure(process: Process): number {
    const { stats } = this.tasks.processes;
    const faults = stats.faults(process.row);
    const known = this.activity.get(process);
    if (known === undefined && faults === 0) return 0;
    const seen = this.activityOf(process);
    const stallNs = stats.get(process.row, Cell.stallNs);
    // Counters may have begun anew.
    const more = Math.max(0, faults - (faults < seen.faults ? 0 : seen.faults));
    const waited = Math.max(0, stallNs - (stallNs < seen.stallNs ? 0 : seen.stallNs));
    Object.assign(seen, { faults, stallNs, weight: waited + more / 2 ** 32 });
    return seen.weight;
  }
}
