import { BUCKETS, quantiles } from '../stats/histogram';
import { SEGMENTS, STAT_BLOCK_WORDS } from '../stats/row-histograms';
import { HISTORY_TICKS } from '../stats/history';
import { CAUSE_COUNT, CLASS_COUNT } from '../classify/classes';
import type { SharedRow, StatRow } from './snapshot';

const QUANTILES = [0.5, 0.9, 0.99] as const;

/** A row of a table that may be grouped. */
export type GroupableRow = StatRow & SharedRow;

/** Rows that are one thing to a reader: their sums, and their percentiles from merged histograms. */
export abstract class RowGroup<Row extends GroupableRow> implements StatRow, SharedRow {
  /** Below 0, so that it is no row's. */
  id = 0;
  rows: readonly Row[] = [];
  /** By these tables are sorted; what else is summed up is seen of few groups, and is summed up when it is. */
  stallNs = 0;
  stalled = 0;
  revision = 0;
  private readonly summed = {
    byClass: new Array<number>(CLASS_COUNT).fill(0),
    faults: 0,
    uniquePages: 0,
    undecided: 0,
    refaults: 0,
    maxNs: 0,
    rate: 0,
    lastTime: 0,
    members: 0,
    sumsUp: '',
  };
  /** It is of these rows as they are. */
  private isSummed = false;
  private measured: readonly number[] | null = null;
  private keptHistory: readonly number[] = [];
  /** That of the first row of which it was made: rows have another one in every picture. */
  private historyOf: readonly number[] | null = null;
  private keptClassRate: readonly number[] | null = null;
  private causes: { readonly byCause: number[]; readonly causeNs: number[] } | null = null;

  /** Sums up rows, of which there are some. */
  fill(id: number, rows: readonly Row[]): void {
    this.id = id;
    this.rows = rows;
    this.describe(rows);
    this.recount();
  }

  /** Something else has been counted of its rows. */
  recount(): void {
    const { rows } = this;
    this.historyOf = null;
    this.revision++;
    this.stallNs = this.stalled = 0;
    for (const row of rows) {
      this.stallNs += row.stallNs;
      this.stalled += row.stalled;
    }
    this.isSummed = false;
    this.keptClassRate = null;
    this.causes = null;
    this.measured = null;
  }

  get identity(): number {
    return this.revision;
  }

  /** What the rows have in common beside their counters. */
  protected abstract describe(rows: readonly Row[]): void;

  private get sums(): RowGroup<Row>['summed'] {
    if (!this.isSummed) this.sum();
    this.isSummed = true;
    return this.summed;
  }

  private sum(): void {
    const { summed, rows } = this;
    const { byClass } = summed;
    byClass.fill(0);
    summed.undecided = summed.faults = summed.uniquePages = summed.refaults = 0;
    summed.maxNs = summed.rate = summed.lastTime = summed.members = 0;
    summed.sumsUp = '';
    for (const row of rows) {
      for (let c = 0; c < CLASS_COUNT; c++) byClass[c]! += row.byClass[c]!;
      summed.faults += row.faults;
      summed.uniquePages += row.uniquePages;
      summed.undecided += row.undecided;
      summed.refaults += row.refaults;
      summed.rate += row.rate;
      summed.members += row.members;
      summed.maxNs = Math.max(summed.maxNs, row.maxNs);
      summed.lastTime = Math.max(summed.lastTime, row.lastTime);
      if (row.sumsUp !== '') summed.sumsUp = row.sumsUp;
    }
  }

  get byClass(): readonly number[] {
    return this.sums.byClass;
  }

  get faults(): number {
    return this.sums.faults;
  }

  get uniquePages(): number {
    return this.sums.uniquePages;
  }

  get undecided(): number {
    return this.sums.undecided;
  }

  get refaults(): number {
    return this.sums.refaults;
  }

  get maxNs(): number {
    return this.sums.maxNs;
  }

  get rate(): number {
    return this.sums.rate;
  }

  get lastTime(): number {
    return this.sums.lastTime;
  }

  get members(): number {
    return this.sums.members;
  }

  get sumsUp(): string {
    return this.sums.sumsUp;
  }

  /** It changes with the time, also of rows that rest. */
  get stallShare(): number {
    let sum = 0;
    for (const row of this.rows) sum += row.stallShare;
    return sum;
  }

  get byCause(): readonly number[] {
    return this.ofCauses.byCause;
  }

  get causeNs(): readonly number[] {
    return this.ofCauses.causeNs;
  }

  private get ofCauses(): { readonly byCause: number[]; readonly causeNs: number[] } {
    return (this.causes ??= {
      byCause: addedUp(this.rows, CAUSE_COUNT, ({ byCause }) => byCause),
      causeNs: addedUp(this.rows, CAUSE_COUNT, ({ causeNs }) => causeNs),
    });
  }

  get p50Ns(): number {
    return this.percentiles[0]!;
  }

  get p90Ns(): number {
    return this.percentiles[1]!;
  }

  get p99Ns(): number {
    return this.percentiles[2]!;
  }

  /** Merged when they are first asked for: few groups are seen, and fewer are sorted by them. */
  private get percentiles(): readonly number[] {
    return (this.measured ??= mergedPercentiles((counts) => this.addLatencies(counts), this.maxNs));
  }

  addLatencies(counts: Float64Array): number {
    let timed = 0;
    for (const row of this.rows) timed += row.addLatencies(counts);
    return timed;
  }

  /** Like the history, of the groups that are seen alone. */
  get classRate(): readonly number[] {
    return (this.keptClassRate ??= addedUp(this.rows, CLASS_COUNT, ({ classRate }) => classRate));
  }

  get history(): readonly number[] {
    const { history } = this.rows[0]!;
    if (this.historyOf !== history) {
      this.historyOf = history;
      this.keptHistory = this.summedHistory();
    }
    return this.keptHistory;
  }

  private summedHistory(): readonly number[] {
    const sums = new Array<number>(HISTORY_TICKS).fill(0);
    const length = this.addHistory(sums);
    return sums.slice(HISTORY_TICKS - length);
  }

  addHistory(sums: number[]): number {
    let length = 0;
    for (const row of this.rows) length = Math.max(length, row.addHistory(sums));
    return length;
  }
}

/** The rows that a row stands for: itself where it is no group. */
export function membersOf<Row extends GroupableRow>(row: Row): readonly Row[] {
  return row instanceof RowGroup ? (row.rows as readonly Row[]) : [row];
}

/** p50, p90 and p99 of the latencies that are added, ns, none above `max`; NaN where there are none. */
export function mergedPercentiles(
  addLatencies: (counts: Float64Array) => number,
  max: number,
): readonly number[] {
  const counts = new Float64Array(SEGMENTS * STAT_BLOCK_WORDS);
  const timed = addLatencies(counts);
  return quantiles(counts, 0, BUCKETS, timed, max, QUANTILES);
}

/** Sums of lists of one length, number by number. */
function addedUp<Row>(
  rows: readonly Row[],
  length: number,
  listOf: (row: Row) => readonly number[],
): number[] {
  const sums = new Array<number>(length).fill(0);
  // One list after the other: a group may have ten thousand rows, and those of all at once outlive a collection.
  for (const row of rows) {
    const list = listOf(row);
    for (let k = 0; k < length; k++) sums[k]! += list[k]!;
  }
  return sums;
}
