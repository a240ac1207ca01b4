import { Buffer } from 'node:buffer';
import type { Vma } from '../../core/vma/vma';
import { identityRequest, mappingRequest } from './requests';
import type { FileHints, FileIdentity } from './requests';

/** Questions for names, and their answers: addon/reader/names.cc, addon/symbols/names_answer.h. */

/** What places are in: a mapped file, the vdso, the kernel, code that was made at run time. */
export type NamesOf = 'file' | 'vdso' | 'kernel' | 'jit';

const OF: Readonly<Record<NamesOf, number>> = { file: 0, vdso: 1, kernel: 2, jit: 3 };

/** Places in one question. */
export const MAX_PLACES = 4096;

export interface Place {
  /** What is wanted is a symbol of data, else the function with its source line and inlined frames. */
  readonly data: boolean;
  /** In a file: `value` is a link-time address, which is all that a .bss has. */
  readonly linked: boolean;
  /** Of code: it is asked too whether a frame pointer is set up there. */
  readonly frame?: boolean;
  /** `value` counts from the beginning of the program's thread-local variables, one of which is wanted. */
  readonly tls?: boolean;
  /** file: byte offset in it. vdso: offset from the start of its mapping. kernel, jit: the address. */
  readonly value: bigint;
}

export interface NameHints extends FileHints {
  /** Which file it has to be: of one that was written over since there are no names. null: whichever is there. */
  readonly file?: FileIdentity | null;
}

export interface NamedFrame {
  /** Demangled, as it stands in the file: not fit to be printed as it is. null: not known. */
  readonly name: string | null;
  /** From the start of the function or object; null for inlined frames, and where it is not known. */
  readonly offset: number | null;
  /** The source file as the compiler recorded it. */
  readonly file: string | null;
  /** 0: not known. */
  readonly line: number;
}

export interface NamedPlace {
  /** The kernel's module, "[name]"; null elsewhere. */
  readonly object: string | null;
  /** Innermost first. Without any, nothing covers the place. */
  readonly frames: readonly NamedFrame[];
  /** No frame pointer is set up there, as far as that was asked. */
  readonly frameless?: boolean;
}

const PLACE_BYTES = 9;
const DATA = 1;
const LINKED = 2;
const FRAME = 4;
const TLS = 8;
/** Added to the number of frames. */
const FRAMELESS = 0x80;
const FRAME_BYTES = 20;
/** The bounds of addon/symbols/names_answer.h: whoever claims more is not that program. */
const MAX_STRING = 4096;
const MAX_STRING_BYTES = 4 << 20;
const MAX_FRAMES = 64;
const WORD = 2 ** 32;
/** Offsets from 2^53 on are none. */
const MAX_OFFSET_HIGH = 2 ** 21;

const NO_MAPPING: Vma = {
  start: 0,
  end: 0,
  prot: 0,
  shared: false,
  pgoff: 0,
  backing: { name: '', devMajor: 0, devMinor: 0, ino: '0' },
  born: 0,
};

export function namesRequest(
  pid: number,
  of: NamesOf,
  vma: Vma | null,
  places: readonly Place[],
  hints: NameHints = {},
): Buffer {
  const head = Buffer.allocUnsafe(5 + places.length * PLACE_BYTES);
  head.writeUInt8(OF[of], 0);
  head.writeUInt32LE(places.length, 1);
  let at = 5;
  for (const { data, linked, frame, tls, value } of places) {
    const flags =
      (data ? DATA : 0) |
      (linked ? LINKED : 0) |
      (frame === true ? FRAME : 0) |
      (tls === true ? TLS : 0);
    head.writeUInt8(flags, at);
    head.writeBigUInt64LE(BigInt.asUintN(64, value), at + 1);
    at += PLACE_BYTES;
  }
  const mapping = mappingRequest(pid, vma ?? NO_MAPPING, hints);
  return Buffer.concat([head, identityRequest(hints.file ?? null), mapping]);
}

/** The names of so many places, in their order. null: that is no answer. */
export function namesAnswer(payload: Buffer, places: number): NamedPlace[] | null {
  const reader = new AnswerReader(payload);
  return reader.strings() ? reader.places(places) : null;
}

class AnswerReader {
  private at = 0;
  /** The first is none. */
  private readonly texts: (string | null)[] = [null];

  constructor(private readonly payload: Buffer) {}

  /** False where there are none. */
  strings(): boolean {
    if (!this.has(4)) return false;
    let bytes = 0;
    for (let left = this.u32(); left > 0; left--) {
      if (!this.has(2)) return false;
      const length = this.payload.readUInt16LE((this.at += 2) - 2);
      bytes += length;
      if (length > MAX_STRING || bytes > MAX_STRING_BYTES || !this.has(length)) return false;
      this.texts.push(this.payload.toString('utf8', this.at, (this.at += length)));
    }
    return true;
  }

  places(asked: number): NamedPlace[] | null {
    const places: NamedPlace[] = [];
    for (; asked > 0; asked--) {
      if (!this.has(5)) return null;
      const object = this.text();
      const count = this.payload.readUInt8(this.at++);
      const frames = this.frames(count & ~FRAMELESS);
      if (object === undefined || frames === null) return null;
      places.push(
        (count & FRAMELESS) === 0 ? { object, frames } : { object, frames, frameless: true },
      );
    }
    return this.at === this.payload.length ? places : null;
  }

  private frames(count: number): NamedFrame[] | null {
    if (count > MAX_FRAMES || !this.has(count * FRAME_BYTES)) return null;
    const frames: NamedFrame[] = [];
    for (; count > 0; count--) {
      const name = this.text();
      const low = this.u32();
      const high = this.u32();
      const file = this.text();
      const line = this.u32();
      if (name === undefined || file === undefined) return null;
      const offset = high < MAX_OFFSET_HIGH ? high * WORD + low : null;
      frames.push({ name, offset, file, line });
    }
    return frames;
  }

  private has(bytes: number): boolean {
    return this.at + bytes <= this.payload.length;
  }

  private u32(): number {
    return this.payload.readUInt32LE((this.at += 4) - 4);
  }

  /** undefined: there is no string of this number. */
  private text(): string | null | undefined {
    return this.texts[this.u32()];
  }
}
