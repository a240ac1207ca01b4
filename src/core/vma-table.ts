import { VmaStore } from './vma-store';
import { cutVma, isHeap, sameMapping } from './vma-pieces';
import type { Vma } from './vma';

/** vm.max_map_count is 65,530 unless raised; 262,144 is what databases are told to raise it to. */
export const MAX_ENTRIES = 262_144;

/**
 * Sorted, non-overlapping mappings, each with a "region slot": a small integer that the model caches
 * for it, -1 for "not yet". Knows how to find, cut and replace entries and to share them with a copy
 * (copy on write); what the system calls mean is told by VmaMap.
 */
export class VmaTable {
  protected store: VmaStore;
  /** null: every slot is -1 (a forked child costs no array until it faults). */
  private slots: Int32Array | null = null;
  /** Entry of the last hit: faults come in runs. */
  private last = 0;

  constructor(store = new VmaStore()) {
    this.store = store;
  }

  get length(): number {
    return this.store.length;
  }

  /**
   * Handle of the entry that covers a page, -1 where nothing is mapped. Handles are good until the
   * mappings change; setRegion is no such change, but its code is seen by a new find() only.
   */
  find(page: number): number {
    const store = this.store;
    const last = this.last;
    if (last < store.length && store.starts[last]! <= page && page < store.ends[last]!) return last;
    const i = store.firstEndingAfter(page);
    if (i === store.length || store.starts[i]! > page) return -1;
    this.last = i;
    return i;
  }

  /** Handle of the lowest entry, -1 when there is none. */
  first(): number {
    return this.length > 0 ? 0 : -1;
  }

  /** Handle of the entry above, -1 behind the last. */
  next(handle: number): number {
    return handle + 1 < this.length ? handle + 1 : -1;
  }

  /** Handle of the entry below, -1 before the first. */
  previous(handle: number): number {
    return handle - 1;
  }

  /** Handle of the first entry that ends behind `page`: the one that covers it, or the next; -1: none. */
  firstEndingAfter(page: number): number {
    const at = this.store.firstEndingAfter(page);
    return at < this.length ? at : -1;
  }

  /** The entry as an object, made for it: not for the hot path. */
  vma(handle: number): Vma {
    return this.store.vmas[handle]!;
  }

  startOf(handle: number): number {
    return this.store.starts[handle]!;
  }

  endOf(handle: number): number {
    return this.store.ends[handle]!;
  }

  pgoffOf(handle: number): number {
    return this.store.vmas[handle]!.pgoff;
  }

  region(handle: number): number {
    return this.slots === null ? -1 : this.slots[handle]!;
  }

  setRegion(handle: number, slot: number): void {
    // Slots belong to this map alone, so a shared store is no obstacle.
    this.slots ??= new Int32Array(this.store.capacity).fill(-1);
    this.slots[handle] = slot;
  }

  /** Calls `visit` for every entry that has a region slot. */
  eachRegion(visit: (handle: number, slot: number) => void): void {
    if (this.slots === null) return;
    for (let i = 0; i < this.length; i++) if (this.slots[i] !== -1) visit(i, this.slots[i]!);
  }

  clearRegions(): void {
    this.slots = null;
  }

  /** The entries, for a second map that starts with the same ones. */
  protected share(): VmaStore {
    this.store.owners++;
    return this.store;
  }

  /** Replaces all entries. */
  protected become(vmas: readonly Vma[], slots: readonly number[]): void {
    this.forgetAll();
    this.store = VmaStore.of(vmas);
    for (let i = 0; i < slots.length; i++) if (slots[i] !== -1) this.setRegion(i, slots[i]!);
  }

  protected forgetAll(): void {
    this.store.owners--;
    this.store = new VmaStore();
    this.slots = null;
    this.last = 0;
  }

  private own(): VmaStore {
    if (this.store.owners > 1) {
      this.store.owners--;
      this.store = this.store.copy();
    }
    return this.store;
  }

  /** First slot, in address order, of what lies in the mapping's range and is the same kind. */
  protected inheritedSlot(v: Vma): number {
    const slots = this.slots;
    if (slots === null) return -1;
    const { vmas } = this.store;
    for (let i = this.store.firstEndingAfter(v.start); i < vmas.length; i++) {
      if (vmas[i]!.start >= v.end) break;
      if (slots[i] !== -1 && sameMapping(vmas[i]!, v)) return slots[i]!;
    }
    return -1;
  }

  /** Lays `put` (sorted, within [start, end)) over the range; what sticks out is kept. */
  protected replace(
    start: number,
    end: number,
    put: readonly Vma[],
    slots: readonly number[],
  ): void {
    const store = this.own();
    const from = store.firstEndingAfter(start);
    let to = from;
    while (to < store.length && store.starts[to]! < end) to++;
    const pieces: Vma[] = [];
    const pieceSlots: number[] = [];
    if (from < to && store.starts[from]! < start) {
      pieces.push(cutVma(store.vmas[from]!, store.starts[from]!, start));
      pieceSlots.push(this.region(from));
    }
    for (let i = 0; i < put.length; i++) {
      pieces.push(put[i]!);
      pieceSlots.push(slots[i]!);
    }
    if (from < to && store.ends[to - 1]! > end) {
      pieces.push(cutVma(store.vmas[to - 1]!, end, store.ends[to - 1]!));
      pieceSlots.push(this.region(to - 1));
    }
    this.splice(from, to, pieces, pieceSlots);
  }

  protected splice(
    from: number,
    to: number,
    put: readonly Vma[],
    putSlots: readonly number[],
  ): void {
    const store = this.own();
    const length = store.length;
    const shift = put.length - (to - from);
    store.splice(from, to, put);
    this.last = from;
    if (this.slots === null && !putSlots.some((slot) => slot !== -1)) return;
    let slots = this.slots ?? new Int32Array(store.capacity).fill(-1);
    if (slots.length < store.capacity) {
      const wider = new Int32Array(store.capacity).fill(-1);
      wider.set(slots);
      slots = wider;
    }
    this.slots = slots;
    if (shift !== 0) slots.copyWithin(to + shift, to, length);
    for (let i = 0; i < putSlots.length; i++) slots[from + i] = putSlots[i]!;
  }

  /**
   * The parts within [start, end) of entries born before `before` (of [heap] only, if so wanted), in
   * order; taken out of the map unless `copy`. Entries that stay are not cut at the range's edges.
   */
  protected take(start: number, end: number, before: number, how: 'all' | 'heap' | 'copy'): Taken {
    const taken: Taken = { vmas: [], slots: [] };
    const rest: Taken = { vmas: [], slots: [] };
    const store = this.store;
    const from = store.firstEndingAfter(start);
    let to = from;
    for (; to < store.length && store.starts[to]! < end; to++) {
      const vma = store.vmas[to]!;
      const slot = this.region(to);
      if (vma.born >= before || (how === 'heap' && !isHeap(vma))) {
        push(rest, vma, slot);
        continue;
      }
      push(taken, cutVma(vma, Math.max(vma.start, start), Math.min(vma.end, end)), slot);
      if (vma.start < start) push(rest, cutVma(vma, vma.start, start), slot);
      if (vma.end > end) push(rest, cutVma(vma, end, vma.end), slot);
    }
    if (how !== 'copy' && taken.vmas.length > 0) this.splice(from, to, rest.vmas, rest.slots);
    return taken;
  }
}

export interface Taken {
  readonly vmas: Vma[];
  readonly slots: number[];
}

function push(list: Taken, vma: Vma, slot: number): void {
  list.vmas.push(vma);
  list.slots.push(slot);
}
