import { ENTRY, FAN, LEAF } from './vma-nodes';
import type { Rooted } from './vma-nodes';
import type { VmaPool } from './vma-pool';

/**
 * The entries of one address space as they can be read: sorted, not overlapping, each under a handle that is
 * good until the tree changes.
 */
export class VmaView implements Rooted {
  root = -1;
  height = 0;
  /** Handle of the last hit, -1 for none. */
  last = -1;
  /** As long as it stays handles are good. Never that of another map. */
  stamp: number;
  /** Under which its nodes are its own, and the region codes in them valid. */
  protected id: number;
  protected readonly f64: Float64Array;

  constructor(readonly pool: VmaPool) {
    this.id = pool.newId();
    this.f64 = pool.f64;
    this.stamp = pool.newStamp();
  }

  /** Number of entries, counted. */
  get length(): number {
    return this.root < 0 ? 0 : this.count(this.height, this.root);
  }

  /**
   * Handle of the entry that covers a page, -1 where nothing is mapped. Faults come in runs: the entry of
   * the last hit is looked at first.
   */
  find(page: number): number {
    const { last } = this;
    return last >= 0 && this.covers(last, page) ? last : this.lookUp(page);
  }

  /** The entry, whose handle is good, covers the page. */
  covers(handle: number, page: number): boolean {
    return this.f64[handle * ENTRY]! <= page && page < this.f64[handle * ENTRY + 1]!;
  }

  /** See Rooted. */
  changed(): void {
    this.last = -1;
    this.stamp = this.pool.newStamp();
  }

  private lookUp(page: number): number {
    const handle = this.firstEndingAfter(page);
    if (handle < 0 || this.f64[handle * ENTRY]! > page) return -1;
    this.last = handle;
    this.pool.used[handle >>> 5] = this.pool.clock;
    return handle;
  }

  /** Handle of the first entry that ends behind `page`: the one that covers it, or the next; -1: none. */
  firstEndingAfter(page: number): number {
    const { pool } = this;
    let node = this.root;
    if (node < 0) return -1;
    for (let level = this.height; level > 0; level--) {
      const place = pool.childFor(node, page);
      if (place === pool.inner.counts[node]) return -1;
      node = pool.kids[node * FAN + place]!;
    }
    const place = pool.entryFor(node, page);
    return place < pool.leaves.counts[node]! ? node * LEAF + place : -1;
  }

  /** Handle of the lowest entry, -1 when there is none. */
  first(): number {
    return this.firstEndingAfter(-1);
  }

  /** Handle of the entry above, -1 behind the last. */
  next(handle: number): number {
    const place = handle & (LEAF - 1);
    if (place + 1 < this.pool.leaves.counts[handle >>> 5]!) return handle + 1;
    return this.firstEndingAfter(this.endOf(handle));
  }

  /** Handle of the entry below, -1 before the first. */
  previous(handle: number): number {
    return (handle & (LEAF - 1)) > 0 ? handle - 1 : this.lastBefore(this.startOf(handle));
  }

  /** Handle of the highest entry that ends at or before `page`, -1 when there is none. */
  lastBefore(page: number): number {
    const { pool } = this;
    let node = this.root;
    if (node < 0) return -1;
    // The nearest node to the left of the way down: what lies below it is the answer, unless in the leaf.
    let left = -1;
    let leftLevel = 0;
    for (let level = this.height; level > 0; level--) {
      const place = pool.childFor(node, page);
      if (place > 0) {
        left = pool.kids[node * FAN + place - 1]!;
        leftLevel = level - 1;
      }
      if (place === pool.inner.counts[node]) return this.highest(leftLevel, left);
      node = pool.kids[node * FAN + place]!;
    }
    const place = pool.entryFor(node, page);
    if (place > 0) return node * LEAF + place - 1;
    return left < 0 ? -1 : this.highest(leftLevel, left);
  }

  private highest(level: number, node: number): number {
    const { kids, inner, leaves } = this.pool;
    for (; level > 0; level--) node = kids[node * FAN + inner.counts[node]! - 1]!;
    return node * LEAF + leaves.counts[node]! - 1;
  }

  /** How many entries, from `handle` on in its leaf, begin before `end`. */
  protected metInLeaf(handle: number, end: number): number {
    const behind = (handle | (LEAF - 1)) + 1 - LEAF + this.pool.leaves.counts[handle >>> 5]!;
    let i = handle;
    while (i < behind && this.f64[i * ENTRY]! < end) i++;
    return i - handle;
  }

  startOf(handle: number): number {
    return this.f64[handle * ENTRY]!;
  }

  endOf(handle: number): number {
    return this.f64[handle * ENTRY + 1]!;
  }

  pgoffOf(handle: number): number {
    return this.f64[handle * ENTRY + 2]!;
  }

  bornOf(handle: number): number {
    return this.f64[handle * ENTRY + 3]!;
  }

  /** What is mapped and how, as one number (vma-kind.ts). */
  kindOf(handle: number): number {
    return this.pool.i32[handle * 2 * ENTRY + 8]!;
  }

  /** What the owner of this map keeps with an entry; -1 where nothing was set, also in a new copy. */
  region(handle: number): number {
    const { pool } = this;
    return pool.leaves.owners[handle >>> 5] === this.id ? pool.i32[handle * 2 * ENTRY + 9]! : -1;
  }

  /** All codes are -1 from now on. */
  clearRegions(): void {
    this.id = this.pool.newId();
  }

  /** Calls `visit` for every entry with a code, at the cost of the parts of the tree that may have some. */
  eachRegion(visit: (handle: number, code: number) => void): void {
    if (this.root >= 0) this.visitRegions(this.height, this.root, visit);
  }

  private visitRegions(
    level: number,
    node: number,
    visit: (handle: number, code: number) => void,
  ): void {
    const { inner, leaves, kids, i32 } = this.pool;
    if (level > 0) {
      if (inner.owners[node] !== this.id) return;
      const end = node * FAN + inner.counts[node]!;
      for (let i = node * FAN; i < end; i++) this.visitRegions(level - 1, kids[i]!, visit);
      return;
    }
    if (leaves.owners[node] !== this.id) return;
    const end = node * LEAF + leaves.counts[node]!;
    for (let i = node * LEAF; i < end; i++) {
      const code = i32[i * 2 * ENTRY + 9]!;
      if (code !== -1) visit(i, code);
    }
  }

  private count(level: number, node: number): number {
    const { leaves, inner, kids } = this.pool;
    if (level === 0) return leaves.counts[node]!;
    let n = 0;
    const end = node * FAN + inner.counts[node]!;
    for (let i = node * FAN; i < end; i++) n += this.count(level - 1, kids[i]!);
    return n;
  }
}
