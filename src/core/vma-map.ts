import { MAX_ENTRIES, VmaTable } from './vma-table';
import { cutVma, HEAP, isHeap, isUnnamed, normalVma } from './vma-pieces';
import { Prot, sameBacking, type Vma } from './vma';

/** x86-64 moves the break by up to SZ_1G (arch_randomize_brk). Pages. */
const MAX_BREAK_GAP = 1 << 18;
/** Segments, their RELRO part and .bss of one program: more is none. */
const MAX_PROGRAM_ENTRIES = 10;

/**
 * The mappings of one address space as they were at the time of the record last applied.
 *
 * Two rules hold it together:
 *  - The kernel says what it merged: an MMAP2 record carries the whole VMA that resulted (measured for
 *    mmap, mprotect and brk on 6.18). So entries are laid over each other exactly as reported and
 *    never merged by guess: vma_merge() looks at flags and at anon_vma, which nobody reports, and a
 *    thread's stack (MAP_NORESERVE) must not melt into the allocation that happens to lie above it.
 *  - What is removed wrongly costs a label, what is kept too long does not: a fault can only be
 *    completed where something is mapped, and whatever is mapped over a stale entry replaces it. Where
 *    a munmap races with a mmap of another thread the entry stays (`born`).
 *
 * Every entry carries a "region slot", a small integer that the model caches for it; -1 is "not yet".
 * Pages are 4 KiB units, times ns since the session's start.
 */
export class VmaMap extends VmaTable {
  /** The program break in pages, rounded up; -1 while no brk was seen. */
  private brk = -1;

  /**
   * A mapping made or changed (MMAP2): replaces what it covers, whose rest stays on either side with
   * its slot. The new entry takes over the first slot of what it covers of the same kind
   * (`sameMapping`): growth, merging and splitting leave a region its identity.
   */
  insert(vma: Vma): void {
    const normal = normalVma(vma);
    if (normal.end <= normal.start) return;
    const v = this.isFirstHeap(normal) ? { ...normal, backing: HEAP } : normal;
    // Without munmap records (no permission) entries of a target that never maps twice at one place
    // would pile up for ever. /proc answers for what is forgotten here.
    if (this.store.length >= MAX_ENTRIES) this.forgetAll();
    this.replace(v.start, v.end, [v], [this.inheritedSlot(v)]);
  }

  /**
   * A successful munmap. What was born at or after `enteredAt`, the time of the system call's entry
   * record, stays: another thread was given the range in between.
   */
  unmap(start: number, end: number, enteredAt: number): void {
    this.take(start, end, enteredAt, 'all');
  }

  /**
   * A successful mremap of [oldStart, oldEnd) to [newStart, newEnd), as the system call was asked for:
   * moves, grows or shrinks in place; an empty old range duplicates a shared mapping. `doneAt` (the
   * exit record's time) is when the result counts as born: a munmap that was entered while the call
   * ran was about what lay there before. Where nothing lies at the old place the map already
   * shows the result (it was read from /proc meanwhile), and nothing is done.
   */
  remap(
    oldStart: number,
    oldEnd: number,
    newStart: number,
    newEnd: number,
    enteredAt: number,
    dontUnmap: boolean,
    doneAt = enteredAt,
  ): void {
    if (newEnd <= newStart) return;
    if (oldStart === oldEnd) {
      this.duplicate(oldStart, newStart, newEnd, doneAt);
      return;
    }
    if (newStart === oldStart) {
      if (newEnd < oldEnd) this.unmap(newEnd, oldEnd, enteredAt);
      else if (newEnd > oldEnd) this.growInPlace(oldEnd, newEnd, enteredAt, doneAt);
      return;
    }
    const kept = Math.min(oldEnd, oldStart + (newEnd - newStart));
    const moved = this.take(oldStart, kept, enteredAt, dontUnmap ? 'copy' : 'all');
    if (kept < oldEnd) this.unmap(kept, oldEnd, enteredAt);
    if (moved.vmas.length === 0) return;
    const shift = newStart - oldStart;
    const put = moved.vmas.map((vma) => ({
      ...vma,
      start: vma.start + shift,
      end: vma.end + shift,
      born: doneAt,
    }));
    // The mapping grows at its end only, and only where the end was moved along.
    const tail = put[put.length - 1]!;
    if (newEnd - newStart > oldEnd - oldStart && tail.end === oldEnd + shift) {
      put[put.length - 1] = { ...tail, end: newEnd };
    }
    for (let i = 0; i < put.length; i++) {
      this.replace(put[i]!.start, put[i]!.end, [put[i]!], [moved.slots[i]!]);
    }
  }

  /**
   * A brk that returned: the program break is now at `endPage` (rounded up). Shrinking cuts [heap] and
   * nothing else: a brk also returns when it was refused, and the kernel merges and names [heap] what
   * a program maps right behind. Growth arrives as MMAP2, named [heap] except for the very first, which
   * the kernel names //anon because the break has not moved yet: that one gets its name here.
   */
  setBreak(endPage: number): void {
    const before = this.brk;
    this.brk = endPage;
    const heapEnd = before >= 0 ? before : this.heapEnd();
    if (heapEnd > endPage) this.take(endPage, heapEnd, Infinity, 'heap');
    else if (before >= 0) this.nameHeap(before, endPage);
    else if (heapEnd < 0) this.nameFirstHeap(endPage);
  }

  /** Repair from /proc: fills the gaps within the mapping's range; what is there already wins. */
  fill(vma: Vma): void {
    const v = normalVma(vma);
    if (v.end <= v.start) return;
    if (this.store.length >= MAX_ENTRIES) this.forgetAll();
    const slot = this.inheritedSlot(v);
    let from = v.start;
    for (let i = this.store.firstEndingAfter(from); from < v.end; i++) {
      const next = i < this.store.length ? this.store.starts[i]! : Infinity;
      const to = Math.min(next, v.end);
      if (to > from) {
        this.replace(from, to, [cutVma(v, from, to)], [slot]);
        i++;
      }
      if (to === v.end) return;
      from = this.store.ends[i]!;
    }
  }

  /**
   * Replaces everything by what /proc says. Entries of the same mapping keep their slot. Overlaps in
   * the list are clipped, the first wins: maps is not read atomically, a merge in between shows twice.
   */
  reset(vmas: readonly Vma[]): void {
    const slots: number[] = [];
    const put: Vma[] = [];
    let floor = -1;
    for (const vma of sortedByStart(vmas)) {
      if (put.length === MAX_ENTRIES) break;
      const start = Math.max(vma.start, floor);
      if (start >= vma.end) continue;
      const v = cutVma(normalVma(vma), start, vma.end);
      put.push(v);
      slots.push(this.inheritedSlot(v));
      floor = v.end;
    }
    this.become(put, slots);
  }

  /** An exec: nothing of the old image remains. */
  clear(): void {
    this.forgetAll();
    this.brk = -1;
  }

  /** The copy a forked child starts with: shares the entries until one side changes; slots all -1. */
  fork(): VmaMap {
    const child = new VmaMap(this.share());
    child.brk = this.brk;
    return child;
  }

  /**
   * Where no brk is seen (no permission for tracepoints) the first growth is known by its place: a gap
   * behind the program, which lies lowest, and within the 1 GiB by which the break is randomised.
   */
  private isFirstHeap(v: Vma): boolean {
    if (this.brk >= 0 || v.prot !== (Prot.READ | Prot.WRITE) || !isUnnamed(v)) return false;
    const { vmas } = this.store;
    const at = this.store.firstEndingAfter(v.start);
    if (at === 0 || at > MAX_PROGRAM_ENTRIES || vmas[0]!.backing.ino === '0') return false;
    const gap = v.start - vmas[at - 1]!.end;
    if (gap < 1 || gap > MAX_BREAK_GAP || (at < vmas.length && isHeap(vmas[at]!))) return false;
    let executable = false;
    for (let i = 0; i < at; i++) {
      const { prot, backing } = vmas[i]!;
      if (sameBacking(backing, vmas[0]!.backing)) executable ||= (prot & Prot.EXEC) !== 0;
      else if (!isUnnamed(vmas[i]!)) return false;
    }
    return executable;
  }

  private growInPlace(oldEnd: number, newEnd: number, enteredAt: number, doneAt: number): void {
    const i = this.find(oldEnd - 1);
    if (i < 0) return;
    const vma = this.vma(i);
    if (vma.end !== oldEnd || vma.born >= enteredAt) return;
    this.replace(vma.start, newEnd, [{ ...vma, end: newEnd, born: doneAt }], [this.region(i)]);
  }

  /** mremap with old_len 0: a second view of a shared mapping. */
  private duplicate(oldPage: number, newStart: number, newEnd: number, doneAt: number): void {
    const i = this.find(oldPage);
    if (i < 0 || !this.vma(i).shared) return;
    const vma = this.vma(i);
    const { pgoff } = cutVma(vma, oldPage, vma.end);
    const view = { ...vma, start: newStart, end: newEnd, pgoff, born: doneAt };
    this.replace(newStart, newEnd, [view], [this.region(i)]);
  }

  private heapEnd(): number {
    const { vmas } = this.store;
    for (let i = vmas.length - 1; i >= 0; i--) if (isHeap(vmas[i]!)) return vmas[i]!.end;
    return -1;
  }

  /** Unnamed private memory within what the break moved over is heap. */
  private nameHeap(start: number, end: number): void {
    for (let i = this.store.firstEndingAfter(start); i < this.store.length; i++) {
      const vma = this.store.vmas[i]!;
      if (vma.start >= end) break;
      if (vma.start < start || vma.end > end || !isUnnamed(vma)) continue;
      this.renameToHeap(i);
    }
  }

  /** The break was never seen before: it is the mapping made since that ends exactly there. */
  private nameFirstHeap(endPage: number): void {
    const i = this.find(endPage - 1);
    if (i < 0) return;
    const vma = this.vma(i);
    if (vma.end === endPage && vma.born !== -Infinity && isUnnamed(vma)) this.renameToHeap(i);
  }

  private renameToHeap(index: number): void {
    const vma = { ...this.vma(index), backing: HEAP };
    this.splice(index, index + 1, [vma], [-1]);
  }
}

function sortedByStart(vmas: readonly Vma[]): readonly Vma[] {
  for (let i = 1; i < vmas.length; i++) {
    if (vmas[i]!.start < vmas[i - 1]!.start) return [...vmas].sort((a, b) => a.start - b.start);
  }
  return vmas;
}
