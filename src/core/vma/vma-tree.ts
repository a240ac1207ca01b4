import { Prot } from './vma';
import { protOf } from './vma-kind';
import { ENTRY, FAN, LEAF } from './vma-nodes';
import { VmaView } from './vma-view';

/** Below so many entries or children a node is merged with a neighbour, if both fill no more than ROOM. */
const FEW = 8;
const ROOM = 24;

/**
 * A B+ tree in the pool's nodes: look-up, insertion and removal in O(log n), a copy (`share`) in O(1).
 * Knows nothing of what its entries mean.
 *
 * Any change may first have to make room, and then forgets entries of any tree: whoever changes several
 * entries finds each anew, by its page.
 */
export class VmaTree extends VmaView {
  /** Rises whenever an executable entry is written; with those that are taken out it stays. */
  execWrites = 0;

  /**
   * No change in the sense of handles: they can still be read. Without room the code is not kept, and is
   * asked for again at the next fault.
   */
  setRegion(handle: number, code: number): void {
    const { pool } = this;
    if (pool.leaves.owners[handle >>> 5] !== this.id) {
      if (!pool.roomy) return;
      handle = this.edit(this.startOf(handle));
      if (handle < 0) return;
      this.last = handle;
    }
    pool.i32[handle * 2 * ENTRY + 9] = code;
  }

  /** Makes an empty tree a copy of `other`, with all codes -1. */
  protected share(other: VmaTree): void {
    if (other.root < 0) return;
    this.changed();
    this.execWrites++;
    this.root = other.root;
    this.height = other.height;
    const table = this.height > 0 ? this.pool.inner : this.pool.leaves;
    table.refs[this.root]!++;
    this.pool.trees.add(this);
  }

  /** Takes the entries and codes of `other`, which is empty then, in the place of its own. */
  protected become(other: VmaTree): void {
    this.empty();
    if (other.root < 0) return;
    this.share(other);
    this.id = other.id;
    other.empty();
  }

  protected empty(): void {
    if (this.root >= 0) this.pool.release(this.height, this.root);
    this.root = -1;
    this.height = 0;
    this.changed();
    this.pool.trees.delete(this);
  }

  /** Enters an entry where nothing lies. */
  protected put(
    start: number,
    end: number,
    pgoff: number,
    born: number,
    kind: number,
    code: number,
  ): void {
    const { pool } = this;
    pool.makeRoom();
    if (this.root < 0) {
      this.root = pool.leaves.alloc(this.id);
      pool.trees.add(this);
    }
    const { last } = this;
    let place = this.descend(start);
    const leaf = pool.path[0]!;
    const right = pool.leaves.counts[leaf] === LEAF ? this.split(leaf, place, last) : -1;
    const within = pool.leaves.counts[leaf]!;
    let target = leaf;
    if (right >= 0 && (place > within || within === LEAF)) {
      target = right;
      place -= within;
    }
    const handle = target * LEAF + place;
    pool.copyEntries(handle + 1, handle, pool.leaves.counts[target]!++ - place);
    this.write(handle, start, end, pgoff, born, kind, code);
    this.last = handle;
    pool.used[target] = pool.clock;
    if (right < 0) this.fixKeys(1);
    else {
      if (this.height > 0) {
        pool.keys[pool.path[1]! * FAN + pool.slot[1]!] = pool.endOf(0, leaf);
      }
      this.linkRight(1, right);
    }
  }

  private write(
    handle: number,
    start: number,
    end: number,
    pgoff: number,
    born: number,
    kind: number,
    code: number,
  ): void {
    const { f64, pool } = this;
    const at = handle * ENTRY;
    f64[at] = start;
    f64[at + 1] = end;
    f64[at + 2] = pgoff;
    f64[at + 3] = born;
    pool.i32[at * 2 + 8] = kind;
    pool.i32[at * 2 + 9] = code;
    if ((protOf(kind) & Prot.EXEC) !== 0) this.execWrites++;
  }

  /**
   * The common case of laying an entry over others in one step: all that its range meets, from `handle`
   * on, lies in one leaf, which stays neither too full nor too empty. False where that is not so, and
   * nothing is done. `offset` is the pgoff of what is left of the last one behind `end`.
   */
  protected layWithinLeaf(
    handle: number,
    met: number,
    start: number,
    end: number,
    pgoff: number,
    born: number,
    kind: number,
    code: number,
    offset: number,
  ): boolean {
    const { f64, pool } = this;
    const { counts } = pool.leaves;
    const left = this.startOf(handle) < start ? 1 : 0;
    const lastMet = handle + met - 1;
    const right = this.endOf(lastMet) > end ? 1 : 0;
    const grows = left + 1 + right - met;
    const count = counts[handle >>> 5]! + grows;
    const within = (handle & (LEAF - 1)) + met;
    // The last one of a leaf need not be the last that is met.
    const more = within === counts[handle >>> 5] && this.endOf(lastMet) < end;
    if (count > LEAF || (grows < 0 && count < FEW) || more || !pool.roomy) return false;
    handle = this.edit(this.startOf(handle));
    const leaf = handle >>> 5;
    const behind = handle + met;
    const rightEnd = this.endOf(behind - 1);
    const rightBorn = this.bornOf(behind - 1);
    const rightKind = this.kindOf(behind - 1);
    const rightCode = this.region(behind - 1);
    pool.copyEntries(behind + grows, behind, counts[leaf]! - within);
    counts[leaf] = count;
    if (left > 0) f64[handle * ENTRY + 1] = start;
    this.last = handle + left;
    this.write(this.last, start, end, pgoff, born, kind, code);
    if (right > 0) {
      this.write(this.last + 1, end, rightEnd, offset, rightBorn, rightKind, rightCode);
    }
    this.fixKeys(1);
    return true;
  }

  /** Takes out the entry that starts at `start`. */
  protected remove(start: number): void {
    const handle = this.edit(start);
    if (handle < 0) return;
    const { pool } = this;
    const leaf = handle >>> 5;
    const behind = --pool.leaves.counts[leaf]! - (handle & (LEAF - 1));
    pool.copyEntries(handle, handle + 1, behind);
    this.changed();
    this.settle(0);
  }

  /** Makes the entry at `start` end elsewhere: it must not reach into the next. */
  protected moveEnd(start: number, end: number): void {
    const handle = this.edit(start);
    if (handle < 0) return;
    this.f64[handle * ENTRY + 1] = end;
    this.fixKeys(1);
  }

  /** Makes the entry at `start` begin elsewhere, within itself. */
  protected moveStart(start: number, to: number, pgoff: number): void {
    const handle = this.edit(start);
    if (handle < 0) return;
    this.f64[handle * ENTRY] = to;
    this.f64[handle * ENTRY + 2] = pgoff;
  }

  /** Gives the entry at `start` another content and code. */
  protected rewrite(start: number, pgoff: number, born: number, kind: number, code: number): void {
    const handle = this.edit(start);
    if (handle < 0) return;
    const at = handle * ENTRY;
    this.f64[at + 2] = pgoff;
    this.f64[at + 3] = born;
    this.pool.i32[at * 2 + 8] = kind;
    this.pool.i32[at * 2 + 9] = code;
    this.last = handle;
  }

  /** Handle of the entry that starts at `start`, in a leaf that is no other tree's; -1: not there. */
  private edit(start: number): number {
    const { pool } = this;
    pool.makeRoom();
    if (this.root < 0) return -1;
    const place = this.descend(start);
    const leaf = pool.path[0]!;
    const handle = leaf * LEAF + place;
    // It may have been forgotten to make room.
    if (place === pool.leaves.counts[leaf] || this.startOf(handle) !== start) return -1;
    pool.used[leaf] = pool.clock;
    return handle;
  }

  /**
   * The way down to where `page` is or belongs, noted in the pool; every node on it is this tree's own
   * from now on. Returns the place in the leaf.
   */
  private descend(page: number): number {
    const { pool } = this;
    this.changed();
    let node = this.own(this.height, this.root);
    this.root = node;
    for (let level = this.height; level > 0; level--) {
      const place = Math.min(pool.childFor(node, page), pool.inner.counts[node]! - 1);
      pool.path[level] = node;
      pool.slot[level] = place;
      const at = node * FAN + place;
      node = this.own(level - 1, pool.kids[at]!);
      pool.kids[at] = node;
    }
    pool.path[0] = node;
    return pool.entryFor(node, page);
  }

  /** A node that may be changed: itself, or a copy when others refer to it too. */
  private own(level: number, node: number): number {
    const { pool, id } = this;
    const table = level > 0 ? pool.inner : pool.leaves;
    if (table.refs[node]! > 1) {
      const copy = table.alloc(id);
      pool.append(level, copy, node);
      if (level === 0) pool.used[copy] = pool.used[node]!;
      table.refs[node]!--;
      return copy;
    }
    if (table.owners[node] !== id) {
      if (level === 0) pool.clearCodes(node * LEAF, (node + 1) * LEAF);
      table.owners[node] = id;
    }
    return node;
  }

  /**
   * Divides the full leaf of the path where an entry is to go to `place`; returns the new leaf on its
   * right, which no parent knows yet. One of the two may be left empty, for that entry: mappings that
   * are made side by side, upwards or downwards, fill their leaves.
   */
  private split(leaf: number, place: number, last: number): number {
    const { pool } = this;
    const handle = leaf * LEAF + place;
    let at = LEAF / 2;
    if (last === handle || last === handle - 1) {
      at = place % LEAF === 0 ? place : Math.min(Math.max(place, FEW), ROOM);
    }
    const right = pool.leaves.alloc(this.id);
    pool.copyEntries(right * LEAF, leaf * LEAF + at, LEAF - at);
    pool.leaves.counts[leaf] = at;
    pool.leaves.counts[right] = LEAF - at;
    pool.used[right] = pool.used[leaf]!;
    return right;
  }

  /** Enters a new node on the right of the path's node of the level below. */
  private linkRight(level: number, child: number): void {
    const { pool, height } = this;
    const { inner, path, slot } = pool;
    const key = pool.endOf(level - 1, child);
    if (level > height) {
      const root = inner.alloc(this.id);
      pool.link(root, 0, this.root, pool.endOf(height, this.root));
      pool.link(root, 1, child, key);
      this.root = root;
      this.height++;
      return;
    }
    const node = path[level]!;
    const place = slot[level]! + 1;
    if (inner.counts[node]! < FAN) {
      pool.link(node, place, child, key);
      this.fixKeys(level + 1);
      return;
    }
    const right = inner.alloc(this.id);
    const half = FAN / 2;
    pool.moveChildren(right, node, half);
    if (place <= half) pool.link(node, place, child, key);
    else pool.link(right, place - half, child, key);
    if (level < height) {
      pool.keys[path[level + 1]! * FAN + slot[level + 1]!] = pool.endOf(level, node);
    }
    this.linkRight(level + 1, right);
  }

  /** Brings the keys of the path up to date, from `level` on, as far as they change. */
  private fixKeys(level: number): void {
    const { pool } = this;
    for (; level <= this.height; level++) {
      const at = pool.path[level]! * FAN + pool.slot[level]!;
      const end = pool.endOf(level - 1, pool.path[level - 1]!);
      if (pool.keys[at] === end) return;
      pool.keys[at] = end;
    }
  }

  /** The path's node of that level has lost an entry or a child. */
  private settle(level: number): void {
    const { pool } = this;
    const node = pool.path[level]!;
    const count = (level > 0 ? pool.inner : pool.leaves).counts[node]!;
    if (level === this.height) {
      if (count === 0) this.empty();
      else this.lower();
      return;
    }
    const parent = pool.path[level + 1]!;
    const place = pool.slot[level + 1]!;
    if (count === 0) {
      pool.unlink(parent, place);
      pool.release(level, node);
      this.settle(level + 1);
    } else if (
      count < FEW &&
      (this.merge(level, parent, place - 1) || this.merge(level, parent, place))
    ) {
      this.settle(level + 1);
    } else this.fixKeys(level + 1);
  }

  /** Makes one node of the children at `place` and behind it, if both exist and are not too many. */
  private merge(level: number, parent: number, place: number): boolean {
    const { pool } = this;
    if (place < 0 || place + 1 >= pool.inner.counts[parent]!) return false;
    const at = parent * FAN + place;
    const { counts } = level > 0 ? pool.inner : pool.leaves;
    const right = pool.kids[at + 1]!;
    if (counts[pool.kids[at]!]! + counts[right]! > ROOM) return false;
    const left = this.own(level, pool.kids[at]!);
    pool.append(level, left, right);
    pool.kids[at] = left;
    pool.keys[at] = pool.endOf(level, left);
    pool.unlink(parent, place + 1);
    pool.release(level, right);
    return true;
  }

  /** A root with a single child is none. */
  private lower(): void {
    const { pool } = this;
    while (this.height > 0 && pool.inner.counts[this.root] === 1) {
      const root = this.root;
      const child = pool.kids[root * FAN]!;
      this.height--;
      (this.height > 0 ? pool.inner : pool.leaves).refs[child]!++;
      pool.release(this.height + 1, root);
      this.root = child;
    }
  }
}
