import { Prot, type Backing, type Vma } from './vma';

const SPACE = 32;
const DASH = 45;
const COLON = 58;

/**
 * Reads the text of /proc/PID/maps (proc_pid_maps(5)).
 *
 * Accepts whatever the kernel can print and counts the lines that are none of its making in `skipped`
 * instead of failing: a torn last line (the file is read in pieces) must not cost the other thousands.
 * Addresses become 4 KiB page numbers exactly, also ffffffffff600000, for which a double of the byte
 * address would not do. `\012` in names is decoded: the kernel escapes newlines and nothing else.
 */
export function parseMaps(text: string): { vmas: Vma[]; skipped: number } {
  const parser = new Parser(text);
  const vmas: Vma[] = [];
  let skipped = 0;
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const vma = parser.line(at, end);
    if (vma !== null) vmas.push(vma);
    else if (end > at) skipped++;
    at = end + 1;
  }
  return { vmas, skipped };
}

class Parser {
  private at = 0;
  private end = 0;
  /** Backings by the text that describes them: neighbouring lines mostly show the same file. */
  private readonly backings = new Map<string, Backing>();
  private lastTail = '';
  private lastBacking: Backing | null = null;

  constructor(private readonly text: string) {}

  /** One line, as offsets into the text; null when it is not a mapping. */
  line(from: number, to: number): Vma | null {
    this.at = from;
    this.end = to;
    const start = this.page(DASH);
    const end = this.page(SPACE);
    if (start < 0 || end <= start) return null;
    const flags = this.permissions();
    if (flags < 0) return null;
    const pgoff = this.page(SPACE);
    if (pgoff < 0) return null;
    const backing = this.backing();
    if (backing === null) return null;
    return {
      start,
      end,
      prot: flags & 7,
      shared: (flags & 8) !== 0,
      pgoff,
      backing,
      born: -Infinity,
    };
  }

  /** A hexadecimal byte address that ends at `stop`, in pages; -1 when it is none. */
  private page(stop: number): number {
    const { text, at: from, end } = this;
    let to = from;
    let page = 0;
    // The last three digits lie within the page; without them 64 bits fit in a double. They are held
    // back in `inPage`, the newest in the low four bits.
    let inPage = 0;
    for (; to < end; to++) {
      const digit = hexDigit(text.charCodeAt(to));
      if (digit < 0) break;
      page = page * 16 + (inPage >>> 8);
      inPage = ((inPage << 4) | digit) & 0xfff;
    }
    if (to === from || to - from > 16 || to >= end) return -1;
    if (text.charCodeAt(to) !== stop || inPage !== 0) return -1;
    this.at = to + 1;
    return page;
  }

  /** 'rwxp' and the space behind: Prot bits, 8 for shared; -1 when it is none. */
  private permissions(): number {
    const i = this.at;
    if (i + 5 > this.end || this.text.charCodeAt(i + 4) !== SPACE) return -1;
    let flags = 0;
    const r = this.text[i];
    const w = this.text[i + 1];
    const x = this.text[i + 2];
    const share = this.text[i + 3];
    if (r === 'r') flags |= Prot.READ;
    else if (r !== '-') return -1;
    if (w === 'w') flags |= Prot.WRITE;
    else if (w !== '-') return -1;
    if (x === 'x') flags |= Prot.EXEC;
    else if (x !== '-') return -1;
    if (share === 's') flags |= 8;
    else if (share !== 'p') return -1;
    this.at = i + 5;
    return flags;
  }

  /** `MAJOR:MINOR INODE   NAME` up to the line's end. */
  private backing(): Backing | null {
    const tail = this.text.slice(this.at, this.end);
    if (tail === this.lastTail && this.lastBacking !== null) return this.lastBacking;
    let backing = this.backings.get(tail) ?? null;
    if (backing === null) {
      backing = parseBacking(tail);
      if (backing === null) return null;
      this.backings.set(tail, backing);
    }
    this.lastTail = tail;
    this.lastBacking = backing;
    return backing;
  }
}

function parseBacking(tail: string): Backing | null {
  const colon = findEnd(tail, 0, 8, true);
  if (colon <= 0 || tail.charCodeAt(colon) !== COLON) return null;
  const space = findEnd(tail, colon + 1, 8, true);
  if (space <= colon + 1 || tail.charCodeAt(space) !== SPACE) return null;
  const inoEnd = findEnd(tail, space + 1, 20, false);
  if (inoEnd <= space + 1) return null;
  let name = inoEnd;
  while (name < tail.length && tail.charCodeAt(name) === SPACE) name++;
  // A name is set off by a space; digits that run on into something else are no inode.
  if (name === inoEnd && name < tail.length) return null;
  return {
    name: detached(tail.slice(name)),
    devMajor: Number.parseInt(tail.slice(0, colon), 16),
    devMinor: Number.parseInt(tail.slice(colon + 1, space), 16),
    ino: detached(tail.slice(space + 1, inoEnd)),
  };
}

/** Index behind the digits that begin at `from`, at most `max` of them. */
function findEnd(text: string, from: number, max: number, hex: boolean): number {
  let i = from;
  while (i < text.length && i - from < max) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0 || (!hex && digit > 9)) break;
    i++;
  }
  return i;
}

/**
 * A copy that owns its characters, with newlines decoded. A plain slice keeps the whole text of maps alive
 * for as long as one name of it is remembered: megabytes for every process ever seen. What is cut off
 * a sum keeps the sum, which is as long as the name.
 */
function detached(slice: string): string {
  return ` ${slice.replaceAll('\\012', '\n')}`.slice(1);
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 97 && c <= 102) return c - 87;
  if (c >= 65 && c <= 70) return c - 55;
  return -1;
}
