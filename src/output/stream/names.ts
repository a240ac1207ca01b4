import { Buffer } from 'node:buffer';
import { Piece } from './bytes';

const CACHE_BYTES = 8 * 1024 * 1024;

/**
 * The encoded bytes of names by their code (a region's slot, a comm's id). A code keeps its meaning
 * during one batch only, so the first use in every batch compares the text; all others are one look-up.
 *
 * Bounded in bytes: a target can map thousands of files with names of 4 KiB each.
 */
export class NameCache {
  private readonly encoded: (Piece | undefined)[] = [];
  private readonly texts: string[] = [];
  private checked = new Uint32Array(256);
  private epoch = 1;
  private bytes = 0;

  /** `textOf` gives the raw text of a code, `encode` its bytes in the output's syntax. */
  constructor(
    private readonly textOf: (code: number) => string,
    private readonly encode: (text: string) => Uint8Array,
  ) {}

  /** To be called when codes may have changed their meaning. */
  nextBatch(): void {
    this.epoch += 1;
    if (this.epoch > 0xffffffff) {
      this.checked.fill(0);
      this.epoch = 1;
    }
    if (this.bytes > CACHE_BYTES) {
      this.encoded.length = 0;
      this.texts.length = 0;
      this.bytes = 0;
    }
  }

  get(code: number): Piece {
    if (code < this.checked.length && this.checked[code] === this.epoch) return this.encoded[code]!;
    return this.refresh(code);
  }

  private refresh(code: number): Piece {
    if (code >= this.checked.length) {
      const grown = new Uint32Array(Math.max(code + 1, this.checked.length * 2));
      grown.set(this.checked);
      this.checked = grown;
    }
    const text = this.textOf(code);
    let encoded = this.encoded[code];
    if (encoded === undefined || this.texts[code] !== text) {
      this.bytes -= encoded?.bytes.length ?? 0;
      encoded = new Piece(this.encode(text));
      this.bytes += encoded.bytes.length;
      this.encoded[code] = encoded;
      this.texts[code] = text;
    }
    this.checked[code] = this.epoch;
    return encoded;
  }
}

/** UTF-8 cut to at most `max` bytes without splitting a character. */
export function utf8(text: string, max: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= max) return bytes;
  let end = max;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
