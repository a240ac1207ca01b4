import { grownI32 } from './grow';
import { STAT_BLOCK_WORDS, U32_MAX } from './row-histograms';
import type { SlabPool } from './slab-pool';
import { HISTORY_TICKS } from './history';

/**
 * Which rows changed lately, and how many faults they had in each of the last HISTORY_TICKS ticks. A
 * tick costs what changed, not what exists: a row that rested for a whole history leaves the list.
 */
export class RowActivity {
  /** Position in `active`, -1 for rows that rest. */
  private position: Int32Array;
  /** Ticks since the last change, by position. */
  private quiet: Uint8Array;
  private active: Int32Array;
  private count = 0;
  private blocks: Int32Array;
  /** The last tick that was entered in a row's block: in those since then it had no faults. */
  private entered: Int32Array;
  private ticks = 0;

  constructor(
    private readonly pool: SlabPool,
    capacity: number,
  ) {
    this.position = new Int32Array(capacity).fill(-1);
    this.quiet = new Uint8Array(capacity);
    this.active = new Int32Array(capacity);
    this.blocks = new Int32Array(capacity).fill(-1);
    this.entered = new Int32Array(capacity);
  }

  grow(capacity: number): void {
    this.position = grownI32(this.position, capacity);
    this.active = grownI32(this.active, capacity);
    this.blocks = grownI32(this.blocks, capacity);
    this.entered = grownI32(this.entered, capacity);
    const quiet = new Uint8Array(capacity);
    quiet.set(this.quiet);
    this.quiet = quiet;
  }

  isActive(row: number): boolean {
    return this.position[row]! >= 0;
  }

  wake(row: number): void {
    this.position[row] = this.count;
    this.active[this.count] = row;
    this.quiet[this.count] = 0;
    this.count++;
  }

  /** The row has changed. */
  touch(row: number): void {
    const active = this.position[row]!;
    if (active < 0) this.wake(row);
    else this.quiet[active] = 0;
  }

  /** Takes a row out of the list and forgets its history. */
  rest(row: number): void {
    const position = this.position[row]!;
    if (position >= 0) {
      const last = --this.count;
      const moved = this.active[last]!;
      this.active[position] = moved;
      this.quiet[position] = this.quiet[last]!;
      this.position[moved] = position;
      this.position[row] = -1;
    }
    const block = this.blocks[row]!;
    if (block >= 0) {
      this.pool.release(block);
      this.blocks[row] = -1;
    }
  }

  /**
   * One tick: `sample` gives the faults of an active row since the last one; `resting` is told of rows
   * that leave the list.
   */
  tick(sample: (row: number) => number, resting: (row: number) => void): void {
    // Downwards, because rest() puts the last active row in the place of the one that leaves.
    for (let p = this.count - 1; p >= 0; p--) {
      const row = this.active[p]!;
      if (this.quiet[p]!++ >= HISTORY_TICKS) {
        this.rest(row);
        resting(row);
        continue;
      }
      const faults = sample(row);
      if (faults !== 0 || this.blocks[row]! < 0) this.enter(row, faults);
    }
    this.ticks++;
  }

  /** Enters the faults of this tick. */
  private enter(row: number, faults: number): void {
    const { ticks, blocks, entered, pool } = this;
    if (blocks[row]! < 0) {
      blocks[row] = pool.alloc();
      entered[row] = ticks;
    }
    const block = blocks[row]!;
    if (block < 0) return;
    const base = block * STAT_BLOCK_WORDS;
    const from = Math.max(entered[row]! + 1, ticks - HISTORY_TICKS + 1);
    for (let tick = from; tick < ticks; tick++) pool.counters[base + (tick % HISTORY_TICKS)] = 0;
    pool.counters[base + (ticks % HISTORY_TICKS)] = Math.min(faults, U32_MAX);
    entered[row] = ticks;
  }

  /** Faults per tick, oldest first; empty for a row that rests. */
  history(row: number): number[] {
    const length = this.blocks[row]! < 0 ? 0 : Math.min(this.ticks, HISTORY_TICKS);
    const result = new Array<number>(length).fill(0);
    this.addHistory(row, result);
    return result;
  }

  /** Adds them to sums that end with the last tick; returns how many ticks there are. */
  addHistory(row: number, sums: number[]): number {
    const block = this.blocks[row]!;
    if (block < 0) return 0;
    const words = this.pool.counters;
    const base = block * STAT_BLOCK_WORDS;
    const length = Math.min(this.ticks, HISTORY_TICKS);
    const last = this.entered[row]!;
    const before = this.ticks - sums.length;
    for (let tick = this.ticks - length; tick <= last; tick++) {
      sums[tick - before]! += words[base + (tick % HISTORY_TICKS)]!;
    }
    return length;
  }
}
