import type { Bytes } from './bytes';

/** Keys kept; a power of two. */
const SLOTS = 256;
/** What is longer is not kept: 128 KiB are enough for all that target's names can do. */
const SLOT_BYTES = 512;
const SLOT_WORDS = SLOT_BYTES / 4;

/**
 * Keeps what was last written for a combination of numbers (pid, tid, name, class ...). Faults come in
 * series of the same thread and region: one copy then stands for a dozen of appended pieces.
 *
 * Direct-mapped: a combination that falls on the place of another takes it. What is kept holds during
 * one batch only, because codes may mean something else in the next.
 */
export class Memo {
  /** The combination looked for: to be filled before `recall`. */
  readonly key: Int32Array;
  private readonly keys: Int32Array;
  private readonly epochs = new Uint32Array(SLOTS);
  private readonly words = new Uint32Array(SLOTS * SLOT_WORDS);
  /** What of the words of each slot is filled. */
  private readonly kept: Uint8Array[];
  private epoch = 1;

  constructor(private readonly width: number) {
    this.key = new Int32Array(width);
    this.keys = new Int32Array(SLOTS * width);
    this.kept = Array.from({ length: SLOTS }, (_, slot) => this.part(slot, 0));
  }

  nextBatch(): void {
    this.epoch += 1;
    if (this.epoch > 0xffffffff) {
      this.epochs.fill(0);
      this.epoch = 1;
    }
  }

  /** Appends what was kept for `key`. -1 when it did; otherwise the slot to `keep` it in. */
  recall(out: Bytes): number {
    const { key, keys, width } = this;
    let hash = 0;
    for (let k = 0; k < width; k++) hash = (Math.imul(hash, 31) + key[k]!) | 0;
    const slot = (hash ^ (hash >>> 8)) & (SLOTS - 1);
    if (this.epochs[slot] !== this.epoch) return slot;
    const at = slot * width;
    for (let k = 0; k < width; k++) if (keys[at + k] !== key[k]) return slot;
    out.copy(this.kept[slot]!, this.words, slot * SLOT_WORDS);
    return -1;
  }

  /** Keeps what `out` holds from `start` on under `key`, in the slot that `recall` has named. */
  keep(slot: number, out: Bytes, start: number): void {
    const length = out.length - start;
    this.epochs[slot] = 0;
    if (length > SLOT_BYTES) return;
    out.read(start, length, this.words, slot * SLOT_WORDS);
    if (this.kept[slot]!.length !== length) this.kept[slot] = this.part(slot, length);
    for (let k = 0; k < this.width; k++) this.keys[slot * this.width + k] = this.key[k]!;
    this.epochs[slot] = this.epoch;
  }

  private part(slot: number, length: number): Uint8Array {
    return new Uint8Array(this.words.buffer, slot * SLOT_BYTES, length);
  }
}
