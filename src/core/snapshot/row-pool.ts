import type { Change } from './row-changes';
import type { SharedRow, StatRow } from './snapshot';
import type { Moment, RowsOf } from './rows';
import { STRIDE } from '../stats/cells';
import { grownF64, grownI32, grownU32 } from '../stats/grow';
import type { StatTable } from '../stats/stat-table';

/** Of a row that is not shown. */
const NOWHERE = -1;

/** How the slots of a table become rows. */
interface Filling<Row> {
  /** There is something to see of a slot that is in use. */
  readonly shown: (slot: number) => boolean;
  readonly fill: (row: Row, slot: number) => void;
  /** The table says of all that is shown of a slot that it has changed (StatTable.revise). */
  readonly revised?: boolean;
}

type PooledRow = StatRow & Pick<SharedRow, 'revision'> & { readonly recount: () => void };

/**
 * The rows of a table, filled anew from picture to picture: only those of which something has changed. A picture that
 * is kept has a pool of its own.
 */
export class RowPool<Row extends PooledRow> implements RowsOf {
  moment: Moment = { elapsed: 0 };
  cells: Float64Array = new Float64Array();
  private readonly rows: Row[] = [];
  /** By slot: the revision and description with which it was looked at last. */
  private looked: Uint32Array = new Uint32Array();
  private described: Uint32Array = new Uint32Array();
  /** By slot: its row is shown, and its place among those that are. */
  private readonly shows: boolean[] = [];
  private places: Int32Array = new Int32Array();
  private found: readonly Row[] = [];
  /** What is known of the last rows beside those before. The pool itself is no part of a snapshot, which has this. */
  change: Change = { of: {}, version: 0, changed: null };

  constructor(
    readonly stats: StatTable,
    private readonly make: (of: RowsOf, slot: number) => Row,
  ) {}

  /** The rows of another picture, by their slots. */
  next(elapsed: number, filling: Filling<Row>): Row[] {
    this.moment = { elapsed };
    this.makeRoom();
    const { stats, looked, places } = this;
    const { revised = false } = filling;
    const changed: number[] = [];
    let same = true;
    for (let slot = 0; slot < stats.limit; slot++) {
      if (revised && looked[slot] === stats.revision(slot)) continue;
      if (this.refill(slot, filling)) changed.push(slot);
      if (this.shows[slot] !== places[slot]! >= 0) same = false;
    }
    if (!same) this.find();
    const { of, version } = this.change;
    const indexes = same ? changed.map((slot) => places[slot]!) : null;
    this.change = { of, version: version + 1, changed: indexes };
    return this.found.slice();
  }

  /** Returns whether anything of its row is another than before. */
  private refill(slot: number, { shown, fill, revised }: Filling<Row>): boolean {
    const { stats, described, looked } = this;
    const isShown = stats.id(slot) !== 0 && shown(slot);
    this.shows[slot] = isShown;
    looked[slot] = stats.revision(slot);
    if (!isShown) return false;
    const row = (this.rows[slot] ??= this.make(this, slot));
    const { revision } = row;
    // What it is named takes longer to look up than what it has counted, and seldom changes.
    if (revised === true && described[slot] === stats.description(slot)) row.recount();
    else fill(row, slot);
    described[slot] = stats.description(slot);
    looked[slot] = stats.revision(slot);
    return row.revision !== revision;
  }

  /** Other rows are shown than before. */
  private find(): void {
    const { rows, shows, places } = this;
    const found: Row[] = [];
    for (let slot = 0; slot < shows.length; slot++) {
      if (shows[slot] === true) places[slot] = found.push(rows[slot]!) - 1;
      else places[slot] = NOWHERE;
    }
    this.found = found;
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
    this.described = grownU32(this.described, room);
    this.places = grownI32(this.places, room);
    this.cells = grownF64(this.cells, room * STRIDE);
  }
}
