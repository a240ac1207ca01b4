import { Buffer } from 'node:buffer';

const ZERO = 48;
const LOWER_X = 120;
const DOT = 46;

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
  /** `00` to `99`. */
  private readonly pairs = Buffer.from(
    Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0')).join(''),
    'latin1',
  );
  private readonly hexDigits = Buffer.from('0123456789abcdef', 'latin1');

  constructor(readonly capacity: number) {
    this.data = Buffer.allocUnsafeSlow(capacity);
  }

  byte(value: number): void {
    this.data[this.length++] = value;
  }

  append(source: Uint8Array): void {
    const data = this.data;
    const size = source.length;
    let at = this.length;
    if (size > 8) {
      data.set(source, at);
      at += size;
    } else {
      // A comma, a class: a loop beats the call into the runtime that set() is.
      for (let i = 0; i < size; i++) data[at++] = source[i]!;
    }
    this.length = at;
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
    const { data, pairs } = this;
    const start = this.length;
    let at = start + width;
    let rest = value | 0;
    // Two digits a division: the division is the dear part.
    while (at - start >= 2) {
      const next = (rest / 100) | 0;
      const pair = (rest - next * 100) << 1;
      data[--at] = pairs[pair + 1]!;
      data[--at] = pairs[pair]!;
      rest = next;
    }
    if (at > start) data[start] = ZERO + (rest % 10);
    this.length = start + width;
  }

  /** A 64-bit value in two halves, as `0x7f2c7b100000`. */
  hex(high: number, low: number): void {
    const data = this.data;
    const hexDigits = this.hexDigits;
    let at = this.length;
    data[at++] = ZERO;
    data[at++] = LOWER_X;
    if (high !== 0) {
      for (let shift = 28 - (Math.clz32(high) & ~3); shift >= 0; shift -= 4) {
        data[at++] = hexDigits[(high >>> shift) & 15]!;
      }
      for (let shift = 28; shift >= 0; shift -= 4) data[at++] = hexDigits[(low >>> shift) & 15]!;
    } else {
      for (let shift = low === 0 ? 0 : 28 - (Math.clz32(low) & ~3); shift >= 0; shift -= 4) {
        data[at++] = hexDigits[(low >>> shift) & 15]!;
      }
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
 * No record is longer: four names (comm, region, section, file), each at most six times its size when
 * every byte is escaped (`\u001b`), and less than 2 KiB of everything else.
 */
export const MAX_RECORD_BYTES = 4 * 6 * MAX_NAME_BYTES + 2048;
