import { BUCKETS, quantiles } from '../stats/histogram';
import { SEGMENTS, STAT_BLOCK_WORDS } from '../stats/row-histograms';
import { CLASS_COUNT } from '../classify/classes';
import { RowChanges, type Change } from './row-changes';
import type { SharedRow, StatRow } from './snapshot';

const QUANTILES = [0.5, 0.9, 0.99] as const;

/** A row of a table that may be grouped. */
export type GroupableRow = StatRow & SharedRow;

/** How the rows of one table are grouped. */
export interface GroupRules<
  Row extends GroupableRow,
  Group extends Row & RowGroup<Row>,
  Traits = unknown,
> {
  /** What the key is made of: it is made anew only where `has` does not hold of them any more. */
  readonly traits: (row: Row) => Traits;
  readonly has: (row: Row, traits: Traits) => boolean;
  /** Rows of one key are one group. */
  readonly key: (row: Row) => string;
  readonly make: () => Group;
}

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

  /** Sums up rows, of which there are some. Where `rests`, they are those of before, and none has changed. */
  fill(id: number, rows: readonly Row[], rests: boolean): void {
    // Most groups rest: nothing of them is done again.
    if (rests) return;
    this.historyOf = null;
    this.id = id;
    this.rows = rows;
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
    this.describe(rows);
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
      byCause: addedUp(this.rows.map((row) => row.byCause)),
      causeNs: addedUp(this.rows.map((row) => row.causeNs)),
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
    return (this.keptClassRate ??= addedUp(this.rows.map((row) => row.classRate)));
  }

  get history(): readonly number[] {
    const { history } = this.rows[0]!;
    if (this.historyOf !== history) {
      this.historyOf = history;
      this.keptHistory = addedUp(this.rows.map((row) => row.history));
    }
    return this.keptHistory;
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

/** Sums of lists, number by number from their ends: histories end at the same tick, the shorter began later. */
function addedUp(lists: readonly (readonly number[])[]): number[] {
  const length = lists.reduce((most, list) => Math.max(most, list.length), 0);
  const sums = new Array<number>(length).fill(0);
  for (const list of lists) {
    const from = length - list.length;
    for (let k = 0; k < list.length; k++) sums[from + k]! += list[k]!;
  }
  return sums;
}

/** What is kept of a group between two pictures. */
interface Kept<Row extends GroupableRow, Group> {
  readonly id: number;
  group: Group | null;
  /** The first `count` are those of the picture at hand. */
  readonly rows: Row[];
  count: number;
  /** Where it stands among the groups of that picture. */
  at: number;
  /** The picture in which it had rows. */
  seen: number;
  /** Of the rows together: it rises whenever one of them has changed. */
  revisions: number;
  /** The same when the group was filled; -1 where it is to be filled again in any case. */
  filled: number;
}

/** Where a row belonged when its traits were these. */
interface Placed<Row extends GroupableRow, Group, Traits> {
  readonly traits: Traits;
  readonly kept: Kept<Row, Group>;
  seen: number;
  /** As it was looked at last. */
  id: number;
  row: Row;
  revision: number;
}

const UNFILLED = { revisions: 0, filled: -1 };

/** What is remembered of rows and groups that are out of sight, before all of it is forgotten. */
const SPARE = 1024;

/**
 * Groups the rows of one picture after the other; a group keeps its id while it is there. What a picture costs
 * grows with its rows alone.
 */
export class Grouping<
  Row extends GroupableRow,
  Group extends Row & RowGroup<Row>,
  Traits = unknown,
> {
  private readonly byKey = new Map<string, Kept<Row, Group>>();
  private readonly placed = new Map<number, Placed<Row, Group, Traits>>();
  /** Of the rows of the last picture, in their order: most stand where they stood, and rest. */
  private readonly lastPlaces: Placed<Row, Group, Traits>[] = [];
  private readonly changes = new RowChanges();
  /** What was made of them. */
  private made: { readonly all: boolean; readonly groups: readonly (Row | Group)[] } | null = null;
  /** What is known of the last groups beside those before. */
  change: Change = { of: this, version: 0, changed: null };
  private pictures = 0;
  private lastId = 0;

  constructor(private readonly rules: GroupRules<Row, Group, Traits>) {}

  /**
   * The groups of rows, in no order; a row that is alone of its kind stands for itself. The same list where the groups
   * are the same. `told`: see RowChanges.
   */
  group(rows: readonly Row[], told: Change | null = null): readonly (Row | Group)[] {
    return this.groups(rows, false, told);
  }

  /** The same where a row that is alone of its kind has a group too; another list every time. */
  groupAll(rows: readonly Row[]): Group[] {
    return [...(this.groups(rows, true, null) as readonly Group[])];
  }

  private groups(
    rows: readonly Row[],
    all: boolean,
    told: Change | null,
  ): readonly (Row | Group)[] {
    const rowsChanged = this.changes.since(rows, told);
    const version = this.change.version + 1;
    if (rowsChanged !== null && this.made?.all === all) {
      const changed = this.follow(rows, rowsChanged);
      if (changed !== null) {
        this.change = { of: this, version, changed };
        return this.made.groups;
      }
    }
    const groups = this.present(rows).map((kept, at) => {
      kept.at = at;
      return kept.count === 1 && !all ? kept.rows[0]! : this.filled(kept);
    });
    this.made = { all, groups };
    this.change = { of: this, version, changed: null };
    return groups;
  }

  /**
   * Rows are the same as before, but for these: their groups are filled again. Returns which they are, null where a row
   * belongs to another group.
   */
  private follow(rows: readonly Row[], changed: readonly number[]): number[] | null {
    const { lastPlaces, rules } = this;
    for (const at of changed) {
      const row = rows[at]!;
      const place = lastPlaces[at]!;
      if (place.id !== row.id || !rules.has(row, place.traits)) return null;
      place.kept.revisions += row.revision - place.revision;
      place.revision = row.revision;
    }
    const groups: number[] = [];
    for (const at of changed) {
      const { kept } = lastPlaces[at]!;
      // A row that stands for itself is its group.
      if (kept.filled === kept.revisions && this.isGroup(kept)) continue;
      groups.push(kept.at);
      if (this.isGroup(kept)) this.filled(kept);
    }
    return groups;
  }

  private isGroup({ count }: Kept<Row, Group>): boolean {
    return count > 1 || this.made?.all === true;
  }

  private filled(kept: Kept<Row, Group>): Group {
    kept.group ??= this.rules.make();
    kept.group.fill(kept.id, kept.rows, kept.filled === kept.revisions);
    kept.filled = kept.revisions;
    return kept.group;
  }

  private present(rows: readonly Row[]): Kept<Row, Group>[] {
    const seen = ++this.pictures;
    const present: Kept<Row, Group>[] = [];
    this.lastPlaces.length = Math.min(this.lastPlaces.length, rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const { kept } = this.place(row, i, seen);
      if (kept.seen !== seen) {
        kept.seen = seen;
        kept.count = 0;
        kept.revisions = 0;
        present.push(kept);
      }
      if (kept.rows[kept.count] !== row) {
        kept.rows[kept.count] = row;
        kept.filled = -1;
      }
      kept.count++;
      kept.revisions += row.revision;
    }
    this.forget(rows.length, present.length);
    for (const kept of present) {
      // Also where it is what it was before, writing a length takes long.
      if (kept.rows.length === kept.count) continue;
      kept.rows.length = kept.count;
      kept.filled = -1;
    }
    return present;
  }

  /** The id of the group that a row was put in, 0 for none. */
  groupOf(rowId: number): number {
    return this.placed.get(rowId)?.kept.id ?? 0;
  }

  private place(row: Row, at: number, seen: number): Placed<Row, Group, Traits> {
    const { rules, lastPlaces } = this;
    const { revision } = row;
    const last = lastPlaces[at];
    if (last?.row === row && last.revision === revision) {
      last.seen = seen;
      return last;
    }
    let place = this.placed.get(row.id);
    if (place === undefined || !rules.has(row, place.traits)) {
      const kept = this.keptOf(rules.key(row));
      place = { traits: rules.traits(row), kept, seen, id: row.id, row, revision };
      this.placed.set(row.id, place);
    }
    place.seen = seen;
    place.row = row;
    place.revision = revision;
    lastPlaces[at] = place;
    return place;
  }

  private keptOf(key: string): Kept<Row, Group> {
    let kept = this.byKey.get(key);
    if (kept === undefined) {
      kept = { id: --this.lastId, group: null, rows: [], count: 0, at: 0, seen: 0, ...UNFILLED };
      this.byKey.set(key, kept);
    }
    return kept;
  }

  private forget(rows: number, groups: number): void {
    const seen = this.pictures;
    if (this.placed.size > 2 * rows + SPARE) {
      for (const [id, place] of this.placed) if (place.seen !== seen) this.placed.delete(id);
    }
    if (this.byKey.size > 2 * groups + SPARE) {
      for (const [key, kept] of this.byKey) if (kept.seen !== seen) this.byKey.delete(key);
    }
  }
}
