import { BusiestRows } from './busiest-rows';
import type { RowTable } from './row-table';
import { BUCKETS, bucketLow } from './histogram';
import { HEAT_BINS } from './heat';
import type { HeatReading, HeatTable } from './heat';
import type { StatTable } from './stat-table';
import type { Totals } from './totals';
import { CLASS_COUNT } from '../classify/classes';

/** Ticks of which a picture over time is kept. */
export const GRID_TICKS = 240;
/** Rows whose places over time are kept without anybody having asked. */
export const BUSIEST = 20;
/** A row that was asked for is kept for so many ticks after. */
const ASKED_TICKS = 30;
/** Rows of latency: row p counts 2^p to 2^(p+1) ns, row 0 also 0 ns. */
export const LATENCY_ROWS = 41;
/** By bucket of a histogram. */
const ROW_OF = Uint8Array.from({ length: BUCKETS }, (_, bucket) =>
  Math.min(LATENCY_ROWS - 1, Math.floor(Math.log2(Math.max(1, bucketLow(bucket))))),
);

/** Counts by row and tick. */
export interface TimeGrid {
  /** ns since the session's start at which each column ended, oldest first. */
  readonly times: readonly number[];
  readonly columns: readonly ArrayLike<number>[];
  /** Columns there have been, more than are kept: the newest has the number before. */
  readonly count: number;
}

/** One picture: columns of counts. */
class Grid {
  private readonly times: number[] = [];
  private columns: Uint32Array[] = [];
  private count = 0;

  push(now: number, column: Uint32Array): void {
    this.times.push(now);
    this.columns.push(column);
    this.count++;
    if (this.times.length <= GRID_TICKS) return;
    this.times.shift();
    this.columns.shift();
  }

  /** Every column changed to another one. */
  change(each: (column: Uint32Array) => Uint32Array): void {
    this.columns = this.columns.map(each);
  }

  read(): TimeGrid {
    return { times: [...this.times], columns: [...this.columns], count: this.count };
  }
}

/** Where a region's faults fell, tick by tick. */
interface Track {
  readonly slot: number;
  readonly grid: Grid;
  /** ns since the session's start at which it began. */
  readonly since: number;
  /** The bins at the last tick. */
  last: HeatReading;
  /** The tick in which it was last asked for; -Infinity for never. */
  asked: number;
}

/** What is kept of a region's places over time. */
export interface PlacesOverTime extends TimeGrid {
  /** Row i of each column is of pages start + i * width to start + (i + 1) * width (exclusive). */
  readonly start: number;
  readonly width: number;
  /** When it began: 0, or where it was not among the busiest before. ns since the session's start. */
  readonly since: number;
}

/**
 * What the counters were from tick to tick: where in the busiest regions faults fell, and how long all of them
 * took. Made of differences of counters that are there anyway: a fault costs nothing more.
 */
export class OverTime {
  private readonly tracks = new Map<number, Track>();
  private latencies = new Grid();
  private counted = new Float64Array(CLASS_COUNT * LATENCY_ROWS);
  private ticks = 0;
  private tickedAt = 0;
  private readonly busiest: BusiestRows;

  constructor(
    private readonly rows: RowTable<object>,
    private readonly heat: HeatTable,
    private readonly total: Totals,
  ) {
    this.busiest = new BusiestRows(rows.stats, BUSIEST);
  }

  private get stats(): StatTable {
    return this.rows.stats;
  }

  tick(now: number): void {
    this.ticks++;
    this.latencies.push(now, this.latencyColumn());
    this.choose();
    for (const [id, track] of this.tracks) {
      if (this.stats.id(track.slot) === id) this.follow(track, now);
      else this.tracks.delete(id);
    }
    this.tickedAt = now;
  }

  zero(): void {
    this.tracks.clear();
    this.latencies = new Grid();
    this.counted.fill(0);
  }

  private latencyColumn(): Uint32Array {
    const now = new Float64Array(CLASS_COUNT * LATENCY_ROWS);
    this.total.latency.forEach(({ counts, count }, cls) => {
      if (count === 0) return;
      for (let b = 0; b < BUCKETS; b++) now[cls * LATENCY_ROWS + ROW_OF[b]!]! += counts[b]!;
    });
    const column = increase(now, this.counted);
    this.counted = now;
    return column;
  }

  /** Counts by latency of each class: row LATENCY_ROWS * class + power. */
  latency(): TimeGrid {
    return this.latencies.read();
  }

  /** Begins with the busiest rows, ends with those that are no longer, unless somebody looks at them. */
  private choose(): void {
    const { stats, tracks } = this;
    const busiest = new Set(this.busiest.slots().map((slot) => stats.id(slot)));
    for (const [id, { asked }] of tracks) {
      if (!busiest.has(id) && this.ticks - asked > ASKED_TICKS) tracks.delete(id);
    }
    // In the first tick nothing was missed: what was counted before it belongs to it.
    for (const id of busiest) this.begin(id, this.ticks === 1);
  }

  private begin(id: number, fromStart: boolean): Track | null {
    const known = this.tracks.get(id);
    if (known !== undefined) return known;
    const slot = this.stats.slotOf(id);
    const now = slot < 0 ? null : this.heat.read(slot);
    if (now === null) return null;
    // A row that has just come has been seen all the time.
    const whole = fromStart || isNew(this.stats, slot);
    const last = whole ? { ...now, bins: new Array<number>(HEAT_BINS).fill(0) } : now;
    const since = whole ? 0 : this.tickedAt;
    const track = { slot, grid: new Grid(), since, last, asked: -Infinity };
    this.tracks.set(id, track);
    return track;
  }

  private follow(track: Track, now: number): void {
    const bins = this.heat.read(track.slot);
    if (bins === null) return;
    const { last, grid } = track;
    const moved = last.start !== bins.start || last.width !== bins.width;
    const before = moved ? rebinned(last, last.bins, bins) : last.bins;
    if (moved) grid.change((column) => Uint32Array.from(rebinned(last, column, bins)));
    grid.push(now, increase(bins.bins, before));
    track.last = bins;
  }

  /** The places of a row over time; from now on where nobody had looked. null without a place. */
  places(id: number): PlacesOverTime | null {
    const track = this.begin(id, false);
    if (track === null) return null;
    track.asked = this.ticks;
    const { start, width } = track.last;
    return { ...track.grid.read(), start, width, since: track.since };
  }
}

/** By how much each count is above what it was, as a column. */
function increase(now: ArrayLike<number>, before: ArrayLike<number>): Uint32Array {
  // Uint32Array.from() with a function goes through an iterator: ten times the price, for each track and tick.
  const column = new Uint32Array(now.length);
  for (let k = 0; k < column.length; k++) column[k] = Math.max(0, now[k]! - before[k]!);
  return column;
}

/** All its faults are of the last tick. */
function isNew(stats: StatTable, slot: number): boolean {
  const history = stats.history(slot);
  return (history.at(-1) ?? 0) === stats.faults(slot);
}

/** Counts in the bins of a wider or moved range: several old bins become one. */
function rebinned(
  from: { readonly start: number; readonly width: number },
  counts: ArrayLike<number>,
  to: { readonly start: number; readonly width: number },
): number[] {
  const bins = new Array<number>(HEAT_BINS).fill(0);
  for (let k = 0; k < HEAT_BINS; k++) {
    const bin = Math.floor((from.start + k * from.width - to.start) / to.width);
    if (bin >= 0 && bin < HEAT_BINS) bins[bin]! += counts[k]!;
  }
  return bins;
}
