import { FAULT_CAPACITY } from './batch';
import type { SlabPool } from './slab-pool';
import { StatTable } from './stat-table';

/** Rows that stand for several, at most; what does not fit goes to one row for all others. */
const FOLDED_CAP = 2048;

/** How the rows of one table are folded. */
export interface RowRules<Info> {
  /** Rows kept apart; above, those of what is gone are folded, oldest first. */
  readonly cap: number;
  /** Rows with the same key fold into one. */
  foldKey(info: Info): string;
  /** What the row that stands for all of a key shows. */
  folded(info: Info): Info;
  /** What the row for everything else shows. */
  others(): Info;
}

/** The row of a slot that folding took away: where its counts went, or GONE. */
export const GONE = -1;

/**
 * Rows with counters whose number is bounded. Slots are stable until fold() is called: within a
 * batch a table may exceed its cap by as many rows as there are faults in one. Totals stay exact
 * whatever is folded.
 */
export class RowTable<Info extends object> {
  readonly stats: StatTable;
  private readonly infos: (Info | null)[] = [];
  private readonly foldedSlots = new Map<string, number>();
  private readonly isFolded: boolean[] = [];
  private readonly memberCounts: number[] = [];
  private othersSlot = -1;
  /** Everything in the table is alive: new rows count under a folded row at once. */
  full = false;
  /** Rows share counters because there is no room for more. */
  capped = false;

  constructor(
    pool: SlabPool,
    private readonly rules: RowRules<Info>,
  ) {
    this.stats = new StatTable(pool);
  }

  /** Rows that stand for one thing each. */
  get rows(): number {
    return this.stats.size - this.foldedSlots.size - (this.othersSlot >= 0 ? 1 : 0);
  }

  /** null for a free slot. */
  info(slot: number): Info | null {
    return this.infos[slot] ?? null;
  }

  set(slot: number, info: Info): void {
    this.infos[slot] = info;
  }

  stands(slot: number): boolean {
    return this.isFolded[slot] === true;
  }

  /** How many rows a slot stands for; 1 for one that stands for itself. */
  members(slot: number): number {
    return this.memberCounts[slot]!;
  }

  create(info: Info): number {
    const full = this.full || this.rows >= this.rules.cap + FAULT_CAPACITY;
    if (!full) return this.place(info, 1);
    this.capped = true;
    return this.foldedSlot(info);
  }

  private place(info: Info, members: number): number {
    const slot = this.stats.alloc();
    this.infos[slot] = info;
    this.isFolded[slot] = members === 0;
    this.memberCounts[slot] = members;
    return slot;
  }

  /** The shared row that a row counts under from now on. */
  private foldedSlot(info: Info): number {
    const key = this.rules.foldKey(info);
    let slot = this.foldedSlots.get(key);
    if (slot === undefined && this.foldedSlots.size >= FOLDED_CAP) {
      if (this.othersSlot < 0) this.othersSlot = this.place(this.rules.others(), 0);
      slot = this.othersSlot;
    } else if (slot === undefined) {
      slot = this.place(this.rules.folded(info), 0);
      this.foldedSlots.set(key, slot);
    }
    this.memberCounts[slot]!++;
    return slot;
  }

  get overCap(): boolean {
    return this.rows > this.rules.cap;
  }

  /**
   * Folds rows that `isLive` disowns: all that are `settled`, and where the table is above its cap (or was
   * full before) the longest untouched of the others until a quarter of the cap is free; to be called
   * between batches. Returns where each slot's counts are now (itself, another, GONE).
   */
  fold(
    isLive: (slot: number) => boolean,
    settled: (info: Info) => boolean,
    onRelease: (slot: number, info: Info) => void,
  ): Int32Array {
    const { stats } = this;
    const cramped = this.overCap || this.full;
    const gone: number[] = [];
    const dead: number[] = [];
    for (let slot = 0; slot < stats.limit; slot++) {
      if (stats.id(slot) === 0 || this.stands(slot) || isLive(slot)) continue;
      (settled(this.infos[slot]!) ? gone : dead).push(slot);
    }
    const excess = this.rows - gone.length - Math.floor(this.rules.cap * 0.75);
    if (cramped && excess > 0 && dead.length > 0) {
      dead.sort((a, b) => stats.lastTime(a) - stats.lastTime(b));
      gone.push(...dead.slice(0, excess));
      this.capped = true;
    }
    const into = gone.map((slot) =>
      stats.inUse(slot) ? this.foldedSlot(this.infos[slot]!) : GONE,
    );
    const where = new Int32Array(stats.limit);
    for (let slot = 0; slot < where.length; slot++)
      where[slot] = stats.id(slot) === 0 ? GONE : slot;
    gone.forEach((slot, i) => {
      const to = into[i]!;
      if (to !== GONE) stats.fold(slot, to);
      where[slot] = to;
      onRelease(slot, this.infos[slot]!);
      this.infos[slot] = null;
      stats.release(slot);
    });
    this.full = cramped && this.rows > this.rules.cap * 0.875;
    return where;
  }
}
