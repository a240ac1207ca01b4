import type { Column } from '../../core/columns/column';
import { RowChanges, type Change } from '../../core/snapshot/row-changes';
import type { SharedRow, StatRow } from '../../core/snapshot/snapshot';

/**
 * Two rows change places only when their values differ by more than this share since they were last
 * compared: rates jitter, and a table whose rows jump cannot be read.
 */
const TIMED_TOLERANCE = 0.15;
const COUNT_TOLERANCE = 0.02;
/** Nor do they at every refresh: only a row whose value has grown to so many times what it was moves at once. */
const REST_NS = 3e9;
const LEAP = 2;

/** What is remembered of a row between refreshes. */
interface Place<Row> {
  readonly id: number;
  row: Row;
  /** By which it is sorted; where these are equal, by its time stalled in all. */
  key: number;
  stall: number;
  /** The true values at the last refresh. */
  last: number;
  lastStall: number;
  /** Where it stood at the last refresh, -1 for a new row. */
  rank: number;
  /** The refresh in which it was seen. */
  seen: number;
  /** Its value has moved, and with it its place among the others. */
  moves: boolean;
}

type OrderedRow = StatRow & Pick<SharedRow, 'revision'>;

/**
 * Keeps rows in order across refreshes without making them jump. Each row is sorted by a remembered
 * value. Every REST_NS that follows the true one, where this has moved by more than the tolerance, or has
 * stopped moving (so that a picture at rest is in exact order).
 */
export class RowOrder<Row extends OrderedRow> {
  private places = new Map<number, Place<Row>>();
  /** Of the rows as they were given last, in that order: most come where they came. */
  private given: Place<Row>[] = [];
  /** Of each of them: it is sorted by its true values, so that nothing moves until these do. */
  private settled: boolean[] = [];
  private changes = new RowChanges();
  private ordered: Place<Row>[] = [];
  /** The rows of `ordered`. */
  private rows: readonly Row[] = [];
  private refreshes = 0;
  private arrangedAt = -Infinity;
  private now = -Infinity;

  /** Forgets everything: the next order is exact (another column, another direction). */
  reset(): void {
    this.places.clear();
    this.given = [];
    this.ordered = [];
    this.changes = new RowChanges();
  }

  /**
   * The rows in order: descending for numbers and ascending for text, unless reversed. `told`: see RowChanges. `now`: of a
   * new picture, ns; null where it is the last one. Where nothing has moved it is the same list.
   */
  sort(
    rows: readonly Row[],
    told: Change | null,
    column: Column<Row>,
    reverse: boolean,
    now: number | null,
  ): readonly Row[] {
    const isText = column.align === 'left';
    const sorted = isText ? byText(rows, column) : this.byNumber(rows, told, column, now);
    return reverse ? sorted.toReversed() : sorted;
  }

  private byNumber(
    rows: readonly Row[],
    told: Change | null,
    column: Column<Row>,
    now: number | null,
  ): readonly Row[] {
    const free = this.isTimeToMove(now);
    const changed = this.changes.since(rows, told);
    const before = this.ordered;
    const follows = changed !== null && this.follow(rows, changed, column, free);
    if (!follows) this.arrange(rows, column, free);
    if (follows && this.ordered === before) return this.rows;
    this.rows = this.ordered.map((place, rank) => {
      place.rank = rank;
      place.moves = false;
      return place.row;
    });
    return this.rows;
  }

  /** Other rows, or some in other places. */
  private arrange(rows: readonly Row[], column: Column<Row>, free: boolean): void {
    this.refreshes++;
    // In the order of the last refresh: sorting what is nearly sorted takes linear time.
    const known = new Array<Place<Row> | undefined>(this.places.size);
    const fresh: Place<Row>[] = [];
    this.given.length = this.settled.length = Math.min(this.given.length, rows.length);
    for (let at = 0; at < rows.length; at++) {
      const place = this.update(rows[at]!, at, column, free);
      if (place.rank < 0) fresh.push(place);
      else known[place.rank] = place;
    }
    const places = known.filter((place) => place !== undefined);
    places.push(...fresh);
    this.ordered = places.sort(compare);
    this.forgetUnseen(places.length);
  }

  /** The same rows in the same places: those of them that move are put where they belong. False where one is another row now. */
  private follow(
    rows: readonly Row[],
    changed: readonly number[],
    column: Column<Row>,
    free: boolean,
  ): boolean {
    if (column.counted !== true) return false;
    for (const at of changed) {
      if (this.given[at]!.id !== rows[at]!.id) return false;
      this.settled[at] = false;
    }
    const { settled } = this;
    const moved: Place<Row>[] = [];
    for (let at = 0; at < rows.length; at++) {
      if (settled[at] === true) continue;
      const place = this.update(rows[at]!, at, column, free);
      if (place.moves) moved.push(place);
    }
    if (moved.length > 0) this.ordered = putAmong(this.ordered, moved.sort(compare));
    return true;
  }

  private isTimeToMove(now: number | null): boolean {
    if (now === null) return false;
    // Time goes back with a picture that was frozen, and stands still when capture has ended.
    const free = now >= this.arrangedAt + REST_NS || now <= this.now;
    if (free) this.arrangedAt = now;
    this.now = now;
    return free;
  }

  private update(row: Row, at: number, column: Column<Row>, free: boolean): Place<Row> {
    const value = seenValue(row, column);
    const last = this.given[at];
    const place = last?.id === row.id ? last : this.places.get(row.id);
    const seen = this.refreshes;
    this.settled[at] = false;
    if (place === undefined) {
      const fresh = begin(row, value, seen);
      this.places.set(row.id, fresh);
      this.given[at] = fresh;
      return fresh;
    }
    this.given[at] = place;
    const { key, stall } = place;
    const { stallNs } = row;
    const tolerance = column.timed ? TIMED_TOLERANCE : COUNT_TOLERANCE;
    if (free) {
      if (value === place.last || differs(value, key, tolerance)) place.key = value;
      if (stallNs === place.lastStall || differs(stallNs, stall, TIMED_TOLERANCE)) {
        place.stall = stallNs;
      }
    } else if (value > 0 && value >= LEAP * Math.max(0, key)) place.key = value;
    place.moves = place.key !== key || place.stall !== stall;
    place.last = value;
    place.lastStall = stallNs;
    place.row = row;
    place.seen = seen;
    this.settled[at] = place.key === value && place.stall === stallNs;
    return place;
  }

  /** Rows that a filter hides or that are gone lose their place; ranks stay below the number of places. */
  private forgetUnseen(count: number): void {
    if (this.places.size === count) return;
    for (const [id, place] of this.places)
      if (place.seen !== this.refreshes) this.places.delete(id);
  }
}

function byText<Row extends OrderedRow>(rows: readonly Row[], column: Column<Row>): Row[] {
  const keyed = rows.map((row) => ({ row, key: String(column.value(row) ?? '') }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.row.id - b.row.id));
  return keyed.map(({ row }) => row);
}

function compare<Row>(a: Place<Row>, b: Place<Row>): number {
  return b.key - a.key || b.stall - a.stall || rankOf(a) - rankOf(b) || a.id - b.id;
}

/** Places in order, of which those that move are to go where `moved`, in order too, say. */
function putAmong<Row>(ordered: readonly Place<Row>[], moved: readonly Place<Row>[]): Place<Row>[] {
  const put: Place<Row>[] = [];
  let next = 0;
  for (const place of ordered) {
    if (place.moves) continue;
    while (next < moved.length && compare(moved[next]!, place) < 0) put.push(moved[next++]!);
    put.push(place);
  }
  while (next < moved.length) put.push(moved[next++]!);
  return put;
}

/** New rows come after old ones of the same value. */
function rankOf(place: { readonly rank: number }): number {
  return place.rank < 0 ? Number.MAX_SAFE_INTEGER : place.rank;
}

function begin<Row extends OrderedRow>(row: Row, value: number, seen: number): Place<Row> {
  const { id, stallNs } = row;
  return {
    id,
    row,
    key: value,
    stall: stallNs,
    last: value,
    lastStall: stallNs,
    rank: -1,
    seen,
    moves: false,
  };
}

/** In the steps that one sees. What was not measured sorts below everything that was. */
function seenValue<Row extends OrderedRow>(row: Row, { value, order, grain }: Column<Row>): number {
  const number = Number((order ?? value)(row));
  if (Number.isNaN(number)) return -1;
  return grain > 0 ? Math.floor(number / grain) : number;
}

function differs(value: number, key: number, tolerance: number): boolean {
  return Math.abs(value - key) > tolerance * Math.abs(key);
}
