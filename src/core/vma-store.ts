import type { Vma } from './vma';

/**
 * The sorted entries of a VMA map, as parallel arrays. Several maps may share one store after a fork
 * (`owners`); whoever wants to change it takes a copy of its own first (`VmaMap`).
 *
 * Start and end are held apart from the objects so that a look-up touches two typed arrays only.
 */
export class VmaStore {
  starts: Float64Array;
  ends: Float64Array;
  readonly vmas: Vma[];
  owners = 1;

  constructor(capacity = 64) {
    this.starts = new Float64Array(capacity);
    this.ends = new Float64Array(capacity);
    this.vmas = [];
  }

  /** A store of entries that are sorted and do not overlap. */
  static of(vmas: readonly Vma[]): VmaStore {
    const store = new VmaStore(Math.max(64, vmas.length));
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i]!;
      store.vmas.push(vma);
      store.starts[i] = vma.start;
      store.ends[i] = vma.end;
    }
    return store;
  }

  get length(): number {
    return this.vmas.length;
  }

  get capacity(): number {
    return this.starts.length;
  }

  copy(): VmaStore {
    const copy = new VmaStore(this.capacity);
    copy.starts.set(this.starts);
    copy.ends.set(this.ends);
    for (const vma of this.vmas) copy.vmas.push(vma);
    return copy;
  }

  /** Index of the first entry that ends behind `page`: the one that covers it, or the next. */
  firstEndingAfter(page: number): number {
    const ends = this.ends;
    let low = 0;
    let high = this.vmas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Replaces entries [from, to) by `put`, which must fit between their neighbours. */
  splice(from: number, to: number, put: readonly Vma[]): void {
    const shift = put.length - (to - from);
    const length = this.vmas.length;
    if (shift !== 0) {
      if (length + shift > this.capacity) this.grow(length + shift);
      this.starts.copyWithin(to + shift, to, length);
      this.ends.copyWithin(to + shift, to, length);
      // Deliberately not copyWithin: on a plain array that is a generic loop, 40 us for 1,000 entries.
      this.vmas.splice(from, to - from, ...put);
    }
    for (let i = 0; i < put.length; i++) {
      const vma = put[i]!;
      if (shift === 0) this.vmas[from + i] = vma;
      this.starts[from + i] = vma.start;
      this.ends[from + i] = vma.end;
    }
  }

  private grow(needed: number): void {
    const capacity = Math.max(needed, this.capacity * 2);
    const starts = new Float64Array(capacity);
    const ends = new Float64Array(capacity);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }
}
