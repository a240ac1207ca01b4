import { reserve } from '../memory/reserved';

/** Entries of a leaf and children of an inner node. Small: a fork copies the nodes that it changes. */
export const LEAF = 32;
export const FAN = 32;
/** Doubles of an entry: start, end, pgoff, born, and two 32-bit words: kind and region code. */
export const ENTRY = 5;
/** More than any tree of MAX_LEAVES grows to. */
const MAX_HEIGHT = 24;
/** 65,536 leaves are 2,097,152 entries in 84 MB. */
export const MAX_LEAVES = 65_536;
const MAX_INNER = 65_536;
/** Nodes that one change of a tree may need: a copy and a split of every node on its path. */
const RESERVE = 2 * MAX_HEIGHT;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** Nodes of one size, by number: how many refer to each, how many places are taken, whose it is. */
export class NodeTable {
  readonly refs: Uint32Array;
  readonly counts: Uint8Array;
  /** Id of the map that changed it last. */
  readonly owners: Float64Array;
  private readonly free: number[] = [];
  /** Nodes ever used: numbers from there on are new. */
  made = 0;

  constructor(readonly cap: number) {
    this.refs = new Uint32Array(cap);
    this.counts = new Uint8Array(cap);
    this.owners = new Float64Array(cap);
  }

  /** Nodes that can still be had. */
  get room(): number {
    return this.cap - this.made + this.free.length;
  }

  alloc(owner: number): number {
    const node = this.free.pop() ?? this.made++;
    if (node >= this.cap) throw new RangeError('VMA nodes: no room was made');
    this.refs[node] = 1;
    this.counts[node] = 0;
    this.owners[node] = owner;
    return node;
  }

  giveBack(node: number): void {
    this.free.push(node);
  }
}

/** A tree as its nodes are concerned. `height` 0: the root is a leaf; root -1: the tree is empty. */
export interface Rooted {
  root: number;
  height: number;
  /** Handles that were found before are not good any more. */
  changed(): void;
}

/**
 * The memory of VMA maps: the nodes of B+ trees. After a fork two trees share nodes until one of them
 * changes them (copy on write, counted by `refs`).
 *
 * An entry's handle is leaf * LEAF + place; its doubles begin at handle * ENTRY. Allocated at full size
 * at once, because growing would copy it: the system gives memory to the pages that are used.
 */
export class VmaNodes {
  readonly f64: Float64Array;
  /** The same memory: kind at handle * 10 + 8, region code at handle * 10 + 9. */
  readonly i32: Int32Array;
  readonly leaves: NodeTable;
  /** When a leaf was last looked up or changed (VmaPool.clock). */
  readonly used: Uint32Array;

  readonly inner: NodeTable;
  /** Where the last entry of a child ends. */
  readonly keys: Float64Array;
  readonly kids: Int32Array;

  /** Those that are not empty. */
  readonly trees = new Set<Rooted>();
  /** The way from a leaf (0) to the root, of the tree that is being changed. */
  readonly path = new Int32Array(MAX_HEIGHT);
  readonly slot = new Int32Array(MAX_HEIGHT);

  constructor(leaves: number) {
    const cap = leaves + RESERVE;
    const innerCap = Math.min(leaves, MAX_INNER) + RESERVE;
    this.f64 = new Float64Array(reserve(cap * LEAF * ENTRY * DOUBLE));
    this.i32 = new Int32Array(this.f64.buffer);
    this.leaves = new NodeTable(cap);
    this.used = new Uint32Array(cap);
    this.inner = new NodeTable(innerCap);
    this.keys = new Float64Array(reserve(innerCap * FAN * DOUBLE));
    this.kids = new Int32Array(reserve(innerCap * FAN * Int32Array.BYTES_PER_ELEMENT));
  }

  /** A change of any tree finds the nodes it needs. */
  get roomy(): boolean {
    return this.leaves.room >= RESERVE && this.inner.room >= RESERVE;
  }

  /** One reference less to a node; the last one frees it and what it alone refers to. */
  release(level: number, node: number): void {
    const table = level > 0 ? this.inner : this.leaves;
    if (--table.refs[node]! > 0) return;
    if (level > 0) {
      const base = node * FAN;
      for (let i = 0; i < table.counts[node]!; i++) this.release(level - 1, this.kids[base + i]!);
    }
    table.giveBack(node);
  }

  /** Place of the first child of an inner node that reaches beyond `page`. */
  childFor(node: number, page: number): number {
    const base = node * FAN;
    let low = base;
    let high = base + this.inner.counts[node]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys[middle]! > page) high = middle;
      else low = middle + 1;
    }
    return low - base;
  }

  /** Place of the first entry of a leaf that ends behind `page`. */
  entryFor(leaf: number, page: number): number {
    const base = leaf * LEAF;
    let low = base;
    let high = base + this.leaves.counts[leaf]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.f64[middle * ENTRY + 1]! > page) high = middle;
      else low = middle + 1;
    }
    return low - base;
  }

  /** Where the last entry below a node ends. The node must not be empty. */
  endOf(level: number, node: number): number {
    if (level > 0) return this.keys[node * FAN + this.inner.counts[node]! - 1]!;
    return this.f64[(node * LEAF + this.leaves.counts[node]! - 1) * ENTRY + 1]!;
  }

  /** Copies entries of a leaf. Moves bytes: a pair of words need not be a number that keeps its bits. */
  copyEntries(to: number, from: number, count: number): void {
    this.f64.copyWithin(to * ENTRY, from * ENTRY, (from + count) * ENTRY);
  }

  /** Sets the codes of entries from..to-1 to -1. */
  clearCodes(from: number, to: number): void {
    for (let i = from; i < to; i++) this.i32[i * 2 * ENTRY + 9] = -1;
  }

  /** Puts what node `from` holds behind what `to` holds. Codes of another owner become -1. */
  append(level: number, to: number, from: number): void {
    const table = level > 0 ? this.inner : this.leaves;
    const count = table.counts[from]!;
    const had = table.counts[to]!;
    table.counts[to] = had + count;
    if (level === 0) {
      const at = to * LEAF + had;
      this.copyEntries(at, from * LEAF, count);
      if (table.owners[from] !== table.owners[to]) this.clearCodes(at, at + count);
      return;
    }
    this.copyChildren(to * FAN + had, from * FAN, count);
    const { refs } = level > 1 ? this.inner : this.leaves;
    for (let i = from * FAN; i < from * FAN + count; i++) refs[this.kids[i]!]!++;
  }

  /** Moves the children of `from` from place `at` on into the empty node `to`. */
  moveChildren(to: number, from: number, at: number): void {
    const count = this.inner.counts[from]! - at;
    this.copyChildren(to * FAN, from * FAN + at, count);
    this.inner.counts[to] = count;
    this.inner.counts[from] = at;
  }

  private copyChildren(to: number, from: number, count: number): void {
    this.keys.copyWithin(to, from, from + count);
    this.kids.copyWithin(to, from, from + count);
  }

  /** Takes a child out of an inner node, which may become empty. Does not release it. */
  unlink(node: number, place: number): void {
    const at = node * FAN + place;
    this.copyChildren(at, at + 1, --this.inner.counts[node]! - place);
  }

  link(node: number, place: number, child: number, key: number): void {
    const at = node * FAN + place;
    this.copyChildren(at + 1, at, this.inner.counts[node]!++ - place);
    this.keys[at] = key;
    this.kids[at] = child;
  }
}
