import type { Batch } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import { SlabPool } from './slab-pool';

export const HEAT_BINS = 64;
const U32_MAX = 0xffffffff;

/** Bin i covers pages start + i * width to start + (i + 1) * width (exclusive). */
export interface HeatReading {
  readonly start: number;
  readonly width: number;
  readonly bins: readonly number[];
}

/**
 * Where in a region its faults fall: 64 bins over its range, per row. The range is that of the mapping
 * when the row is made; a region that grows beyond it, to either side, doubles the width of its bins
 * until it fits, and two bins become one. Coordinates are pages: of the file for file mappings (one row
 * may be mapped at many places), of the address space for the rest.
 */
export class HeatTable {
  private base = new Float64Array(64);
  private width = new Float64Array(64);
  private blocks = new Int32Array(64).fill(-1);

  constructor(private readonly pool: SlabPool) {
    if (pool.words !== HEAT_BINS) throw new RangeError(`heat needs blocks of ${HEAT_BINS} words`);
  }

  /** Begins a row with the range [start, end). */
  open(row: number, start: number, end: number): void {
    while (row >= this.blocks.length) this.grow();
    this.close(row);
    this.base[row] = start;
    this.width[row] = Math.max(1, Math.ceil((end - start) / HEAT_BINS));
  }

  private grow(): void {
    const length = this.blocks.length * 2;
    const base = new Float64Array(length);
    base.set(this.base);
    this.base = base;
    const width = new Float64Array(length);
    width.set(this.width);
    this.width = width;
    const blocks = new Int32Array(length).fill(-1);
    blocks.set(this.blocks);
    this.blocks = blocks;
  }

  /** Forgets a row's bins; rows without bins count nothing until open(). */
  close(row: number): void {
    if (row >= this.blocks.length) return;
    const block = this.blocks[row]!;
    if (block >= 0) {
      this.pool.release(block);
      this.blocks[row] = -1;
    }
    this.width[row] = 0;
  }

  /** Bins to zero, range kept. */
  clear(row: number): void {
    const block = this.blocks[row] ?? -1;
    if (block < 0) return;
    this.pool.release(block);
    this.blocks[row] = -1;
  }

  /** Enters the kept faults of a batch. */
  add(batch: Batch, resolved: Resolved, columns: Pick<FaultColumns, 'heatPage'>): void {
    const { keep, region } = resolved;
    const { heatPage } = columns;
    const { counters } = this.pool;
    const { base, width, blocks } = this;
    for (let i = 0; i < batch.faults; i++) {
      if (keep[i] === 0) continue;
      const row = region[i]!;
      if (!(width[row]! > 0)) continue;
      let bin = Math.floor((heatPage[i]! - base[row]!) / width[row]!);
      if (bin < 0 || bin >= HEAT_BINS) bin = this.widen(row, heatPage[i]!);
      let block = blocks[row]!;
      if (block < 0) {
        block = this.pool.alloc();
        if (block < 0) continue;
        blocks[row] = block;
      }
      const at = block * HEAT_BINS + bin;
      if (counters[at]! < U32_MAX) counters[at]!++;
    }
  }

  /** Doubles the bins until `page` lies in one, and returns which. */
  private widen(row: number, page: number): number {
    let base = this.base[row]!;
    let width = this.width[row]!;
    const block = this.blocks[row]!;
    while (page < base || page >= base + HEAT_BINS * width) {
      const downwards = page < base;
      if (block >= 0) this.halve(block, downwards ? HEAT_BINS / 2 : 0);
      if (downwards) base -= HEAT_BINS * width;
      width *= 2;
    }
    this.base[row] = base;
    this.width[row] = width;
    return Math.floor((page - base) / width);
  }

  /** Merges neighbouring bins into the 32 bins from `to` on; the others become 0. */
  private halve(block: number, to: number): void {
    const words = this.pool.counters;
    const at = block * HEAT_BINS;
    const half = HEAT_BINS / 2;
    // In place: ascending when they move down, descending when they move up, so that none is read late.
    if (to === 0) {
      for (let i = 0; i < half; i++) {
        words[at + i] = Math.min(words[at + 2 * i]! + words[at + 2 * i + 1]!, U32_MAX);
      }
      words.fill(0, at + half, at + HEAT_BINS);
    } else {
      for (let i = half - 1; i >= 0; i--) {
        words[at + half + i] = Math.min(words[at + 2 * i]! + words[at + 2 * i + 1]!, U32_MAX);
      }
      words.fill(0, at, at + half);
    }
  }

  /** null for a row without bins. */
  read(row: number): HeatReading | null {
    const block = this.blocks[row] ?? -1;
    if (block < 0) return null;
    const at = block * HEAT_BINS;
    const { counters } = this.pool;
    const bins = new Array<number>(HEAT_BINS);
    for (let k = 0; k < HEAT_BINS; k++) bins[k] = counters[at + k]!;
    return { start: this.base[row]!, width: this.width[row]!, bins };
  }
}
