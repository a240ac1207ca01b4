import type { Column } from '../../core/columns';
import type { StatRow } from '../../core/snapshot';

/**
 * Two rows change places only when their values differ by more than this share since they were last
 * compared: rates jitter, and a table whose rows jump cannot be read.
 */
const TIMED_TOLERANCE = 0.15;
const COUNT_TOLERANCE = 0.02;

/**
 * Keeps rows in order across refreshes without making them jump. Each row is sorted by a remembered
 * value, which follows the true one only when it has moved by more than the tolerance, or when the
 * true one has stopped moving (so that a picture at rest is in exact order).
 */
export class RowOrder<Row extends StatRow> {
  private remembered = new Map<number, number>();
  private last = new Map<number, number>();
  private rank = new Map<number, number>();

  /** Forgets everything: the next order is exact (another column, another direction). */
  reset(): void {
    this.remembered.clear();
    this.last.clear();
    this.rank.clear();
  }

  /** The rows in order: descending for numbers and ascending for text, unless reversed. */
  sort(rows: readonly Row[], column: Column<Row>, reverse: boolean): Row[] {
    const sorted =
      column.align === 'left' ? this.byText(rows, column) : this.byNumber(rows, column);
    if (reverse) sorted.reverse();
    return sorted;
  }

  private byText(rows: readonly Row[], column: Column<Row>): Row[] {
    const keys = new Map<Row, string>();
    for (const row of rows) keys.set(row, String(column.value(row)));
    return [...rows].sort((a, b) => {
      const x = keys.get(a)!;
      const y = keys.get(b)!;
      return x < y ? -1 : x > y ? 1 : a.id - b.id;
    });
  }

  private byNumber(rows: readonly Row[], column: Column<Row>): Row[] {
    const tolerance = column.timed ? TIMED_TOLERANCE : COUNT_TOLERANCE;
    const remembered = new Map<number, number>();
    const last = new Map<number, number>();
    for (const row of rows) {
      const value = Number(column.value(row));
      // Not measured sorts below everything measured.
      const now = Number.isNaN(value) ? -1 : value;
      const before = this.remembered.get(row.id);
      const moved = before === undefined || Math.abs(now - before) > tolerance * Math.abs(before);
      const resting = this.last.get(row.id) === now;
      remembered.set(row.id, moved || resting ? now : before);
      last.set(row.id, now);
    }
    this.remembered = remembered;
    this.last = last;
    const { rank } = this;
    // Ties keep their order; new rows come after old ones.
    const sorted = [...rows].sort(
      (a, b) =>
        remembered.get(b.id)! - remembered.get(a.id)! ||
        (rank.get(a.id) ?? Infinity) - (rank.get(b.id) ?? Infinity) ||
        a.id - b.id,
    );
    this.rank = new Map(sorted.map((row, index) => [row.id, index]));
    return sorted;
  }
}
