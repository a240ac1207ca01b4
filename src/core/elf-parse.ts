import { Prot } from './vma';
import type { ElfImage, ElfSection, ElfSegment } from './elf';

/** Reads `length` bytes at `offset` of the file; fewer at its end, null when that fails. */
export type ReadAt = (offset: number, length: number) => Uint8Array | null;

// Caps: what a linker makes stays far below, what a forger claims must not cost memory or time.
const MAX_SECTIONS = 4096;
const MAX_SEGMENTS = 1024;
const MAX_NAME_TABLE = 1 << 20;
const MAX_NAME = 256;

// elf.h
const CLASS_32 = 1;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const BIG_ENDIAN = 2;
const ET_EXEC = 2;
const ET_DYN = 3;
const PT_LOAD = 1;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const PN_XNUM = 0xffff;
const SHN_XINDEX = 0xffff;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;
const SHF_TLS = 0x400;

/**
 * Sections and PT_LOAD segments of an executable or shared library (System V ABI, chapters 4 and 5;
 * ELF32 and ELF64, either byte order). null when it is none. Files come from strangers: every offset
 * and count is checked, and what does not add up is left out rather than believed. Never throws.
 *
 * Of the sections only those that occupy addresses are kept (SHF_ALLOC, a size, and not .tbss, which
 * is a template that lies over its neighbours), sorted by address.
 */
export function parseElf(read: ReadAt): ElfImage | null {
  const ident = read(0, 64);
  if (ident === null || ident.length < 52) return null;
  if (ident[0] !== 0x7f || ident[1] !== 0x45 || ident[2] !== 0x4c || ident[3] !== 0x46) return null;
  const elfClass = ident[4]!;
  const order = ident[5]!;
  if (elfClass !== CLASS_32 && elfClass !== CLASS_64) return null;
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) return null;
  const wide = elfClass === CLASS_64;
  if (wide && ident.length < 64) return null;
  const fields = new Fields(ident, wide, order === LITTLE_ENDIAN);

  const type = fields.u16(16);
  if (type !== ET_EXEC && type !== ET_DYN) return null;
  const header = readHeader(fields);
  const first = new Table(read, fields, header.shoff, header.shentsize, 1).row(0);
  const sections = readSections(read, fields, header, first);
  const segments = readSegments(read, fields, header, first);
  if (segments.length === 0) return null;
  return { sections, segments };
}

interface Header {
  readonly phoff: number;
  readonly shoff: number;
  readonly phentsize: number;
  readonly phnum: number;
  readonly shentsize: number;
  readonly shnum: number;
  readonly shstrndx: number;
}

function readHeader(f: Fields): Header {
  const tail = f.wide ? 54 : 42;
  return {
    phoff: f.word(f.wide ? 32 : 28),
    shoff: f.word(f.wide ? 40 : 32),
    phentsize: f.u16(tail),
    phnum: f.u16(tail + 2),
    shentsize: f.u16(tail + 4),
    shnum: f.u16(tail + 6),
    shstrndx: f.u16(tail + 8),
  };
}

/** Integers of either width and byte order. Out of bounds and beyond 2^53 read as NaN. */
class Fields {
  private readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    readonly wide: boolean,
    private readonly little: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  of(bytes: Uint8Array): Fields {
    return new Fields(bytes, this.wide, this.little);
  }

  u16(at: number): number {
    return at + 2 <= this.view.byteLength ? this.view.getUint16(at, this.little) : NaN;
  }

  u32(at: number): number {
    return at + 4 <= this.view.byteLength ? this.view.getUint32(at, this.little) : NaN;
  }

  /** An address, offset or size: 4 bytes in ELF32, 8 in ELF64. */
  word(at: number): number {
    if (!this.wide) return this.u32(at);
    const low = this.u32(this.little ? at : at + 4);
    const value = this.u32(this.little ? at + 4 : at) * 0x1_0000_0000 + low;
    return Number.isSafeInteger(value) ? value : NaN;
  }
}

/** A header table of the file, read in one piece. */
class Table {
  private readonly bytes: Uint8Array | null;
  private readonly needed: number;

  constructor(
    read: ReadAt,
    private readonly like: Fields,
    offset: number,
    private readonly entrySize: number,
    count: number,
    kind: 'section' | 'segment' = 'section',
  ) {
    const wide = like.wide;
    this.needed = kind === 'section' ? (wide ? 64 : 40) : wide ? 56 : 32;
    // Entries longer than the ABI's are legal, absurdly long ones are not.
    const sane = offset > 0 && entrySize >= this.needed && entrySize <= 256 && count > 0;
    this.bytes = sane ? read(offset, entrySize * count) : null;
  }

  /** Fields of one entry, null where the table does not reach that far. */
  row(i: number): Fields | null {
    const at = i * this.entrySize;
    if (this.bytes === null || at + this.needed > this.bytes.length) return null;
    return this.like.of(this.bytes.subarray(at, at + this.needed));
  }
}

function readSegments(
  read: ReadAt,
  fields: Fields,
  header: Header,
  first: Fields | null,
): ElfSegment[] {
  const { wide } = fields;
  // More than 65,534 program headers: the number stands in section 0's sh_info.
  const claimed = header.phnum === PN_XNUM ? (first?.u32(wide ? 44 : 28) ?? 0) : header.phnum;
  const count = Math.min(claimed, MAX_SEGMENTS);
  const table = new Table(read, fields, header.phoff, header.phentsize, count, 'segment');
  const segments: ElfSegment[] = [];
  for (let i = 0; i < count; i++) {
    const row = table.row(i);
    if (row === null) break;
    if (row.u32(0) !== PT_LOAD) continue;
    const flags = row.u32(wide ? 4 : 24);
    const segment = {
      offset: row.word(wide ? 8 : 4),
      address: row.word(wide ? 16 : 8),
      fileSize: row.word(wide ? 32 : 16),
      memSize: row.word(wide ? 40 : 20),
      prot:
        (flags & PF_R ? Prot.READ : 0) |
        (flags & PF_W ? Prot.WRITE : 0) |
        (flags & PF_X ? Prot.EXEC : 0),
    };
    // One comparison that NaN fails as well.
    const sane =
      segment.fileSize <= segment.memSize &&
      Number.isSafeInteger(segment.offset + segment.fileSize) &&
      Number.isSafeInteger(segment.address + segment.memSize);
    if (sane) segments.push(segment);
  }
  return segments;
}

function readSections(
  read: ReadAt,
  fields: Fields,
  header: Header,
  first: Fields | null,
): ElfSection[] {
  if (first === null) return [];
  const { wide } = fields;
  // More than 65,279 sections: number and index of the name table stand in section 0.
  const claimed = header.shnum === 0 ? first.word(wide ? 32 : 20) : header.shnum;
  const count = Math.min(claimed, MAX_SECTIONS);
  if (!(count > 0)) return [];
  const nameIndex = header.shstrndx === SHN_XINDEX ? first.u32(wide ? 40 : 24) : header.shstrndx;
  const table = new Table(read, fields, header.shoff, header.shentsize, count);
  // Read apart: the name table is the last section as a rule, which may lie beyond the cap.
  const nameOffset = header.shoff + nameIndex * header.shentsize;
  const nameRow = new Table(read, fields, nameOffset, header.shentsize, 1).row(0);
  const names = readNames(read, nameRow, wide);
  const sections: ElfSection[] = [];
  for (let i = 1; i < count; i++) {
    const row = table.row(i);
    if (row === null) break;
    const flags = row.word(8);
    const nobits = row.u32(4) === SHT_NOBITS;
    if ((flags & SHF_ALLOC) === 0 || (nobits && (flags & SHF_TLS) !== 0)) continue;
    const address = row.word(wide ? 16 : 12);
    const size = row.word(wide ? 32 : 20);
    if (!(size > 0) || !Number.isSafeInteger(address + size)) continue;
    sections.push({ name: nameAt(names, row.u32(0)), address, size, nobits });
  }
  return sections.sort((a, b) => a.address - b.address);
}

function readNames(read: ReadAt, row: Fields | null, wide: boolean): Uint8Array | null {
  if (row === null) return null;
  const offset = row.word(wide ? 24 : 16);
  const size = Math.min(row.word(wide ? 32 : 20), MAX_NAME_TABLE);
  return offset > 0 && size > 0 ? read(offset, size) : null;
}

/** Latin-1, so that any bytes are a name; outputs disarm what a terminal would obey. */
function nameAt(names: Uint8Array | null, at: number): string {
  if (names === null) return '';
  const end = Math.min(names.length, at + MAX_NAME);
  let name = '';
  for (let i = at; i < end && names[i] !== 0; i++) name += String.fromCharCode(names[i]!);
  return name;
}
