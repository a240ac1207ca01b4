import { Buffer } from 'node:buffer';

/** Numbers at which arithmetic goes wrong; those up to 2^52 are what a page number may be. */
const EDGES = [
  0,
  1,
  2,
  7,
  0xfff,
  0x1000,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 35 - 1,
  2 ** 40,
  2 ** 52 - 1,
  2 ** 52,
];
const PIECES = ['\n', ' ', '-', ':', ')', '(', '0', '/', '\0', '\x1b', '\\012', '\u202e', '\ufeff'];
const LONG = ['9'.repeat(40), 'f'.repeat(16), 'a'.repeat(4096), ' '.repeat(300)];

/** Changes to what is valid, the same for a seed (mulberry32). */
export class Mutator {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** 0 to below n. */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** A whole number that is hard to handle, 0 to 2^52. */
  edge(): number {
    const near = this.pick(EDGES) + this.below(5) - 2;
    return Math.min(Math.max(near, 0), 2 ** 52);
  }

  /** The text with one to four changes. */
  text(text: string): string {
    for (let left = 1 + this.below(4); left > 0; left--) {
      const at = this.below(text.length + 1);
      const cut = this.oneIn(2) ? at : Math.min(text.length, at + this.below(24));
      text = text.slice(0, at) + this.insertion(text) + text.slice(cut);
    }
    return text;
  }

  private insertion(text: string): string {
    switch (this.below(5)) {
      case 0:
        return '';
      case 1:
        return this.pick(PIECES);
      case 2:
        return this.oneIn(16) ? this.pick(LONG) : String(this.edge());
      case 3: {
        const from = this.below(text.length);
        return text.slice(from, from + this.below(24));
      }
      default:
        return String.fromCharCode(this.oneIn(8) ? this.below(65536) : this.below(256));
    }
  }

  /** The bytes with one to four changes, sometimes cut or made longer. */
  bytes(bytes: Uint8Array): Buffer {
    let copy = Buffer.from(bytes);
    for (let left = 1 + this.below(4); left > 0 && copy.length > 0; left--) {
      const at = this.below(copy.length);
      if (this.oneIn(2)) copy[at] = this.below(256);
      else {
        const number = Buffer.alloc(8);
        if (this.oneIn(2)) number.writeBigUInt64LE(BigInt(this.edge()) << BigInt(this.below(12)));
        else number.writeDoubleLE(this.pick([-1, NaN, Infinity, 2 ** 60, 0.5, this.edge()]));
        number.copy(copy, at, 0, 1 << this.below(4));
      }
    }
    if (this.oneIn(8)) copy = copy.subarray(0, this.below(copy.length + 1));
    if (this.oneIn(16)) copy = Buffer.concat([copy, Buffer.alloc(this.below(64), 0xff)]);
    return copy;
  }
}
