const BLOCKS_PER_SLAB_LOG2 = 9;
const BLOCK_MASK = (1 << BLOCKS_PER_SLAB_LOG2) - 1;

/**
 * Small blocks of 32-bit counters, handed out and taken back by number, from slabs of 512. A typed array
 * of its own per block would cost more than the block (some 200 bytes of heap objects each), and
 * there are tens of thousands of them.
 */
export class SlabPool {
  private readonly slabs: Uint32Array[] = [];
  private readonly free: number[] = [];
  private made = 0;

  /** `words` per block; at most `cap` blocks are handed out at a time. */
  constructor(
    readonly words: number,
    readonly cap: number,
  ) {}

  /** Blocks in use. */
  get used(): number {
    return this.made - this.free.length;
  }

  /** A block of zeros; -1 when the cap is reached. */
  alloc(): number {
    const reused = this.free.pop();
    if (reused !== undefined) return reused;
    if (this.made >= this.cap) return -1;
    if (this.made >>> BLOCKS_PER_SLAB_LOG2 === this.slabs.length) {
      this.slabs.push(new Uint32Array(this.words << BLOCKS_PER_SLAB_LOG2));
    }
    return this.made++;
  }

  release(block: number): void {
    const base = this.base(block);
    this.slab(block).fill(0, base, base + this.words);
    this.free.push(block);
  }

  /** The array that holds a block, and where in it the block begins. */
  slab(block: number): Uint32Array {
    return this.slabs[block >>> BLOCKS_PER_SLAB_LOG2]!;
  }

  base(block: number): number {
    return (block & BLOCK_MASK) * this.words;
  }
}
