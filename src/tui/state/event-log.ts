import { Batch } from '../../core/wire/batch';
import type { CodeAddress } from '../../core/code/address';
import { CLASS_COUNT } from '../../core/classify/classes';
import type { FaultNames } from '../../core/columns/fault-fields';
import { compileFaultTest, type FaultTest } from '../../core/filter/fault-test';
import type { Filter } from '../../core/filter/ast';
import { Resolved } from '../../core/wire/resolved';
import { Reservoir } from './reservoir';

/** Faults kept. Strings are the model's own, so an entry costs some 70 bytes. */
export const LOG_CAPACITY = 8192;
/** Faults kept of each class between two flushes; more are sampled. */
const SAMPLE = 256;
/** So many ids are compared one by one. */
const FEW = 4;

/** What the log asks of the model. */
export interface EventNames extends FaultNames {
  /** Id of the snapshot row of a region's slot. */
  regionId(slot: number): number;
}

/**
 * The newest faults, bounded. Beyond some thousand a second nobody can read them: then every class
 * keeps a fair sample of its own (each fault of the class had the same chance), so that a few major
 * faults are not washed away by a storm of minor ones, and share() says how many were seen.
 *
 * Kept faults lie in a Batch and a Resolved of the log's own, so that the very filter that runs on
 * captured batches can be asked of them again when it changes.
 */
export class EventLog {
  readonly batch = new Batch();
  readonly resolved = new Resolved();
  private readonly labels = new Array<string>(LOG_CAPACITY + CLASS_COUNT * SAMPLE).fill('');
  private readonly paths = [...this.labels];
  private readonly sections = [...this.labels];
  private readonly comms = [...this.labels];
  private readonly codes = new Array<CodeAddress | null>(this.labels.length).fill(null);
  private readonly kinds = new Uint8Array(this.labels.length);
  private readonly ids = new Float64Array(this.labels.length);
  private readonly reservoirs: readonly Reservoir[];
  private readonly share = new Float64Array(CLASS_COUNT).fill(1);
  private intake: FaultTest | null = null;
  private classes = (1 << CLASS_COUNT) - 1;
  /** Faults ever put into the log: sequence numbers below it, the newest LOG_CAPACITY are there. */
  count = 0;

  constructor(random: () => number = Math.random) {
    this.reservoirs = Array.from({ length: CLASS_COUNT }, () => new Reservoir(SAMPLE, random));
  }

  /** The log as it is now, which stays so. */
  copy(): EventLog {
    const other = new EventLog();
    new Uint8Array(other.batch.buffer).set(new Uint8Array(this.batch.buffer));
    other.resolved.faultClass.set(this.resolved.faultClass);
    other.resolved.cause.set(this.resolved.cause);
    other.resolved.fileOffset.set(this.resolved.fileOffset);
    other.resolved.region.set(this.resolved.region);
    other.resolved.comm.set(this.resolved.comm);
    other.resolved.code.set(this.resolved.code);
    for (let at = 0; at < LOG_CAPACITY; at++) {
      other.labels[at] = this.labels[at]!;
      other.paths[at] = this.paths[at]!;
      other.sections[at] = this.sections[at]!;
      other.comms[at] = this.comms[at]!;
      other.codes[at] = this.codes[at]!;
    }
    other.kinds.set(this.kinds);
    other.ids.set(this.ids);
    other.share.set(this.share);
    other.count = this.count;
    return other;
  }

  /** Names of kept faults: a slot is a place in the log. */
  readonly names: FaultNames = {
    regionLabel: (slot) => this.labels[slot]!,
    regionPath: (slot) => this.paths[slot]!,
    regionSection: (slot) => this.sections[slot]!,
    regionKind: (slot) => this.kinds[slot]!,
    commName: (slot) => this.comms[slot]!,
    code: (slot) => this.codes[slot]!,
    data: () => null,
    stack: () => [],
  };

  /**
   * What is wanted from now on: a bit mask of classes, and a filter (null: everything). A sample must
   * be drawn from what is shown, or a rare match would never be in it. `names` are the model's.
   */
  setFilter(filter: Filter | null, classes: number, names: EventNames): void {
    this.intake = filter === null ? null : compileFaultTest(filter, names, true);
    this.classes = classes;
  }

  /** Takes what is wanted of a batch. Called for every batch, before the next Model.consume. */
  add(batch: Batch, resolved: Resolved, names: EventNames): void {
    const { classes, intake, reservoirs } = this;
    const { faultClass, keep } = resolved;
    for (let i = 0; i < batch.faults; i++) {
      const cls = faultClass[i]!;
      if ((classes & (1 << cls)) === 0 || keep[i] === 0) continue;
      if (intake !== null && !intake(batch, resolved, i)) continue;
      const place = reservoirs[cls]!.offer();
      if (place >= 0) this.take(LOG_CAPACITY + cls * SAMPLE + place, batch, resolved, i, names);
    }
  }

  private take(at: number, batch: Batch, resolved: Resolved, i: number, names: EventNames): void {
    copyFault(this.batch, at, batch, i);
    const region = resolved.region[i]!;
    this.resolved.faultClass[at] = resolved.faultClass[i]!;
    this.resolved.cause[at] = resolved.cause[i]!;
    this.resolved.fileOffset[at] = resolved.fileOffset[i]!;
    this.labels[at] = names.regionLabel(region);
    this.paths[at] = names.regionPath(region);
    this.sections[at] = names.regionSection(region);
    this.kinds[at] = names.regionKind(region);
    this.comms[at] = names.commName(resolved.comm[i]!);
    this.codes[at] = names.code(resolved.code[i]!);
    this.ids[at] = names.regionId(region);
  }

  /** Ends a sampling window: what it kept joins the log in order of time. Once per refresh. */
  flush(): void {
    const kept: number[] = [];
    this.reservoirs.forEach((reservoir, cls) => {
      for (let k = 0; k < reservoir.kept; k++) kept.push(LOG_CAPACITY + cls * SAMPLE + k);
      this.share[cls] = reservoir.kept === 0 ? 1 : reservoir.kept / reservoir.seen;
      reservoir.restart();
    });
    kept.sort((a, b) => this.batch.time[a]! - this.batch.time[b]!);
    for (const from of kept) this.move(from, this.count++ % LOG_CAPACITY);
  }

  private move(from: number, to: number): void {
    copyFault(this.batch, to, this.batch, from);
    const { resolved } = this;
    resolved.faultClass[to] = resolved.faultClass[from]!;
    resolved.cause[to] = resolved.cause[from]!;
    resolved.fileOffset[to] = resolved.fileOffset[from]!;
    resolved.region[to] = to;
    resolved.comm[to] = to;
    resolved.code[to] = to;
    this.labels[to] = this.labels[from]!;
    this.paths[to] = this.paths[from]!;
    this.sections[to] = this.sections[from]!;
    this.kinds[to] = this.kinds[from]!;
    this.comms[to] = this.comms[from]!;
    this.codes[to] = this.codes[from]!;
    this.ids[to] = this.ids[from]!;
  }

  /** Share (0..1) of the faults of a class that the last window kept; 1: all of them. */
  shareOf(cls: number): number {
    return this.share[cls]!;
  }

  /** Sequence number of the oldest fault that is still there. */
  get oldest(): number {
    return Math.max(0, this.count - LOG_CAPACITY);
  }

  /** Where the fault of a sequence number lies: index into batch, resolved, and the names. */
  at(sequence: number): number {
    return sequence % LOG_CAPACITY;
  }

  regionIdAt(place: number): number {
    return this.ids[place]!;
  }

  /** The newest `max` faults before sequence number `end` that pass, oldest first. */
  newest(max: number, end: number, passes: (place: number) => boolean): number[] {
    const found: number[] = [];
    const { oldest } = this;
    for (let s = Math.min(end, this.count) - 1; s >= oldest && found.length < max; s--) {
      if (passes(this.at(s))) found.push(s);
    }
    return found.reverse();
  }

  /** The newest `max` faults of regions, by their ids, that pass, oldest first. */
  newestOf(regions: readonly number[], max: number, passes: (place: number) => boolean): number[] {
    const known = regions.length > FEW ? new Set(regions) : null;
    const [a = NaN, b = a, c = a, d = a] = regions;
    const found: number[] = [];
    const { oldest, ids } = this;
    // Nearly all are of other regions, and all are asked.
    let place = this.at(Math.max(0, this.count - 1));
    for (let s = this.count - 1; s >= oldest && found.length < max; s--) {
      const id = ids[place]!;
      const belongs = known?.has(id) ?? (id === a || id === b || id === c || id === d);
      if (belongs && passes(place)) found.push(s);
      place = place === 0 ? LOG_CAPACITY - 1 : place - 1;
    }
    return found.reverse();
  }

  /** The oldest `max` faults from sequence number `start` on that pass, oldest first. */
  from(start: number, max: number, passes: (place: number) => boolean): number[] {
    const found: number[] = [];
    for (let s = Math.max(start, this.oldest); s < this.count && found.length < max; s++) {
      if (passes(this.at(s))) found.push(s);
    }
    return found;
  }
}

/** The newest events of a log that are of something, `most` of them that pass: sequence numbers, oldest first. */
export type EventsOf = (
  log: EventLog,
  most: number,
  passes: (place: number) => boolean,
) => number[];

/** Those at whose places of a log a test holds. */
export function eventsThat(belong: (log: EventLog, place: number) => boolean): EventsOf {
  return (log, most, passes) =>
    log.newest(most, log.count, (place) => belong(log, place) && passes(place));
}
export const everyEvent: EventsOf = (log, most, passes) => log.newest(most, log.count, passes);

function copyFault(to: Batch, j: number, from: Batch, i: number): void {
  for (let c = 0; c < to.faultColumns.length; c++) {
    to.faultColumns[c]![j] = from.faultColumns[c]![i]!;
  }
}
