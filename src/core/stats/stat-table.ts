import type { Batch } from '../wire/batch';
import { CLASS_COUNT } from '../classify/classes';
import { Cell, faultsAt, foldCells, restCells, shiftTicked, STRIDE, tickCells } from './cells';
import type { Ticked } from './cells';
import type { FaultColumns } from '../wire/fault-columns';
import { grownF64, grownU32 } from './grow';
import type { More } from './more';
import type { Resolved } from '../wire/resolved';
import { RowActivity } from './row-activity';
import {
  RowHistograms,
  SEGMENTS,
  STAT_BLOCK_LOG2,
  STAT_BLOCK_WORDS,
  U32_MAX,
} from './row-histograms';
import type { SlabPool } from './slab-pool';

/** No row that is in use has this revision. */
const NOT_RESTED = 0;

const PERCENTILES = [0.5, 0.9, 0.99] as const;

/**
 * Counters of many rows as columns: one class for regions, threads and processes. Rows are
 * numbered slots; freed slots are reused, ids are not. Histograms and histories exist only where
 * something was counted, so that ten thousand quiet rows cost little.
 */
export class StatTable {
  private cells: Float64Array;
  private ids: Float64Array;
  /** See revision(). */
  private revisions: Uint32Array;
  /** See description(). */
  private descriptions: Uint32Array;
  /** The revision at which a tick found that the row rests: with the same one, another tick finds nothing else. */
  private rested: Uint32Array;
  /** Of the row that is ticked. */
  private readonly ticked: Ticked = { faults: 0, differs: false, rests: false };
  private readonly histograms: RowHistograms;
  private readonly activity: RowActivity;
  private readonly freeRows: number[] = [];
  private capacity: number;
  private top = 0;
  private nextId = 1;

  constructor(
    private readonly pool: SlabPool,
    capacity = 64,
  ) {
    this.capacity = capacity;
    this.cells = new Float64Array(capacity * STRIDE);
    this.ids = new Float64Array(capacity);
    this.revisions = new Uint32Array(capacity);
    this.descriptions = new Uint32Array(capacity);
    this.rested = new Uint32Array(capacity);
    this.histograms = new RowHistograms(pool, capacity);
    this.activity = new RowActivity(pool, capacity);
  }

  /** Some percentiles rest on part of the faults. */
  get incomplete(): boolean {
    return this.histograms.incomplete;
  }

  /** Rows in use. */
  get size(): number {
    return this.top - this.freeRows.length;
  }

  /** All slots in use lie below; some below may be free (id 0). */
  get limit(): number {
    return this.top;
  }

  alloc(): number {
    let row = this.freeRows.pop();
    if (row === undefined) {
      if (this.top === this.capacity) this.grow();
      row = this.top++;
    }
    this.ids[row] = this.nextId++;
    this.revise(row);
    return row;
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    this.cells = grownF64(this.cells, capacity * STRIDE);
    this.ids = grownF64(this.ids, capacity);
    this.revisions = grownU32(this.revisions, capacity);
    this.descriptions = grownU32(this.descriptions, capacity);
    this.rested = grownU32(this.rested, capacity);
    this.histograms.grow(capacity);
    this.activity.grow(capacity);
    this.capacity = capacity;
  }

  release(row: number, held = false): void {
    this.activity.rest(row);
    this.clearRow(row);
    this.ids[row] = 0;
    if (!held) this.freeRows.push(row);
  }

  /** Another row may get the slot of one that was released as `held`. */
  giveBack(row: number): void {
    this.freeRows.push(row);
  }

  /** 0 for a free slot. */
  id(row: number): number {
    return this.ids[row]!;
  }

  /** The row with an id, looked for among all; -1 where it is gone. */
  slotOf(id: number): number {
    return id > 0 ? this.ids.subarray(0, this.top).indexOf(id) : -1;
  }

  /** Counts the kept faults of a batch, each in the row that `rows` names. */
  add(
    rows: Uint32Array,
    batch: Batch,
    resolved: Resolved,
    columns: Pick<FaultColumns, 'fresh' | 'bucket' | 'mapping'>,
  ): void {
    // In locals: the fields could change under a call, the arrays themselves do not within a batch.
    const { cells, revisions } = this;
    const { byCause, causeNs } = Cell;
    const { segments } = this.histograms;
    const { counters } = this.pool;
    const { latency, time } = batch;
    const { faultClass, cause, keep } = resolved;
    const { fresh, bucket, mapping } = columns;
    const { faults } = batch;
    for (let i = 0; i < faults;) {
      // Faults come in runs of one row: what is summed stays in registers until the run ends.
      const row = rows[i]!;
      const at = row * STRIDE;
      let last = -1;
      let unique = 0;
      let open = 0;
      let timed = 0;
      let stall = 0;
      let max = cells[at + Cell.maxNs]!;
      for (; i < faults && rows[i] === row; i++) {
        if (keep[i] === 0) continue;
        last = i;
        cells[at + faultClass[i]!]!++;
        cells[at + byCause + cause[i]!]!++;
        unique += fresh[i]!;
        open += mapping[i]! >>> 1;
        const ns = latency[i]!;
        if (ns < 0) continue;
        timed++;
        stall += ns;
        cells[at + causeNs + cause[i]!]! += ns;
        if (ns > max) max = ns;
        const b = bucket[i]!;
        const histogram = (row * CLASS_COUNT + faultClass[i]!) * SEGMENTS;
        const block = segments[histogram + (b >>> STAT_BLOCK_LOG2)]!;
        if (block < 0) {
          this.histograms.count(row, faultClass[i]!, b, 1);
          continue;
        }
        const word = block * STAT_BLOCK_WORDS + (b & (STAT_BLOCK_WORDS - 1));
        // A counter that wraps would turn the most frequent latency into the rarest.
        if (counters[word]! < U32_MAX) counters[word]!++;
      }
      if (last < 0) continue;
      cells[at + Cell.uniquePages]! += unique;
      cells[at + Cell.undecided]! += open;
      cells[at + Cell.timed]! += timed;
      cells[at + Cell.stallNs]! += stall;
      cells[at + Cell.maxNs] = max;
      cells[at + Cell.lastTime] = Math.max(cells[at + Cell.lastTime]!, time[last]!);
      revisions[row]!++;
      this.activity.touch(row);
    }
  }

  /**
   * Takes the faults of a batch out of rows that add() has entered them in under the same columns, and out of what
   * these had at the last tick: past() is for where they go. The longest and the last stay.
   */
  remove(
    rows: Uint32Array,
    batch: Batch,
    { faultClass, cause }: Resolved,
    { fresh, bucket, mapping }: Pick<FaultColumns, 'fresh' | 'bucket' | 'mapping'>,
  ): void {
    const { cells } = this;
    for (let i = 0; i < batch.faults; i++) {
      const at = rows[i]! * STRIDE;
      this.revisions[rows[i]!]!++;
      cells[at + faultClass[i]!]!--;
      cells[at + Cell.byCause + cause[i]!]!--;
      cells[at + Cell.uniquePages]! -= fresh[i]!;
      cells[at + Cell.undecided]! -= mapping[i]! >>> 1;
      const ns = batch.latency[i]!;
      shiftTicked(cells, at, faultClass[i]!, ns, -1);
      if (ns < 0) continue;
      cells[at + Cell.timed]!--;
      cells[at + Cell.stallNs]! -= ns;
      cells[at + Cell.causeNs + cause[i]!]! -= ns;
      this.histograms.count(rows[i]!, faultClass[i]!, bucket[i]!, -1);
    }
  }

  /** Faults that add() has entered are of ticks that are over. */
  past(rows: Uint32Array, { faults, latency }: Batch, { faultClass }: Resolved): void {
    for (let i = 0; i < faults; i++) {
      shiftTicked(this.cells, rows[i]! * STRIDE, faultClass[i]!, latency[i]!, 1);
      this.rested[rows[i]!] = NOT_RESTED;
    }
  }

  /** Adds faults of which nothing but their class is known; takes from them where `n` is negative. */
  count(row: number, faultClass: number, n: number, time: number): void {
    const at = row * STRIDE;
    this.cells[at + faultClass]! += n;
    this.cells[at + Cell.uniquePages] = NaN;
    this.cells[at + Cell.lastTime] = Math.max(this.cells[at + Cell.lastTime]!, time);
    this.revisions[row]!++;
    this.activity.touch(row);
  }

  /**
   * Of faults of a sample that have been entered: how many more of their class (`as`) and of their kind (their weight) each
   * stands for. With `sign` -1 these are taken out again. `past`: they are of ticks that are over.
   */
  more(
    rows: Uint32Array,
    as: Uint32Array,
    { faults, latency, weight }: Batch,
    { faultClass, cause, keep }: Resolved,
    { bucket, mapping }: Pick<FaultColumns, 'bucket' | 'mapping'>,
    { sign, past }: More,
  ): void {
    const { cells } = this;
    for (let i = 0; i < faults; i++) {
      const n = (as[i]! - 1) * sign;
      const w = (weight[i]! - 1) * sign;
      if (keep[i] === 0 || (n === 0 && w === 0)) continue;
      const at = rows[i]! * STRIDE;
      const c = faultClass[i]!;
      const ns = Math.max(0, latency[i]!) * w;
      this.revisions[rows[i]!]!++;
      cells[at + c]! += n;
      cells[at + Cell.byCause + cause[i]!]! += w;
      cells[at + Cell.undecided]! += (mapping[i]! >>> 1) * n;
      // Which pages the others hit is not known.
      cells[at + Cell.uniquePages] = NaN;
      if (past) {
        cells[at + Cell.tickedByClass + c]! += n;
        cells[at + Cell.tickedStallNs]! += ns;
      }
      if (latency[i]! < 0) continue;
      cells[at + Cell.timed]! += w;
      cells[at + Cell.stallNs]! += ns;
      cells[at + Cell.causeNs + cause[i]!]! += ns;
      this.histograms.count(rows[i]!, c, bucket[i]!, w);
    }
  }

  /** Adds to the time stalled of a row, or takes from it, beside the latencies of its faults. */
  stall(row: number, ns: number, time: number): void {
    const at = row * STRIDE;
    this.cells[at + Cell.stallNs]! += ns;
    this.cells[at + Cell.lastTime] = Math.max(this.cells[at + Cell.lastTime]!, time);
    this.revisions[row]!++;
    this.activity.touch(row);
  }

  /** See Counters.late. */
  late(row: number, ns: number): void {
    this.cells[row * STRIDE + Cell.tickedStallNs]! += ns;
    this.rested[row] = NOT_RESTED;
  }

  /** Samples rates and histories; see Counters.tick. */
  tick(elapsed: number, accounted: number): void {
    const { cells, revisions, rested, ticked } = this;
    this.activity.tick(
      (row) => {
        if (rested[row] === revisions[row]) return 0;
        tickCells(cells, row * STRIDE, elapsed, accounted, ticked);
        if (ticked.differs) revisions[row]!++;
        rested[row] = ticked.rests ? revisions[row]! : NOT_RESTED;
        return ticked.faults;
      },
      (row) => {
        restCells(cells, row * STRIDE);
        revisions[row]!++;
      },
    );
  }

  /** Adds a row to another, which has the sum afterwards; the first is to be released. */
  fold(from: number, into: number): void {
    foldCells(this.cells, from * STRIDE, into * STRIDE);
    this.histograms.fold(from, into);
    this.revisions[into]!++;
    if (this.activity.isActive(from) && !this.activity.isActive(into)) this.activity.wake(into);
  }

  /** All counters and histories to zero; rows and ids stay. */
  zero(): void {
    for (let row = 0; row < this.top; row++) {
      this.activity.rest(row);
      this.clearRow(row);
    }
  }

  private clearRow(row: number): void {
    this.cells.fill(0, row * STRIDE, (row + 1) * STRIDE);
    this.revisions[row]!++;
    this.histograms.clear(row);
  }

  /** What is shown of a row beside its counters has changed. */
  revise(row: number): void {
    this.revisions[row]!++;
    this.descriptions[row]!++;
  }

  /** Another number whenever that is so. */
  description(row: number): number {
    return this.descriptions[row]!;
  }

  /** Another number whenever something else may be read of the row in this slot; its history apart. */
  revision(row: number): number {
    return this.revisions[row]!;
  }

  faults(row: number): number {
    return faultsAt(this.cells, row * STRIDE);
  }

  /** The number at `cell` (one of Cell, or that and an index where it has several) of a row. */
  get(row: number, cell: number): number {
    return this.cells[row * STRIDE + cell]!;
  }

  /** Copies the cells of a row to its place in others. */
  copy(row: number, into: Float64Array): void {
    const { cells } = this;
    const end = (row + 1) * STRIDE;
    for (let k = row * STRIDE; k < end; k++) into[k] = cells[k]!;
  }

  /** A row with something in it: a fault, or a thread that waits in its first. */
  inUse(row: number): boolean {
    return this.faults(row) > 0 || this.get(row, Cell.stallNs) > 0;
  }

  /** Faults per tick, oldest first; empty for a row that rests. */
  history(row: number): number[] {
    return this.activity.history(row);
  }

  /** Adds the history to sums that end with the last tick; returns how many ticks it has. */
  addHistory(row: number, sums: number[]): number {
    return this.activity.addHistory(row, sums);
  }

  /** Adds the latencies of one class of a row to `counts`, by bucket; returns how many they are. */
  addLatencies(counts: Float64Array, row: number, faultClass: number): number {
    return this.histograms.addTo(counts, row, faultClass);
  }

  p50Ns(row: number): number {
    return this.percentile(row, Cell.p50Ns);
  }

  p90Ns(row: number): number {
    return this.percentile(row, Cell.p90Ns);
  }

  p99Ns(row: number): number {
    return this.percentile(row, Cell.p99Ns);
  }

  /** ns; NaN without a measured fault. */
  private percentile(row: number, cell: number): number {
    const at = row * STRIDE;
    const timed = this.cells[at + Cell.timed]!;
    if (timed === 0) return NaN;
    if (this.cells[at + Cell.percentilesTimed] !== timed) {
      const found = this.histograms.quantiles(row, this.get(row, Cell.maxNs), PERCENTILES);
      this.cells.set(found, at + Cell.p50Ns);
      this.cells[at + Cell.percentilesTimed] = timed;
    }
    return this.cells[at + cell]!;
  }
}
