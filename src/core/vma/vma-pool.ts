import { Backings, MAX_BACKINGS } from './backings';
import { forgetOldest } from './vma-forget';
import { backingOf } from './vma-kind';
import { ENTRY, LEAF, MAX_LEAVES, VmaNodes } from './vma-nodes';

/** What all VMA maps together may hold, and what they share: nodes and backings. */
export class VmaPool extends VmaNodes {
  readonly backings: Backings;
  /** Pieces of mappings on their way to another place. */
  readonly moved: number[] = [];
  /** Rises with every batch: tells what was used lately. */
  clock = 1;
  /** Leaves that were forgotten for want of room. */
  forgotten = 0;
  private ids = 0;
  private stamps = 0;

  /**
   * Room for `leaves` nodes of 32 entries and for `backings` distinct files and names. `noteExtent` is told the region
   * and the pages of entries before they are cut, laid over or forgotten.
   */
  constructor(
    leaves = MAX_LEAVES,
    backings = MAX_BACKINGS,
    readonly noteExtent: ((code: number, start: number, end: number) => void) | null = null,
  ) {
    super(leaves);
    this.backings = new Backings(() => {
      this.makeRoomForBackings();
    }, backings);
  }

  /** A number that no map had before. */
  newId(): number {
    return ++this.ids;
  }

  /** See VmaView.stamp. */
  newStamp(): number {
    return ++this.stamps;
  }

  /** To be called before a change: where there is no room the oldest eighth is forgotten, or more. */
  makeRoom(): void {
    for (let parts = 8; !this.roomy && parts >= 1; parts /= 2) this.forget(parts);
  }

  private makeRoomForBackings(): void {
    this.retainBackings();
    for (let parts = 4; this.backings.crowded && parts >= 1; parts /= 2) {
      this.forget(parts);
      this.retainBackings();
    }
  }

  private forget(parts: number): void {
    this.forgotten += forgetOldest(this, Math.ceil(this.leaves.made / parts));
  }

  private retainBackings(): void {
    const used = new Uint8Array(MAX_BACKINGS);
    const { counts, refs, made } = this.leaves;
    for (let leaf = 0; leaf < made; leaf++) {
      if (refs[leaf] === 0) continue;
      const end = leaf * LEAF + counts[leaf]!;
      for (let i = leaf * LEAF; i < end; i++) used[backingOf(this.i32[i * 2 * ENTRY + 8]!)] = 1;
    }
    this.backings.retain(used);
  }
}
