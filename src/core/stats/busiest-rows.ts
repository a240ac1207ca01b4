import { grownF64, grownU32 } from './grow';
import type { StatTable } from './stat-table';

/**
 * The rows of a table with the most faults. Of rows that have not changed nothing is read again, and they are looked
 * through anew only where one of the busiest has fewer than before.
 */
export class BusiestRows {
  /** By slot: faults, and the revision with which they were read. */
  private faults: Float64Array = new Float64Array(64);
  private read: Uint32Array = new Uint32Array(64);
  /** The busiest first; of those with as many, the one that came first. */
  private busiest: number[] = [];

  constructor(
    private readonly stats: StatTable,
    private readonly most: number,
  ) {}

  /** Their slots, the busiest first. */
  slots(): readonly number[] {
    const { stats } = this;
    while (this.read.length < stats.limit) {
      this.faults = grownF64(this.faults, 2 * this.faults.length);
      this.read = grownU32(this.read, 2 * this.read.length);
    }
    if (!this.follow()) this.lookThrough();
    return this.busiest;
  }

  /** Reads what has changed. False where one of the busiest has fewer faults: another row may have its place. */
  private follow(): boolean {
    const { stats, faults, read, busiest } = this;
    let isKnown = true;
    for (let slot = 0; slot < stats.limit; slot++) {
      const revision = stats.revision(slot);
      if (read[slot] === revision) continue;
      read[slot] = revision;
      const own = stats.id(slot) === 0 ? 0 : stats.faults(slot);
      const before = faults[slot]!;
      faults[slot] = own;
      if (!isKnown || own === before) continue;
      const at = busiest.indexOf(slot);
      if (at >= 0) {
        isKnown = own > before;
        busiest.splice(at, 1);
      }
      if (isKnown) this.enter(slot);
    }
    return isKnown;
  }

  private lookThrough(): void {
    this.busiest = [];
    for (let slot = 0; slot < this.stats.limit; slot++) this.enter(slot);
  }

  /** Puts a row where it belongs among the busiest, if it does. */
  private enter(slot: number): void {
    const { faults, busiest, most } = this;
    const own = faults[slot]!;
    const least = busiest.length < most ? 0 : faults[busiest.at(-1)!]!;
    if (own <= least) return;
    const at = busiest.findIndex((other) => faults[other]! < own);
    busiest.splice(at < 0 ? busiest.length : at, 0, slot);
    if (busiest.length > most) busiest.pop();
  }
}
