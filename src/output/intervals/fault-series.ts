import { CAUSE_COUNT, CLASS_COUNT } from '../../core/classify/classes';
import type { ProcessRow } from '../../core/snapshot/snapshot';
import { printable } from '../../core/text/printable';
import { OTHERS } from '../../core/stats/limits';

/** Series that are told apart: a collector keeps each of them for weeks. */
export const MAX_SERIES = 256;

/** Counters that never fall: by class, by cause, and at the end the stall, ns. */
const WIDTH = CLASS_COUNT + CAUSE_COUNT + 1;
const STALL = WIDTH - 1;
/** Columns, from and to: each of these has every fault once. */
const EVERY_FAULT = [
  [0, CLASS_COUNT],
  [CLASS_COUNT, STALL],
] as const;

/** Names are printable: those that differ in what is not are one series, which a collector must not see twice. */
export interface FaultSeries {
  readonly command: string;
  readonly cgroup: string;
  /** As they are told. */
  readonly counts: Float64Array;
  /** As they are: what was told before may have gone to another series since, or to another class or cause. */
  readonly truth: Float64Array;
}

interface Seen {
  readonly series: FaultSeries;
  readonly counts: Float64Array;
}

/**
 * Faults by name and cgroup as counters that never fall, whatever becomes of the rows: a process that moves to another
 * cgroup counts there from then on, and one that has ended shares a row with others. The first MAX_SERIES have a series
 * each, for good; what comes later is summed up in one more.
 */
export class SeriesTable {
  private readonly series = new Map<string, FaultSeries>();
  private readonly beyond: FaultSeries = newSeries(OTHERS, OTHERS);
  /** The rows of the last time, by id. */
  private seen = new Map<number, Seen>();
  /** Rows that waited the last time, by id. */
  private held: ReadonlySet<number> = new Set();
  private holding = new Set<number>();
  private zeroedAt = NaN;

  /** Those with series of their own, and the one for all others where there are some. */
  get all(): FaultSeries[] {
    const more = this.beyond.counts.some((count) => count > 0);
    return [...this.series.values(), ...(more ? [this.beyond] : [])];
  }

  /**
   * Takes over what was counted since the last time. `since`: when the rows were last set to zero. Not `last`: processes
   * that live and whose cgroup is not known yet wait once for the next time, with all their faults.
   */
  update(rows: readonly ProcessRow[], since: number, last: boolean): void {
    if (since !== this.zeroedAt) this.seen.clear();
    this.zeroedAt = since;
    this.held = this.holding;
    this.holding = new Set();
    const before = this.seen;
    const now = new Map<number, Seen>();
    for (const row of rows) {
      const known = before.get(row.id);
      if (known === undefined && !last && this.holds(row)) continue;
      const series = this.seriesOf(row);
      const counts = countsOf(row);
      now.set(row.id, { series, counts });
      add(series.truth, counts, 1);
      if (known !== undefined) add(series.truth, known.counts, -1);
    }
    // Their counts are in rows that several share.
    for (const [id, { series, counts }] of before) if (!now.has(id)) add(series.truth, counts, -1);
    this.tell();
    this.seen = now;
  }

  private holds({ id, pid, alive, owner }: ProcessRow): boolean {
    if (!alive || pid === 0 || owner.user !== '' || this.held.has(id)) return false;
    this.holding.add(id);
    return true;
  }

  /**
   * What a series would fall by, another has too much. Rows beyond a cap are shared without their names: that is taken
   * from what such rows gain. A process may also have taken another name, or moved, and ended before anybody looked: its
   * series rests until it has caught up.
   */
  private tell(): void {
    const { beyond } = this;
    for (const series of this.series.values()) {
      giveBack(beyond, series);
      raise(series);
    }
    raise(beyond);
  }

  private seriesOf({ pid, comm, owner }: ProcessRow): FaultSeries {
    if (pid === 0 && comm === OTHERS) return this.beyond;
    const command = printable(comm);
    const cgroup = printable(owner.cgroup);
    const key = `${command}\n${cgroup}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;
    if (this.series.size >= MAX_SERIES) return this.beyond;
    const series = newSeries(command, cgroup);
    this.series.set(key, series);
    return series;
  }
}

function newSeries(command: string, cgroup: string): FaultSeries {
  return { command, cgroup, counts: new Float64Array(WIDTH), truth: new Float64Array(WIDTH) };
}

function add(to: Float64Array, counts: Float64Array, sign: number): void {
  for (let k = 0; k < WIDTH; k++) to[k]! += sign * counts[k]!;
}

/** What is to be told more than has been, of some columns together. */
function gain({ counts, truth }: FaultSeries, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += truth[k]! - counts[k]!;
  return sum;
}

/**
 * Moves to a series what it has told too much, as far as `beyond` has gained so much: of the classes and causes in question
 * first, then of others, so that both go on having every fault once.
 */
function giveBack(beyond: FaultSeries, series: FaultSeries): void {
  for (const [from, to] of [...EVERY_FAULT, [STALL, WIDTH] as const]) {
    let rest = Math.min(-gain(series, from, to), gain(beyond, from, to));
    for (const fits of [true, false]) {
      for (let k = from; k < to && rest > 0; k++) {
        const wanted = fits ? series.counts[k]! - series.truth[k]! : Infinity;
        const there = beyond.truth[k]! - beyond.counts[k]!;
        const moved = Math.max(0, Math.min(rest, wanted, there));
        series.truth[k]! += moved;
        beyond.truth[k]! -= moved;
        rest -= moved;
      }
    }
  }
}

/**
 * Tells what has been gained. A fault that is of another class or cause than was told, since the maps came later, cannot be
 * taken back: the next of that class or cause are not told in its place, nor is this one in the other.
 */
function raise(series: FaultSeries): void {
  const { counts, truth } = series;
  for (const [from, to] of EVERY_FAULT) {
    let rest = gain(series, from, to);
    for (let k = from; k < to && rest > 0; k++) {
      const more = Math.max(0, Math.min(rest, truth[k]! - counts[k]!));
      counts[k]! += more;
      rest -= more;
    }
  }
  counts[STALL] = Math.max(counts[STALL]!, truth[STALL]!);
}

function countsOf({ byClass, byCause, stallNs }: ProcessRow): Float64Array {
  const counts = new Float64Array(WIDTH);
  counts.set(byClass);
  counts.set(byCause, CLASS_COUNT);
  counts[STALL] = stallNs;
  return counts;
}

/** The counters of a series by their names. */
export function classCount({ counts }: FaultSeries, faultClass: number): number {
  return counts[faultClass]!;
}
export function causeCount({ counts }: FaultSeries, cause: number): number {
  return counts[CLASS_COUNT + cause]!;
}
export function stallSeconds({ counts }: FaultSeries): number {
  return counts[STALL]! / 1e9;
}
