import { CAUSE_COUNT, CLASS_COUNT } from '../../core/classify/classes';
import type { ProcessRow } from '../../core/snapshot/snapshot';
import { printable } from '../../core/text/printable';
import { OTHERS } from '../../core/stats/limits';

/** Series that are told apart: a collector keeps each of them for weeks. */
export const MAX_SERIES = 256;

/** Counters that never fall: by class, by cause, and at the end the stall, ns. */
const WIDTH = CLASS_COUNT + CAUSE_COUNT + 1;
const STALL = WIDTH - 1;

/** Names are printable: those that differ in what is not are one series, which a collector must not see twice. */
export interface FaultSeries {
  readonly command: string;
  readonly cgroup: string;
  readonly counts: Float64Array;
  /** What is in `counts` and has gone to another series since. */
  readonly owed: Float64Array;
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
    const gains = new Map<FaultSeries, Float64Array>();
    const gain = (series: FaultSeries, counts: Float64Array, sign: number): void => {
      const sum = gains.get(series) ?? new Float64Array(WIDTH);
      for (let k = 0; k < WIDTH; k++) sum[k]! += sign * counts[k]!;
      gains.set(series, sum);
    };
    for (const row of rows) {
      const known = before.get(row.id);
      if (known === undefined && !last && this.holds(row)) continue;
      const series = this.seriesOf(row);
      const counts = countsOf(row);
      now.set(row.id, { series, counts });
      gain(series, counts, 1);
      if (known !== undefined) gain(series, known.counts, -1);
    }
    // Their counts are in rows that several share.
    for (const [id, { series, counts }] of before) if (!now.has(id)) gain(series, counts, -1);
    this.enter(gains);
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
  private enter(gains: ReadonlyMap<FaultSeries, Float64Array>): void {
    const shared = gains.get(this.beyond) ?? new Float64Array(WIDTH);
    for (const [series, sum] of gains) {
      if (series === this.beyond) continue;
      for (let k = 0; k < WIDTH; k++) {
        add(series, k, sum[k]!);
        const taken = Math.min(series.owed[k]!, Math.max(0, shared[k]!));
        series.owed[k]! -= taken;
        shared[k]! -= taken;
      }
    }
    for (let k = 0; k < WIDTH; k++) add(this.beyond, k, shared[k]!);
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
  return { command, cgroup, counts: new Float64Array(WIDTH), owed: new Float64Array(WIDTH) };
}

/** Adds a gain, or what is owed from now on where it is below 0. */
function add({ counts, owed }: FaultSeries, k: number, gain: number): void {
  const more = gain - owed[k]!;
  if (more > 0) counts[k]! += more;
  owed[k] = Math.max(0, -more);
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
