import { FAULT_CAPACITY } from '../wire/batch';
import { Cell } from './cells';
import type { SlabPool } from './slab-pool';
import { StatTable } from './stat-table';

/** Rows that stand for all of one key, at most; what does not fit goes to a row for all others of its kind. */
export const FOLDED_CAP = 2048;

/** What a row stands for. */
export const Stands = {
  /** Itself. */
  ALONE: 0,
  /** All of one key that have ended. */
  ENDED: 1,
  /** All of one key that there is no room for. */
  CROWDED: 2,
  /** All of one kind beyond FOLDED_CAP keys. */
  OTHERS: 3,
  /** All that is not kept in detail. */
  REST: 4,
} as const;

/** How the rows of one table are folded. */
export interface RowRules<Info> {
  /** Rows kept apart; above, those of what is gone are folded, oldest first. */
  readonly cap: number;
  /** Rows with the same key fold into one. */
  foldKey(info: Info): string;
  /** What the row that stands for all of a key shows. */
  folded(info: Info): Info;
  /** The few kinds by which those are told apart that are one of too many keys. */
  kindKey(info: Info): string;
  /** What the row for all others of a kind shows. */
  others(info: Info): Info;
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
  private readonly othersSlots = new Map<string, number>();
  private restSlot = -1;
  /** One of Stands. */
  private readonly standings: number[] = [];
  private readonly memberCounts: number[] = [];
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
    const rest = this.restSlot < 0 ? 0 : 1;
    return this.stats.size - this.foldedSlots.size - this.othersSlots.size - rest;
  }

  /** null for a free slot. */
  info(slot: number): Info | null {
    return this.infos[slot] ?? null;
  }

  set(slot: number, info: Info): void {
    this.infos[slot] = info;
    this.stats.revise(slot);
  }

  /** The row stands for several. */
  stands(slot: number): boolean {
    return this.standing(slot) !== Stands.ALONE;
  }

  /** One of Stands. */
  standing(slot: number): number {
    return this.standings[slot] ?? Stands.ALONE;
  }

  /** How many rows a slot stands for; 1 for one that stands for itself. */
  members(slot: number): number {
    return this.memberCounts[slot]!;
  }

  create(info: Info): number {
    const full = this.full || this.rows >= this.rules.cap + FAULT_CAPACITY;
    if (!full) return this.place(info, Stands.ALONE);
    this.capped = true;
    return this.foldedSlot(info, Stands.CROWDED);
  }

  /** The row of all that is not kept in detail, made from `info` at first. It is never folded. */
  rest(info: Info): number {
    if (this.restSlot < 0) this.restSlot = this.place(info, Stands.REST);
    return this.restSlot;
  }

  private place(info: Info, standing: number): number {
    const slot = this.stats.alloc();
    this.infos[slot] = info;
    this.standings[slot] = standing;
    this.memberCounts[slot] = standing === Stands.ALONE || standing === Stands.REST ? 1 : 0;
    return slot;
  }

  /** The shared row that a row counts under from now on. */
  private foldedSlot(info: Info, why: number): number {
    const key = this.rules.foldKey(info);
    let slot = this.foldedSlots.get(key);
    if (slot === undefined && this.foldedSlots.size >= FOLDED_CAP) {
      slot = this.otherSlot(info);
    } else if (slot === undefined) {
      slot = this.place(this.rules.folded(info), why);
      this.foldedSlots.set(key, slot);
    } else {
      this.standings[slot] = Math.max(this.standings[slot]!, why);
    }
    this.memberCounts[slot]!++;
    this.stats.revise(slot);
    return slot;
  }

  private otherSlot(info: Info): number {
    const kind = this.rules.kindKey(info);
    let slot = this.othersSlots.get(kind);
    if (slot === undefined) {
      slot = this.place(this.rules.others(info), Stands.OTHERS);
      this.othersSlots.set(kind, slot);
    }
    return slot;
  }

  /** Adds a row to another; both stand for themselves. Its slot is free again after giveBack(). */
  absorb(slot: number, into: number): void {
    this.stats.fold(slot, into);
    this.infos[slot] = null;
    this.stats.release(slot, true);
  }

  /** Nobody names the slot of a row that was absorbed any more. */
  giveBack(slot: number): void {
    this.stats.giveBack(slot);
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
    const ended = gone.length;
    const excess = this.rows - gone.length - Math.floor(this.rules.cap * 0.75);
    if (cramped && excess > 0 && dead.length > 0) {
      dead.sort((a, b) => stats.get(a, Cell.lastTime) - stats.get(b, Cell.lastTime));
      gone.push(...dead.slice(0, excess));
      this.capped = true;
    }
    const into = gone.map((slot, i) =>
      stats.inUse(slot)
        ? this.foldedSlot(this.infos[slot]!, i < ended ? Stands.ENDED : Stands.CROWDED)
        : GONE,
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
