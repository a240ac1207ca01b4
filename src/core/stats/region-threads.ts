import type { Batch } from '../wire/batch';
import type { Resolved } from '../wire/resolved';

/** Threads and regions are slots below 2^15; a pair is one integer. */
const THREAD_BITS = 15;
const THREAD_MASK = (1 << THREAD_BITS) - 1;
const EMPTY = -1;

/**
 * Faults per (region, thread): who faults where, for the drill-down. An open-addressing hash table of
 * integers that never grows: pairs that find it full are not counted (`incomplete` says so).
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

  /** Enters the kept faults of a batch. */
  add(batch: Batch, resolved: Resolved): void {
    const { keep, region, thread } = resolved;
    let run = 0;
    let runKey = EMPTY;
    for (let i = 0; i < batch.faults; i++) {
      if (keep[i] === 0) continue;
      const key = (region[i]! << THREAD_BITS) | thread[i]!;
      // Faults come in runs: a table is looked up once for each.
      if (key !== runKey) {
        if (run > 0) this.addKey(runKey, run);
        runKey = key;
        run = 0;
      }
      run++;
    }
    if (run > 0) this.addKey(runKey, run);
  }

  private addKey(key: number, n: number): void {
    // Fibonacci hashing: neighbouring slots, the usual case, must not pile up.
    let at = Math.imul(key, 0x9e3779b1) >>> (32 - this.capacityLog2);
    while (this.keys[at] !== key) {
      if (this.keys[at] === EMPTY) {
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
   * Renames slots: `regions[r]` and `threads[t]` are the new slots, -1 for those that are gone. Where two
   * pairs become one their counts add up.
   */
  remap(regions: Int32Array, threads: Int32Array): void {
    const { keys, counts } = this;
    this.reset();
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      if (key === EMPTY) continue;
      const region = regions[key >>> THREAD_BITS] ?? -1;
      const thread = threads[key & THREAD_MASK] ?? -1;
      if (region >= 0 && thread >= 0) {
        this.addKey((region << THREAD_BITS) | thread, counts[at]!);
      }
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

  /** Every pair with its faults. */
  forEach(each: (region: number, thread: number, faults: number) => void): void {
    for (let at = 0; at <= this.mask; at++) {
      const key = this.keys[at]!;
      if (key !== EMPTY) each(key >>> THREAD_BITS, key & THREAD_MASK, this.counts[at]!);
    }
  }

  /** Threads of a region, most faults first. */
  threadsOf(region: number, limit: number): { thread: number; faults: number }[] {
    const found: { thread: number; faults: number }[] = [];
    this.forEach((of, thread, faults) => {
      if (of === region) found.push({ thread, faults });
    });
    return found.sort((a, b) => b.faults - a.faults).slice(0, limit);
  }
}
