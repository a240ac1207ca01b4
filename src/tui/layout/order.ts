import type { Column } from '../../core/columns/row-columns';
import type { StatRow } from '../../core/snapshot/snapshot';

/**
 * Two rows change places only when their values differ by more than this share since they were last
 * compared: rates jitter, and a table whose rows jump cannot be read.
 */
const TIMED_TOLERANCE = 0.15;
const COUNT_TOLERANCE = 0.02;

/** What is remembered of a row between refreshes. */
interface Place<Row> {
  readonly id: number;
  row: Row;
  /** By which it is sorted. */
  key: number;
  /** The true value at the last refresh. */
  last: number;
  /** Where it stood at the last refresh, -1 for a new row. */
  rank: number;
  /** The refresh in which it was seen. */
  seen: number;
}

/**
 * Keeps rows in order across refreshes without making them jump. Each row is sorted by a remembered
 * value, which follows the true one only when it has moved by more than the tolerance, or when the
 * true one has stopped moving (so that a picture at rest is in exact order).
 */
export class RowOrder<Row extends StatRow> {
  private places = new Map<number, Place<Row>>();
  private refreshes = 0;

  /** Forgets everything: the next order is exact (another column, another direction). */
  reset(): void {
    this.places.clear();
  }

  /** The rows in order: descending for numbers and ascending for text, unless reversed. */
  sort(rows: readonly Row[], column: Column<Row>, reverse: boolean): Row[] {
    const sorted =
      column.align === 'left' ? this.byText(rows, column) : this.byNumber(rows, column);
    if (reverse) sorted.reverse();
    return sorted;
  }

  private byText(rows: readonly Row[], column: Column<Row>): Row[] {
    const keyed = rows.map((row) => ({ row, key: String(column.value(row)) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.row.id - b.row.id));
    return keyed.map(({ row }) => row);
  }

  private byNumber(rows: readonly Row[], column: Column<Row>): Row[] {
    const tolerance = column.timed ? TIMED_TOLERANCE : COUNT_TOLERANCE;
    this.refreshes++;
    // In the order of the last refresh: sorting what is nearly sorted takes linear time.
    const known = new Array<Place<Row> | undefined>(this.places.size);
    const fresh: Place<Row>[] = [];
    for (const row of rows) {
      const value = Number(column.value(row));
      // Not measured sorts below everything measured.
      const place = this.update(row, Number.isNaN(value) ? -1 : value, tolerance);
      if (place.rank < 0) fresh.push(place);
      else known[place.rank] = place;
    }
    const places = known.filter((place) => place !== undefined);
    places.push(...fresh);
    places.sort((a, b) => b.key - a.key || rankOf(a) - rankOf(b) || a.id - b.id);
    this.forgetUnseen(places.length);
    return places.map((place, rank) => {
      place.rank = rank;
      return place.row;
    });
  }

  private update(row: Row, value: number, tolerance: number): Place<Row> {
    const place = this.places.get(row.id);
    const seen = this.refreshes;
    if (place === undefined) {
      const made = { id: row.id, row, key: value, last: value, rank: -1, seen };
      this.places.set(row.id, made);
      return made;
    }
    const moved = Math.abs(value - place.key) > tolerance * Math.abs(place.key);
    if (moved || place.last === value) place.key = value;
    place.last = value;
    place.row = row;
    place.seen = seen;
    return place;
  }

  /** Rows that a filter hides or that are gone lose their place; ranks stay below the number of places. */
  private forgetUnseen(count: number): void {
    if (this.places.size === count) return;
    for (const [id, place] of this.places)
      if (place.seen !== this.refreshes) this.places.delete(id);
  }
}

/** New rows come after old ones of the same value. */
function rankOf(place: { readonly rank: number }): number {
  return place.rank < 0 ? Number.MAX_SAFE_INTEGER : place.rank;
}
