import type { Backing } from './vma';

/** Distinct backings at a time (numbers have 27 bits in an entry), and the characters of their names together. */
export const MAX_BACKINGS = 65_536;
const MAX_CHARACTERS = 1 << 23;

/** Names of records that are known by their bytes, and how long one may be to be among them. */
const KNOWN_BYTES = 4096;
const LONGEST_KNOWN = 512;

/** Bits of Backings.traits. */
const OFFSETS = 1;
const NO_FILE = 2;

const NOTHING: Backing = Object.freeze({ name: '', devMajor: 0, devMinor: 0, ino: '0' });

/**
 * What mappings show, each under a number: an entry of a VMA map holds that number and no object. The
 * table is bounded; when it is full, `makeRoom` has to say which numbers are still in use.
 */
export class Backings {
  /** Unnamed anonymous memory. */
  static readonly UNNAMED = 0;
  static readonly HEAP = 1;

  private readonly list: (Backing | null)[] = [];
  private readonly traits = new Uint8Array(MAX_BACKINGS);
  private readonly numbers = new Map<string, number>();
  private readonly free: number[] = [];
  private characters = 0;

  // Names as records bring them, by hash: found again without decoding.
  private readonly known = new Int32Array(KNOWN_BYTES).fill(-1);
  private readonly knownBytes: Uint8Array[] = new Array<Uint8Array>(KNOWN_BYTES).fill(
    new Uint8Array(0),
  );
  private readonly knownFile = new Uint32Array(KNOWN_BYTES * 4);
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** `makeRoom` calls retain() with the numbers in use; it forgets mappings where these are too many. */
  constructor(
    private readonly makeRoom: () => void,
    private readonly cap = MAX_BACKINGS,
  ) {
    this.add(NOTHING);
    this.add({ ...NOTHING, name: '[heap]' });
  }

  get(number: number): Backing {
    return this.list[number] ?? NOTHING;
  }

  /** There is an object with offsets behind it: a file, also one whose name was too long. */
  countsOffsets(number: number): boolean {
    return (this.traits[number]! & OFFSETS) !== 0;
  }

  /** There is no inode. */
  isAnonymous(number: number): boolean {
    return (this.traits[number]! & NO_FILE) !== 0;
  }

  /** More than three quarters full: were it left so, it would be full again at once. */
  get crowded(): boolean {
    return this.size > (this.cap / 4) * 3 || this.characters > (MAX_CHARACTERS / 4) * 3;
  }

  private get size(): number {
    return this.list.length - this.free.length;
  }

  /**
   * The number of a backing. Good until the next call: a number that no entry holds by then may be
   * given to another. Unnamed memory has one spelling here: MMAP2 records call it '//anon'.
   */
  number(backing: Backing): number {
    const { name, devMajor, devMinor, ino } = backing;
    if (name === '//anon') return Backings.UNNAMED;
    const known = this.numbers.get(keyOf(name, devMajor, devMinor, ino));
    if (known !== undefined) return known;
    if (this.size >= this.cap || this.characters >= MAX_CHARACTERS) this.makeRoom();
    return this.add(backing);
  }

  /** The same for the raw parts of an MMAP2 record, whose name is `length` bytes at `offset`. */
  numberOfRecord(
    bytes: Uint8Array,
    offset: number,
    length: number,
    devMajor: number,
    devMinor: number,
    inoHigh: number,
    inoLow: number,
  ): number {
    let hash = inoLow;
    for (let i = offset; i < offset + length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const at = (hash ^ (hash >>> 15)) & (KNOWN_BYTES - 1);
    const file = this.knownFile;
    if (
      this.known[at]! >= 0 &&
      file[at * 4] === devMajor &&
      file[at * 4 + 1] === devMinor &&
      file[at * 4 + 2] === inoHigh &&
      file[at * 4 + 3] === inoLow &&
      sameBytes(this.knownBytes[at]!, bytes, offset, length)
    ) {
      return this.known[at]!;
    }
    const name = this.decoder.decode(bytes.subarray(offset, offset + length));
    const high = BigInt(inoHigh) << 32n;
    const ino = inoHigh === 0 ? inoLow.toString() : (high | BigInt(inoLow)).toString();
    const number = this.number({ name, devMajor, devMinor, ino });
    if (length <= LONGEST_KNOWN) {
      this.known[at] = number;
      this.knownBytes[at] = bytes.slice(offset, offset + length);
      file.set([devMajor, devMinor, inoHigh, inoLow], at * 4);
    }
    return number;
  }

  /** Forgets every backing whose number is not marked. */
  retain(used: Uint8Array): void {
    for (let n = Backings.HEAP + 1; n < this.list.length; n++) {
      const backing = this.list[n] ?? null;
      if (backing === null || used[n] === 1) continue;
      const { name, devMajor, devMinor, ino } = backing;
      this.numbers.delete(keyOf(name, devMajor, devMinor, ino));
      this.characters -= name.length;
      this.list[n] = null;
      this.free.push(n);
    }
    for (let at = 0; at < KNOWN_BYTES; at++) {
      const n = this.known[at]!;
      if (n >= 0 && this.list[n] === null) this.known[at] = -1;
    }
  }

  private add(backing: Backing): number {
    const { name, devMajor, devMinor, ino } = backing;
    const number = this.free.pop() ?? this.list.length;
    this.list[number] = backing;
    this.numbers.set(keyOf(name, devMajor, devMinor, ino), number);
    this.characters += name.length;
    const file = ino !== '0';
    const offsets = file || name.charCodeAt(0) === 0x2f; /* / */
    this.traits[number] = (offsets ? OFFSETS : 0) | (file ? 0 : NO_FILE);
    return number;
  }
}

function keyOf(name: string, devMajor: number, devMinor: number, ino: string): string {
  return `${devMajor}:${devMinor}:${ino}:${name}`;
}

function sameBytes(known: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[offset + i]) return false;
  return true;
}
