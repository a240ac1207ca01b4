import { Buffer } from 'node:buffer';
import { MAX_STACK_TEXT } from '../../core/code/stack-names';

const ZERO = 48;
const LETTER_A = 97;
/** `0x` in memory order. */
const PREFIX = 0x7830;
const DOT = 46;

/** From here on set() is quicker than the loop: it costs the same at any length. */
const LONG_PIECE = 44;
/** What a piece may write beyond its end. */
const SLACK = 3;

/**
 * Bytes to be appended many times. Short ones are copied in words of four: a loop over bytes takes four
 * times as long, and set() of a typed array is a call into the runtime, which they do not repay.
 */
export class Piece {
  /** The bytes and up to three more, which the next piece overwrites. */
  readonly words: Uint32Array;

  constructor(readonly bytes: Uint8Array) {
    const padded = Buffer.alloc((bytes.length + SLACK) & ~SLACK);
    padded.set(bytes);
    this.words = Uint32Array.from({ length: padded.length / 4 }, (_, i) =>
      padded.readUInt32LE(i * 4),
    );
  }

  static of(text: string): Piece {
    return new Piece(Buffer.from(text, 'utf8'));
  }
}

/** `00` to `99`, or the two digits of every byte: as numbers of two characters in memory order. */
function pairs(count: number, radix: number): Uint16Array {
  return Uint16Array.from({ length: count }, (_, n) => {
    const text = n.toString(radix).padStart(2, '0');
    return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
  });
}

/**
 * A fixed buffer that encoders append to. Numbers are written digit by digit: a string per number would
 * cost more than the whole rest of the line and keep the garbage collector busy at 300,000 lines a second.
 *
 * Appending never checks the end: the owner flushes while at least one longest record is left
 * (MAX_RECORD_BYTES), which one comparison per fault establishes.
 */
export class Bytes {
  readonly data: Buffer;
  length = 0;
  private readonly view: DataView;
  private readonly decimal = pairs(100, 10);
  private readonly hexadecimal = pairs(256, 16);

  constructor(readonly capacity: number) {
    this.data = Buffer.allocUnsafeSlow(capacity + SLACK);
    this.view = new DataView(this.data.buffer);
  }

  byte(value: number): void {
    this.data[this.length++] = value;
  }

  append(piece: Piece): void {
    this.copy(piece.bytes, piece.words, 0);
  }

  /** Appends `bytes`, which are also words[from] and following (the last word padded). */
  copy(bytes: Uint8Array, words: Uint32Array, from: number): void {
    const { view } = this;
    const start = this.length;
    const size = bytes.length;
    if (size > LONG_PIECE) this.data.set(bytes, start);
    else for (let k = 0; k < size; k += 4) view.setUint32(start + k, words[from + (k >> 2)]!, true);
    this.length = start + size;
  }

  /** The reverse of copy: `length` bytes from `start` into words[to] and following. */
  read(start: number, length: number, words: Uint32Array, to: number): void {
    const { view } = this;
    for (let k = 0; k < length; k += 4) words[to + (k >> 2)] = view.getUint32(start + k, true);
  }

  /** A non-negative integer up to 2^53. */
  uint(value: number): void {
    if (value >= 1e9) {
      const high = Math.floor(value / 1e9);
      this.uint(high);
      this.digits(value - high * 1e9, 9);
      return;
    }
    const n = value | 0;
    if (n < 10) {
      this.data[this.length++] = ZERO + n;
    } else if (n < 100_000) {
      this.digits(n, n < 1000 ? (n < 100 ? 2 : 3) : n < 10_000 ? 4 : 5);
    } else if (n < 10_000_000) {
      this.digits(n, n < 1_000_000 ? 6 : 7);
    } else {
      this.digits(n, n < 100_000_000 ? 8 : 9);
    }
  }

  /** The last `width` decimal digits of an integer below 10^9, with leading zeros. */
  digits(value: number, width: number): void {
    const { view, decimal } = this;
    const start = this.length;
    let at = start + width;
    let rest = value | 0;
    // Two digits a division: the division is the dear part.
    while (at - start >= 2) {
      const next = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, decimal[rest - next * 100]!, true);
      rest = next;
    }
    if (at > start) view.setUint8(start, ZERO + (rest % 10));
    this.length = start + width;
  }

  /** A 64-bit value in two halves, as `0x7f2c7b100000`. */
  hex(high: number, low: number): void {
    this.view.setUint16(this.length, PREFIX, true);
    this.length += 2;
    if (high !== 0) {
      this.leadingHex(high);
      this.hexPairs(low, 24);
    } else {
      this.leadingHex(low);
    }
  }

  /** Without leading zeros. */
  private leadingHex(value: number): void {
    // The shift of the highest byte that is not 0.
    const shift = value === 0 ? 0 : 24 - (Math.clz32(value) & ~7);
    const first = value >>> shift;
    if (first > 15) {
      this.hexPairs(value, shift);
    } else {
      this.byte(first < 10 ? ZERO + first : LETTER_A + first - 10);
      this.hexPairs(value, shift - 8);
    }
  }

  /** The byte at `shift` and those below it. */
  private hexPairs(value: number, shift: number): void {
    const { view, hexadecimal } = this;
    let at = this.length;
    for (; shift >= 0; shift -= 8) {
      view.setUint16(at, hexadecimal[(value >>> shift) & 255]!, true);
      at += 2;
    }
    this.length = at;
  }

  /** ns as `640ns`, `1.2us`, `12.4ms`, `3.0s`: the same text as core's format.latency(). */
  latency(ns: number): void {
    if (ns < 1000) {
      this.uint(Math.floor(ns));
      this.unit(110);
    } else if (ns < 999_950) {
      this.tenths(Math.round(ns / 1e2));
      this.unit(117);
    } else if (ns < 999_950_000) {
      this.tenths(Math.round(ns / 1e5));
      this.unit(109);
    } else {
      this.tenths(Math.round(ns / 1e8));
      this.byte(115);
    }
  }

  private tenths(value: number): void {
    const whole = Math.floor(value / 10);
    this.uint(whole);
    this.byte(DOT);
    this.byte(ZERO + (value - whole * 10));
  }

  /** `ns`, `us` or `ms` by its first letter. */
  private unit(letter: number): void {
    this.byte(letter);
    this.byte(115);
  }
}

/** Longest name taken from the target, in bytes of UTF-8: PATH_MAX and what the kernel adds to it. */
export const MAX_NAME_BYTES = 4352;

/**
 * No record is longer: eight names (comm, region, section, file, function, source file, object, data), each at most six times its size when
 * every byte is escaped (`\u001b`), and less than 2 KiB of everything else. A stack has no control characters: for each of its
 * characters three bytes, and as many again where it is a frame of its own and escaped.
 */
export const MAX_RECORD_BYTES = 8 * 6 * MAX_NAME_BYTES + 6 * MAX_STACK_TEXT + 2048;
