import { grownF64, grownU32 } from './grow';
import type { StatTable } from './stat-table';

/** The rows of a table with the most faults. Of rows that have not changed nothing is read again. */
export class BusiestRows {
  /** By slot: faults, and the revision with which they were read. */
  private faults: Float64Array = new Float64Array(64);
  private read: Uint32Array = new Uint32Array(64);

  constructor(
    private readonly stats: StatTable,
    private readonly most: number,
  ) {}

  /** Their slots, the busiest first. */
  slots(): number[] {
    this.look();
    const { stats, faults, most } = this;
    const slots: number[] = [];
    let least = 0;
    for (let slot = 0; slot < stats.limit; slot++) {
      const own = faults[slot]!;
      if (own <= least) continue;
      const at = slots.findIndex((other) => faults[other]! < own);
      slots.splice(at < 0 ? slots.length : at, 0, slot);
      if (slots.length <= most) continue;
      slots.pop();
      least = faults[slots.at(-1)!]!;
    }
    return slots;
  }

  private look(): void {
    const { stats } = this;
    while (this.read.length < stats.limit) {
      this.faults = grownF64(this.faults, 2 * this.faults.length);
      this.read = grownU32(this.read, 2 * this.read.length);
    }
    const { faults, read } = this;
    for (let slot = 0; slot < stats.limit; slot++) {
      const revision = stats.revision(slot);
      if (read[slot] === revision) continue;
      read[slot] = revision;
      faults[slot] = stats.id(slot) === 0 ? 0 : stats.faults(slot);
    }
  }
}
