import type { Vma } from './vma';
import { backingOf, isHeap, isShared, kindOf, protOf } from './vma-kind';
import { VmaTree } from './vma-tree';

/** Mappings as entries of a tree: how they are cut, laid over each other, and keep their regions. */
export class VmaTable extends VmaTree {
  /** The entry as an object, made for it: not for the hot path. */
  vma(handle: number): Vma {
    const kind = this.kindOf(handle);
    return {
      start: this.startOf(handle),
      end: this.endOf(handle),
      prot: protOf(kind),
      shared: isShared(kind),
      pgoff: this.pgoffOf(handle),
      backing: this.pool.backings.get(backingOf(kind)),
      born: this.bornOf(handle),
    };
  }

  /** Whether an entry shows something else than such a mapping does, at their common pages. */
  showsOther(handle: number, start: number, pgoff: number, kind: number): boolean {
    const old = this.kindOf(handle);
    if (isShared(old) !== isShared(kind)) return true;
    const { backings } = this.pool;
    const backing = backingOf(kind);
    if (backings.isAnonymous(backing) && backings.isAnonymous(backingOf(old))) return false;
    return backingOf(old) !== backing || !this.inLine(handle, start, pgoff);
  }

  protected vmaKind({ backing, prot, shared }: Vma): number {
    return kindOf(this.pool.backings.number(backing), prot, shared);
  }

  /** pgoff in its one spelling: records give anonymous memory an offset (its first address), maps does not. */
  protected offset(kind: number, pgoff: number): number {
    return this.pool.backings.countsOffsets(backingOf(kind)) ? pgoff : 0;
  }

  /** pgoff of the part of an entry that begins at `start`. */
  protected offsetAt(handle: number, start: number): number {
    return this.offset(this.kindOf(handle), this.pgoffOf(handle) + (start - this.startOf(handle)));
  }

  private inLine(handle: number, start: number, pgoff: number): boolean {
    return this.pgoffOf(handle) - pgoff === this.startOf(handle) - start;
  }

  /** Whether an entry shows the same in the same way as such a mapping, at every common page. */
  private same(handle: number, start: number, pgoff: number, kind: number): boolean {
    if (this.kindOf(handle) !== kind) return false;
    const offsets = this.pool.backings.countsOffsets(backingOf(kind));
    return !offsets || this.inLine(handle, start, pgoff);
  }

  /** First region code, from entry `first` on, of what lies in the range and is the same mapping. */
  protected inherited(
    first: number,
    start: number,
    end: number,
    pgoff: number,
    kind: number,
  ): number {
    for (let i = first; i >= 0; i = this.next(i)) {
      if (this.startOf(i) >= end) break;
      const code = this.region(i);
      if (code !== -1 && this.same(i, start, pgoff, kind)) return code;
    }
    return -1;
  }

  /**
   * Lays an entry over what is there; what sticks out of its range is kept. `code` is its region's, or
   * 'inherit': the first one, in address order, of the same mapping among what it covers.
   */
  protected lay(
    start: number,
    end: number,
    pgoff: number,
    born: number,
    kind: number,
    code: number | 'inherit',
  ): void {
    const at = this.firstEndingAfter(start);
    const covers = at >= 0 && this.startOf(at) < end;
    if (code === 'inherit') code = covers ? this.inherited(at, start, end, pgoff, kind) : -1;
    if (covers) {
      const met = this.metInLeaf(at, end);
      for (let i = at; i < at + met; i++) this.noteExtent(i);
      const offset = this.offsetAt(at + met - 1, end);
      if (this.layWithinLeaf(at, met, start, end, pgoff, born, kind, code, offset)) return;
      this.drop(start, end, Infinity, false);
    }
    this.put(start, end, pgoff, born, kind, code);
  }

  /**
   * Takes the parts within [start, end) of entries born before `before` (of [heap] only, if so wanted) out
   * of the map. Entries that stay are not cut at the range's edges.
   */
  protected drop(start: number, end: number, before: number, heapOnly: boolean): void {
    for (let at = start; at < end;) {
      const i = this.firstEndingAfter(at);
      if (i < 0) return;
      const from = this.startOf(i);
      if (from >= end) return;
      at = this.endOf(i);
      if (this.bornOf(i) < before && (!heapOnly || isHeap(this.kindOf(i)))) this.cut(i, start, end);
    }
  }

  /** Takes [start, end) out of one entry. */
  private cut(i: number, start: number, end: number): void {
    this.noteExtent(i);
    const from = this.startOf(i);
    const to = this.endOf(i);
    if (from >= start && to <= end) this.remove(from);
    else if (from >= start) this.moveStart(from, end, this.offsetAt(i, end));
    else if (to <= end) this.moveEnd(from, start);
    else {
      const offset = this.offsetAt(i, end);
      const born = this.bornOf(i);
      const kind = this.kindOf(i);
      const code = this.region(i);
      this.moveEnd(from, start);
      this.put(end, to, offset, born, kind, code);
    }
  }

  protected noteExtent(i: number): void {
    const code = this.region(i);
    if (code !== -1) this.pool.noteExtent?.(code, this.startOf(i), this.endOf(i));
  }

  /** Notes the parts within [start, end) of entries born before `before` in the pool. */
  protected noteMoved(start: number, end: number, before: number): void {
    const { moved } = this.pool;
    moved.length = 0;
    for (let i = this.firstEndingAfter(start); i >= 0; i = this.next(i)) {
      if (this.startOf(i) >= end) break;
      if (this.bornOf(i) >= before) continue;
      const from = Math.max(this.startOf(i), start);
      const to = Math.min(this.endOf(i), end);
      moved.push(from, to, this.offsetAt(i, from), this.kindOf(i), this.region(i));
    }
  }
}
