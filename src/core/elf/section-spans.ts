import type { ElfImage, ElfSegment } from './elf';
import { Prot, sameFile, type Vma } from '../vma/vma';
import type { VmaTable } from '../vma/vma-table';

/** A section's part of something: bytes, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

const PAGE = 4096;
/** Spans of one .bss tail: a linker makes one or two. */
const MAX_TAIL_SPANS = 64;

/**
 * The sections of ELF images in file offsets, sorted and not overlapping; made once per image and shift.
 * Bytes of no section (the headers, padding) are in no span. A .bss that begins in the file's last page
 * is found there.
 *
 * The way: file offset -> PT_LOAD (segmentOf) -> link-time address -> section. Segments of one shift
 * continue each other: one list serves them all.
 */
export class ImageSpans {
  private readonly images = new WeakMap<ElfImage, Map<number, readonly Span[]>>();

  of(image: ElfImage, segment: ElfSegment): readonly Span[] {
    const shift = shiftOf(segment);
    let byShift = this.images.get(image);
    if (byShift === undefined)
      this.images.set(image, (byShift = new Map<number, readonly Span[]>()));
    let spans = byShift.get(shift);
    if (spans === undefined) byShift.set(shift, (spans = spansOfShift(image, shift)));
    return spans;
  }
}

function spansOfShift(image: ElfImage, shift: number): Span[] {
  const segments = image.segments.filter((s) => shiftOf(s) === shift);
  const spans: Span[] = [];
  let floor = -Infinity;
  for (const { address, size, name } of image.sections) {
    // Sections of a forged file may lie over each other: the first one wins.
    const from = Math.max(address, floor);
    const to = address + size;
    if (to <= from) continue;
    if (!segments.some((s) => s.address <= address && address < s.address + s.memSize)) continue;
    spans.push({ start: from - shift, end: to - shift, name });
    floor = to;
  }
  return spans;
}

/**
 * The file's part of the anonymous mapping directly behind its data: what p_memsz asks for beyond the
 * file's last page. In bytes from the start of the mapping. Covers it without gaps up to the last page of
 * the segment (at most the mapping's end); behind the last span the memory is not the file's, although
 * the kernel may have merged it. The name is '' where no section says one. Empty when nothing of the
 * mapping is the file's.
 */
export function bssSpansBehind(
  images: ImageSpans,
  image: ElfImage,
  dataVma: Vma,
  anonVma: Vma,
  below: Vma | null = null,
): Span[] {
  if (anonVma.start !== dataVma.end || anonVma.shared || anonVma.backing.ino !== '0') return [];
  const segment = segmentOf(image, dataVma, below);
  if (segment === null) return [];
  const link = (dataVma.pgoff + dataVma.end - dataVma.start) * PAGE + shiftOf(segment);
  const owner = image.segments.find(
    (s) => (s.prot & Prot.WRITE) !== 0 && pageDown(s.address) <= link && memoryEnd(s) > link,
  );
  if (owner === undefined) return [];
  const sections = images.of(image, owner);
  const first = link - shiftOf(owner);
  const end = Math.min(
    memoryEnd(owner) - shiftOf(owner),
    first + (anonVma.end - anonVma.start) * PAGE,
  );
  const spans: Span[] = [];
  let floor = first;
  let name = '';
  for (let i = firstEndingAfter(sections, first); i < sections.length; i++) {
    const section = sections[i]!;
    if (section.start >= end || spans.length === MAX_TAIL_SPANS) break;
    // Padding in between goes with the section before it.
    if (section.start > floor)
      spans.push({ start: floor - first, end: section.start - first, name });
    floor = Math.max(floor, section.start);
    name = section.name;
  }
  spans.push({ start: floor - first, end: end - first, name });
  return spans;
}

function firstEndingAfter(spans: readonly Span[], at: number): number {
  let from = 0;
  let to = spans.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (spans[middle]!.end <= at) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The mapping of the same file next below an entry, across the loader's gaps; null where there is none. */
export function sameFileBelow(map: VmaTable, handle: number): Vma | null {
  const { backing, start } = map.vma(handle);
  let floor = start;
  for (let i = map.previous(handle); i >= 0; i = map.previous(i)) {
    const below = map.vma(i);
    if (below.end !== floor || !sameFile(below.backing, backing)) return null;
    if (below.prot !== 0) return below;
    floor = below.start;
  }
  return null;
}

/**
 * The PT_LOAD that a mapping shows, null when it shows none. One page of the file may belong to two
 * segments and be mapped twice (RELRO, or text and data sharing a page), in the worst case with the same
 * permissions: only the load address tells them apart. Hence `below`, a lower mapping of the same file
 * (`sameFileBelow`); without it permissions decide. What is mapped without any permission is what the
 * loader left between two segments, not the bytes its offset says.
 */
export function segmentOf(image: ElfImage, vma: Vma, below: Vma | null): ElfSegment | null {
  if (vma.prot === 0) return null;
  let found = candidates(image, vma);
  if (
    found.length > 1 &&
    below !== null &&
    below.prot !== 0 &&
    sameFile(below.backing, vma.backing)
  ) {
    const biases = candidates(image, below).map((s) => bias(s, below));
    const fitting = found.filter((s) => biases.includes(bias(s, vma)));
    if (fitting.length > 0) found = fitting;
  }
  let best: ElfSegment | null = null;
  for (const segment of found) {
    if (best === null || likeness(segment, vma) > likeness(best, vma)) best = segment;
  }
  return best;
}

/** The segments whose pages of the file contain the mapping's first one. */
function candidates(image: ElfImage, vma: Vma): ElfSegment[] {
  const offset = vma.pgoff * PAGE;
  return image.segments.filter(
    (s) =>
      s.fileSize > 0 &&
      // Not congruent modulo the page: no loader can map it.
      shiftOf(s) % PAGE === 0 &&
      pageDown(s.offset) <= offset &&
      offset < pageUp(s.offset + s.fileSize),
  );
}

/** 2: the same permissions; 1: but for writing, which RELRO takes away; 0: others. */
function likeness(segment: ElfSegment, vma: Vma): number {
  if (segment.prot === vma.prot) return 2;
  return (segment.prot | Prot.WRITE) === (vma.prot | Prot.WRITE) ? 1 : 0;
}

/** What to add to a file offset to get the link-time address. */
function shiftOf(segment: ElfSegment): number {
  return segment.address - segment.offset;
}

/** Pages by which the file was moved when it was loaded: the same for all mappings of one load. */
function bias(segment: ElfSegment, vma: Vma): number {
  return vma.start - vma.pgoff - shiftOf(segment) / PAGE;
}

function memoryEnd(segment: ElfSegment): number {
  return pageUp(segment.address + segment.memSize);
}

function pageDown(bytes: number): number {
  return Math.floor(bytes / PAGE) * PAGE;
}

function pageUp(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}
