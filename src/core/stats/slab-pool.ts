import { reserve } from '../memory/reserved';

/**
 * Small blocks of 32-bit counters, handed out and taken back by number. A typed array of its own per block
 * would cost more than the block (some 200 bytes of heap objects each), and there are tens of
 * thousands of them; one array for all also saves the hot path an indirection.
 */
export class SlabPool {
  /**
   * All blocks: block b begins at b * words. Allocated at its full size at once, because growing would
   * copy it: the system gives memory to the pages that are used, and blocks are used from below.
   */
  readonly counters: Uint32Array;
  private readonly free: number[] = [];
  private made = 0;

  /** `words` per block; at most `cap` blocks are handed out at a time. */
  constructor(
    readonly words: number,
    readonly cap: number,
  ) {
    this.counters = new Uint32Array(reserve(words * cap * Uint32Array.BYTES_PER_ELEMENT));
  }

  /** Blocks in use. */
  get used(): number {
    return this.made - this.free.length;
  }

  /** A block of zeros; -1 when the cap is reached. */
  alloc(): number {
    const reused = this.free.pop();
    if (reused !== undefined) return reused;
    return this.made < this.cap ? this.made++ : -1;
  }

  release(block: number): void {
    this.counters.fill(0, block * this.words, (block + 1) * this.words);
    this.free.push(block);
  }
}
