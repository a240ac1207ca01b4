import { Prot, type Vma } from './vma';
import { backingOf, heapKind, isHeap, isShared, isUnnamed, protOf } from './vma-kind';
import { VmaTable } from './vma-table';

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
 * Every entry carries a region code, a small integer that the model caches for it; -1 is "not yet".
 * Entries may be missing: when all maps together have no room, those not used for longest are forgotten,
 * and /proc is asked when one of them faults. Pages are 4 KiB units, times ns since the session's start.
 */
export class VmaMap extends VmaTable {
  /** The program break in pages, rounded up; -1 while no brk was seen. */
  private brk = -1;

  /** The program break, in pages, rounded up; -1 while no brk was seen. */
  get programBreak(): number {
    return this.brk;
  }

  /**
   * A mapping made or changed (MMAP2): replaces what it covers, whose rest stays on either side with
   * its region. The new entry takes over the first region of what it covers of the same kind and
   * place in the file: growth, merging and splitting leave a region its identity.
   */
  insert(start: number, end: number, pgoff: number, born: number, kind: number): void {
    if (end <= start) return;
    if (this.isFirstHeap(start, kind)) kind = heapKind(kind);
    this.lay(start, end, this.offset(kind, pgoff), born, kind, 'inherit');
  }

  /**
   * A successful munmap. What was born at or after `enteredAt`, the time of the system call's entry
   * record, stays: another thread was given the range in between.
   */
  unmap(start: number, end: number, enteredAt: number): void {
    this.drop(start, end, enteredAt, false);
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
    this.noteMoved(oldStart, kept, enteredAt);
    this.unmap(dontUnmap ? kept : oldStart, oldEnd, enteredAt);
    const { moved } = this.pool;
    // What moved there may be among what was forgotten: what was there before is gone in any case.
    if (moved.length === 0 && this.pool.forgotten > 0) this.unmap(newStart, newEnd, enteredAt);
    const shift = newStart - oldStart;
    for (let i = 0; i < moved.length; i += 5) {
      const start = moved[i]! + shift;
      let end = moved[i + 1]! + shift;
      // The mapping grows at its end only, and only where the end was moved along.
      if (i + 5 === moved.length && end === oldEnd + shift && newEnd > end) end = newEnd;
      this.lay(start, end, moved[i + 2]!, doneAt, moved[i + 3]!, moved[i + 4]!);
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
    if (heapEnd > endPage) this.drop(endPage, heapEnd, Infinity, true);
    else if (before >= 0) this.nameHeap(before, endPage);
    else if (heapEnd < 0) this.nameFirstHeap(endPage);
  }

  /** Repair from /proc: fills the gaps within the mapping's range; what is there already wins. */
  fill(vma: Vma): void {
    const { start, end, born } = vma;
    if (end <= start) return;
    const kind = this.vmaKind(vma);
    const pgoff = this.offset(kind, vma.pgoff);
    const code = this.inherited(this.firstEndingAfter(start), start, end, pgoff, kind);
    for (let from = start; from < end;) {
      const i = this.firstEndingAfter(from);
      const to = i < 0 ? end : Math.min(end, this.startOf(i));
      const next = i < 0 ? end : this.endOf(i);
      if (to > from) {
        this.put(from, to, this.offset(kind, pgoff + from - start), born, kind, code);
      }
      from = next;
    }
  }

  /**
   * Replaces everything by what /proc says. Entries of the same mapping keep their region. Overlaps in
   * the list are clipped, the first wins: maps is not read atomically, a merge in between shows twice.
   */
  reset(vmas: readonly Vma[]): void {
    const fresh = new VmaMap(this.pool);
    let floor = -1;
    for (const vma of sortedByStart(vmas)) {
      const start = Math.max(vma.start, floor);
      if (start >= vma.end) continue;
      const kind = this.vmaKind(vma);
      const pgoff = this.offset(kind, vma.pgoff + start - vma.start);
      const code = this.inherited(this.firstEndingAfter(start), start, vma.end, pgoff, kind);
      fresh.put(start, vma.end, pgoff, vma.born, kind, code);
      floor = vma.end;
    }
    this.become(fresh);
  }

  /** An exec: nothing of the old image remains. */
  clear(): void {
    if (this.pool.noteExtent !== null) {
      this.eachRegion((handle) => {
        this.noteExtent(handle);
      });
    }
    this.empty();
    this.brk = -1;
  }

  /** The copy a forked child starts with: shares the entries until one side changes; no regions. */
  fork(): VmaMap {
    const child = new VmaMap(this.pool);
    child.share(this);
    child.brk = this.brk;
    return child;
  }

  /** An empty one that shares the room of this. */
  another(): VmaMap {
    return new VmaMap(this.pool);
  }

  /**
   * End of the System V segment that was attached at a page: of its pieces, as mprotect and munmap have
   * left them. The page itself where it is not known. (ksys_shmdt in ipc/shm.c; the segment's length is
   * in no record.)
   */
  segmentEnd(page: number): number {
    let end = page;
    let ino = '';
    for (let i = this.firstEndingAfter(page); i >= 0; i = this.next(i)) {
      const { start, pgoff, backing, end: after } = this.vma(i);
      if (start - page !== pgoff || !backing.name.startsWith('/SYSV')) break;
      if (ino !== '' && backing.ino !== ino) break;
      ino = backing.ino;
      end = after;
    }
    return end;
  }

  /**
   * Where no brk is seen (no permission for tracepoints) the first growth is known by its place: a gap
   * behind the program, which lies lowest, and within the 1 GiB by which the break is randomised.
   */
  private isFirstHeap(start: number, kind: number): boolean {
    if (this.brk >= 0 || protOf(kind) !== (Prot.READ | Prot.WRITE) || !isUnnamed(kind))
      return false;
    const program = this.first();
    const below = this.lastBefore(start);
    if (below < 0) return false;
    const gap = start - this.endOf(below);
    if (gap < 1 || gap > MAX_BREAK_GAP) return false;
    const above = this.next(below);
    if (above >= 0 && isHeap(this.kindOf(above))) return false;
    const backing = backingOf(this.kindOf(program));
    if (this.pool.backings.isAnonymous(backing)) return false;
    let executable = false;
    let i = program;
    for (let n = 0; n < MAX_PROGRAM_ENTRIES; n++, i = this.next(i)) {
      const at = this.kindOf(i);
      if (backingOf(at) === backing) executable ||= (protOf(at) & Prot.EXEC) !== 0;
      else if (!isUnnamed(at)) return false;
      if (i === below) return executable;
    }
    return false;
  }

  private growInPlace(oldEnd: number, newEnd: number, enteredAt: number, doneAt: number): void {
    const i = this.find(oldEnd - 1);
    if (i < 0 || this.endOf(i) !== oldEnd || this.bornOf(i) >= enteredAt) return;
    this.lay(this.startOf(i), newEnd, this.pgoffOf(i), doneAt, this.kindOf(i), this.region(i));
  }

  /** mremap with old_len 0: a second view of a shared mapping. */
  private duplicate(oldPage: number, newStart: number, newEnd: number, doneAt: number): void {
    const i = this.find(oldPage);
    if (i < 0 || !isShared(this.kindOf(i))) return;
    const pgoff = this.offsetAt(i, oldPage);
    this.lay(newStart, newEnd, pgoff, doneAt, this.kindOf(i), this.region(i));
  }

  private heapEnd(): number {
    let i = this.lastBefore(Infinity);
    while (i >= 0 && !isHeap(this.kindOf(i))) i = this.previous(i);
    return i < 0 ? -1 : this.endOf(i);
  }

  /** Unnamed private memory within what the break moved over is heap. */
  private nameHeap(start: number, end: number): void {
    for (let i = this.firstEndingAfter(start); i >= 0; i = this.next(i)) {
      if (this.endOf(i) > end) return;
      if (this.startOf(i) < start || !isUnnamed(this.kindOf(i))) continue;
      const at = this.startOf(i);
      this.renameToHeap(i);
      i = this.find(at);
      if (i < 0) return;
    }
  }

  /** The break was never seen before: it is the mapping made since that ends exactly there. */
  private nameFirstHeap(endPage: number): void {
    const i = this.find(endPage - 1);
    if (i < 0 || this.endOf(i) !== endPage || this.bornOf(i) === -Infinity) return;
    if (isUnnamed(this.kindOf(i))) this.renameToHeap(i);
  }

  private renameToHeap(i: number): void {
    this.rewrite(this.startOf(i), this.pgoffOf(i), this.bornOf(i), heapKind(this.kindOf(i)), -1);
  }
}

function sortedByStart(vmas: readonly Vma[]): readonly Vma[] {
  for (let i = 1; i < vmas.length; i++) {
    if (vmas[i]!.start < vmas[i - 1]!.start) return [...vmas].sort((a, b) => a.start - b.start);
  }
  return vmas;
}
