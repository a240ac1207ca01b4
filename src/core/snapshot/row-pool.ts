import type { Change } from './row-changes';
import type { SharedRow, StatRow } from './snapshot';
import type { Moment, RowsOf } from './rows';
import { STRIDE } from '../stats/cells';
import { grownF64, grownU32 } from '../stats/grow';
import type { StatTable } from '../stats/stat-table';

/** How the slots of a table become rows. */
interface Filling<Row> {
  /** There is something to see of a slot that is in use. */
  readonly shown: (slot: number) => boolean;
  readonly fill: (row: Row, slot: number) => void;
  /** Nothing of a slot has changed that the table does not count; left out, that is not known. */
  readonly rests?: (slot: number) => boolean;
}

/**
 * The rows of a table, filled anew from picture to picture: only those of which something has changed. A picture that
 * is kept has a pool of its own.
 */
export class RowPool<Row extends StatRow & Pick<SharedRow, 'revision'>> implements RowsOf {
  moment: Moment = { elapsed: 0 };
  cells: Float64Array = new Float64Array();
  private readonly rows: Row[] = [];
  /** By slot: the revision with which it was looked at last. */
  private looked: Uint32Array = new Uint32Array();
  /** By slot: its row is shown. */
  private readonly shows: boolean[] = [];
  /** What is known of the last rows beside those before. The pool itself is no part of a snapshot, which has this. */
  change: Change = { of: {}, version: 0, changed: null };

  constructor(
    readonly stats: StatTable,
    private readonly make: (of: RowsOf, slot: number) => Row,
  ) {}

  /** The rows of another picture, by their slots. */
  next(elapsed: number, { shown, fill, rests }: Filling<Row>): Row[] {
    const { stats, rows, shows } = this;
    this.moment = { elapsed };
    this.makeRoom();
    const { looked } = this;
    const found: Row[] = [];
    const changed: number[] = [];
    let same = true;
    for (let slot = 0; slot < stats.limit; slot++) {
      if (looked[slot] !== stats.revision(slot) || rests?.(slot) !== true) {
        const isShown = stats.id(slot) !== 0 && shown(slot);
        if (isShown !== (shows[slot] === true)) same = false;
        shows[slot] = isShown;
        if (isShown && this.refill(slot, fill)) changed.push(found.length);
        looked[slot] = stats.revision(slot);
      }
      if (shows[slot] === true) found.push(rows[slot]!);
    }
    const { of, version } = this.change;
    this.change = { of, version: version + 1, changed: same ? changed : null };
    return found;
  }

  /** Returns whether anything is another than before. */
  private refill(slot: number, fill: Filling<Row>['fill']): boolean {
    const row = (this.rows[slot] ??= this.make(this, slot));
    const { revision } = row;
    fill(row, slot);
    return row.revision !== revision;
  }

  take(slot: number): void {
    this.stats.copy(slot, this.cells);
  }

  private makeRoom(): void {
    const { limit } = this.stats;
    if (this.looked.length >= limit) return;
    // Of a picture that is kept exactly as much as is there; of others there will be more.
    const room = this.looked.length === 0 ? limit : Math.max(limit, 2 * this.looked.length);
    this.looked = grownU32(this.looked, room);
    this.cells = grownF64(this.cells, room * STRIDE);
  }
}
