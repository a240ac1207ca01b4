import type { Batch } from '../wire/batch';

/** Both are slots below 2^15; a pair is one integer. */
const RIGHT_BITS = 15;
const RIGHT_MASK = (1 << RIGHT_BITS) - 1;
const EMPTY = -1;

/**
 * Faults per pair of rows of two tables (regions and threads: who faults where), for the drill-down. An
 * open-addressing hash table of integers that never grows: pairs that find it full are not counted
 * (`incomplete` says so).
 */
export class PairCounts {
  private keys: Int32Array;
  private counts: Float64Array;
  private used = 0;
  private readonly mask: number;
  incomplete = false;

  /** Room for 2^capacityLog2 pairs, three quarters of which are used. */
  constructor(private readonly capacityLog2 = 16) {
    this.mask = (1 << capacityLog2) - 1;
    this.keys = new Int32Array(1 << capacityLog2).fill(EMPTY);
    this.counts = new Float64Array(1 << capacityLog2);
  }

  /**
   * Enters the kept of a batch's faults, each by its slots in both tables, `weight` times: -1 takes them out
   * again.
   */
  add(faults: number, left: Uint32Array, right: Uint32Array, keep: Uint8Array, weight = 1): void {
    let run = 0;
    let runKey = EMPTY;
    for (let i = 0; i < faults; i++) {
      if (keep[i] === 0) continue;
      const key = (left[i]! << RIGHT_BITS) | right[i]!;
      // Faults come in runs: a table is looked up once for each.
      if (key !== runKey) {
        if (run > 0) this.addKey(runKey, run * weight);
        runKey = key;
        run = 0;
      }
      run++;
    }
    if (run > 0) this.addKey(runKey, run * weight);
  }

  /** As many more as the faults of a sample stand for beside themselves; see StatTable.more. */
  more(
    { faults, weight }: Pick<Batch, 'faults' | 'weight'>,
    left: Uint32Array,
    right: Uint32Array,
    keep: Uint8Array,
    sign: 1 | -1,
  ): void {
    for (let i = 0; i < faults; i++) {
      const n = (weight[i]! - 1) * sign;
      if (keep[i] !== 0 && n !== 0) this.addKey((left[i]! << RIGHT_BITS) | right[i]!, n);
    }
  }

  private placeOf(key: number): number {
    // Fibonacci hashing: neighbouring slots, the usual case, must not pile up.
    return Math.imul(key, 0x9e3779b1) >>> (32 - this.capacityLog2);
  }

  private addKey(key: number, n: number): void {
    let at = this.placeOf(key);
    while (this.keys[at] !== key) {
      if (this.keys[at] === EMPTY) {
        // What found no room was not entered, and is not taken out.
        if (n < 0) return;
        if (this.used >= (this.mask + 1) * 0.75) {
          this.incomplete = true;
          return;
        }
        this.used++;
        this.keys[at] = key;
        break;
      }
      at = (at + 1) & this.mask;
    }
    this.counts[at]! += n;
  }

  /**
   * Renames slots: `left[slot]` and `right[slot]` are the new ones, -1 for those that are gone; null leaves
   * them as they are. Where two pairs become one their counts add up.
   */
  remap(left: Int32Array | null, right: Int32Array | null): void {
    const { keys, counts } = this;
    this.reset();
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      if (key === EMPTY) continue;
      const l = renamed(left, key >>> RIGHT_BITS);
      const r = renamed(right, key & RIGHT_MASK);
      if (l >= 0 && r >= 0) this.addKey((l << RIGHT_BITS) | r, counts[at]!);
    }
  }

  clear(): void {
    this.reset();
    this.incomplete = false;
  }

  private reset(): void {
    this.keys = new Int32Array(this.mask + 1).fill(EMPTY);
    this.counts = new Float64Array(this.mask + 1);
    this.used = 0;
  }

  /** Faults of a pair. */
  private countOf(left: number, right: number): number {
    const key = (left << RIGHT_BITS) | right;
    for (let at = this.placeOf(key); this.keys[at] !== EMPTY; at = (at + 1) & this.mask) {
      if (this.keys[at] === key) return this.counts[at]!;
    }
    return 0;
  }

  /** Every pair with its faults. */
  forEach(each: (left: number, right: number, faults: number) => void): void {
    for (let at = 0; at <= this.mask; at++) {
      const key = this.keys[at]!;
      if (key !== EMPTY) each(key >>> RIGHT_BITS, key & RIGHT_MASK, this.counts[at]!);
    }
  }

  /** What is paired with a slot of the left table, in no order. The slots of the right table lie below `end`. */
  pairedWith(left: number, end = RIGHT_MASK + 1): PairShare[] {
    const found: PairShare[] = [];
    // A table that is full to three quarters is looked through faster than asked for every slot.
    if (end <= this.mask >> 3) {
      for (let slot = 0; slot < end; slot++) {
        const faults = this.countOf(left, slot);
        if (faults !== 0) found.push({ slot, faults });
      }
      return found;
    }
    this.forEach((l, slot, faults) => {
      if (l === left) found.push({ slot, faults });
    });
    return found;
  }

  /** What is paired with a slot of the left table, most faults first. `end`: see pairedWith(). */
  rightOf(left: number, limit: number, end?: number): PairShare[] {
    return most(this.pairedWith(left, end), limit);
  }

  /** The same the other way round. */
  leftOf(right: number, limit: number): PairShare[] {
    const found: PairShare[] = [];
    this.forEach((slot, r, faults) => {
      if (r === right) found.push({ slot, faults });
    });
    return most(found, limit);
  }
}

/** A row of the other table, and the faults that both have. */
export interface PairShare {
  readonly slot: number;
  readonly faults: number;
}

function most(found: PairShare[], limit: number): PairShare[] {
  return found.sort((a, b) => b.faults - a.faults).slice(0, limit);
}

function renamed(where: Int32Array | null, slot: number): number {
  return where === null ? slot : (where[slot] ?? -1);
}
