import { KeyTree } from './key-tree';
import { SlabPool } from './slab-pool';

/** Pages per bitmap chunk: 16 MiB of address space in 512 bytes. */
const CHUNK_LOG2 = 12;
const CHUNK_PAGES = 1 << CHUNK_LOG2;
const WORDS = CHUNK_PAGES / 32;
/** Up to so many chunks a range is walked one by one. */
const FEW = 16;

/** 65,536 chunks are 32 MiB. Beyond, unique pages are a lower bound. */
export const PAGE_CHUNK_CAP = 65536;

export function pagePool(cap = PAGE_CHUNK_CAP): SlabPool {
  return new SlabPool(WORDS, cap);
}

/** Which pages of one address space have faulted: a bitmap in chunks from a pool shared by all. */
export class PageSet {
  private readonly chunks = new Map<number, number>();
  /** The keys of chunks, by range: a range may span terabytes, and most chunks lie elsewhere. */
  private readonly keys = new KeyTree();
  private lastKey = -1;
  private lastBase = 0;
  /** A page was not entered for want of chunks: its faults all count as re-faults. */
  incomplete = false;

  constructor(private readonly pool: SlabPool) {}

  /** Enters a page; true when it was not there. */
  touch(page: number): boolean {
    const key = Math.floor(page / CHUNK_PAGES);
    if (key !== this.lastKey && !this.load(key)) return false;
    // Not `page % CHUNK_PAGES`: beyond 2^31 that is a call of fmod.
    const low = page - key * CHUNK_PAGES;
    const { counters } = this.pool;
    const at = this.lastBase + (low >>> 5);
    const bit = 1 << (low & 31);
    const word = counters[at]!;
    if ((word & bit) !== 0) return false;
    counters[at] = word | bit;
    return true;
  }

  private load(key: number): boolean {
    let block = this.chunks.get(key);
    if (block === undefined) {
      block = this.pool.alloc();
      if (block < 0) {
        this.incomplete = true;
        return false;
      }
      this.chunks.set(key, block);
      this.keys.add(key);
    }
    this.lastKey = key;
    this.lastBase = block * WORDS;
    return true;
  }

  /** Forgets pages start to end (exclusive): they were unmapped, a later fault there is a new page. */
  forget(start: number, end: number): void {
    if (this.chunks.size === 0 || end <= start) return;
    const first = Math.floor(start / CHUNK_PAGES);
    const last = Math.floor((end - 1) / CHUNK_PAGES);
    if (last - first < FEW) {
      for (let key = first; key <= last; key++) this.forgetIn(key, start, end);
    } else {
      for (const key of this.keys.within(first, last)) this.forgetIn(key, start, end);
    }
  }

  private forgetIn(key: number, start: number, end: number): void {
    const block = this.chunks.get(key);
    if (block === undefined) return;
    const from = Math.max(0, start - key * CHUNK_PAGES);
    const to = Math.min(CHUNK_PAGES, end - key * CHUNK_PAGES);
    if (from === 0 && to === CHUNK_PAGES) {
      this.chunks.delete(key);
      this.keys.delete(key);
      this.pool.release(block);
      if (key === this.lastKey) this.lastKey = -1;
      return;
    }
    const words = this.pool.counters;
    const base = block * WORDS;
    for (let w = from >>> 5; w <= (to - 1) >>> 5; w++) {
      const low = w === from >>> 5 ? -1 << (from & 31) : -1;
      const high = w === (to - 1) >>> 5 ? -1 >>> (31 - ((to - 1) & 31)) : -1;
      words[base + w]! &= ~(low & high);
    }
  }

  /** Gives every chunk back: the address space is gone, or new after an exec. */
  clear(): void {
    for (const block of this.chunks.values()) this.pool.release(block);
    this.chunks.clear();
    this.keys.clear();
    this.lastKey = -1;
  }
}
