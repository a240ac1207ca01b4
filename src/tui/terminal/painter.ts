import { clusters, isSimple } from './cell-width';

/** Text that lies over a line, in cells of their own. */
export interface Overlay {
  readonly row: number;
  readonly column: number;
  readonly text: string;
  /** Parameters of SGR, '' for none. */
  readonly sgr: string;
}

/** The cells of a line, as numbers: what stands in each and how it looks; see Painter. */
interface Row {
  /** A UTF-16 unit where that is all; else PARTS and a place in `parts`, or SECOND. */
  readonly texts: Uint32Array;
  /** A place in `looks`. */
  readonly looks: Uint16Array;
  /** What the cells were made of. */
  key: string;
}

/** Unchanged cells are written again where that takes no more bytes than a jump over them. */
const SHORT_GAP = 4;
const ESCAPE = '\x1b';
const BLANK = 0x20;
/** Above all UTF-16 units: characters that terminals may draw in different widths. */
const PARTS = 0x10000;
/** The second cell of a wide character, which is written with the first. */
const SECOND = 0xffffffff;
/** How nothing in particular looks: the first of `looks`. */
const NORMAL = 0;
/** Looks and characters that are remembered, of which a screen has some dozens; beyond, those that are not on it are forgotten. */
const MOST_KNOWN = 0x7fff;

/** Texts by numbers. */
class Known {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];

  get size(): number {
    return this.texts.length;
  }

  of(text: string): number {
    let number = this.numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.numbers.set(text, number);
    }
    return number;
  }

  at(number: number): string {
    return this.texts[number]!;
  }
}

/**
 * What the terminal shows, and the shortest way from there to another picture. Lines that are as they were cost a
 * comparison; of others the cells that differ are written.
 */
export class Painter {
  private rows: (Row | undefined)[] = [];
  /** Takes a new line; what it held before becomes the next one. */
  private spare: Row = rowFor(0);
  private parts = new Known();
  private looks = new Known();

  constructor() {
    this.looks.of('');
  }

  /** The terminal was cleared to blanks. */
  reset(): void {
    this.rows = [];
  }

  /**
   * The bytes that bring lines with inline SGR (`ESC [ ... m` before a text, `ESC [ m` behind it) onto the screen,
   * each of them `columns` cells wide.
   */
  paint(lines: readonly string[], columns: number, overlays: readonly Overlay[] = []): string {
    if (this.parts.size + this.looks.size > MOST_KNOWN) this.forget();
    let out = '';
    lines.forEach((line, y) => {
      const over = overlays.length === 0 ? overlays : overlays.filter(({ row }) => row === y);
      const key = over.reduce((text, { sgr, text: part }) => `${text}\n${sgr}\n${part}`, line);
      const before = this.rows[y];
      if (before?.key === key && before.texts.length === columns) return;
      const row = this.spare.texts.length === columns ? this.spare : rowFor(columns);
      this.fill(row, line);
      row.key = key;
      for (const overlay of over) this.layOver(row, overlay);
      out += this.difference(row, before, y);
      this.rows[y] = row;
      this.spare = before ?? rowFor(columns);
    });
    return out;
  }

  /** The numbers of what is on the screen stay known. */
  private forget(): void {
    const { parts, looks } = this;
    this.parts = new Known();
    this.looks = new Known();
    this.looks.of('');
    for (const row of this.rows) {
      if (row === undefined) continue;
      for (let x = 0; x < row.texts.length; x++) {
        const text = row.texts[x]!;
        row.looks[x] = this.looks.of(looks.at(row.looks[x]!));
        if (text < PARTS || text === SECOND) continue;
        row.texts[x] = PARTS + this.parts.of(parts.at(text - PARTS));
      }
    }
  }

  private fill(row: Row, line: string): void {
    const { length } = row.texts;
    let look = NORMAL;
    let x = 0;
    let at = 0;
    while (at < line.length && x < length) {
      if (line.startsWith(ESCAPE, at)) {
        const end = line.indexOf('m', at);
        look = this.looks.of(line.slice(at + 2, end));
        at = end + 1;
        continue;
      }
      const next = line.indexOf(ESCAPE, at);
      const end = next < 0 ? line.length : next;
      x = this.fillRun(row, x, line.slice(at, end), look);
      at = end;
    }
    row.texts.fill(BLANK, x);
    row.looks.fill(NORMAL, x);
  }

  /** A text from a cell on; returns the cell behind it. */
  private fillRun(row: Row, from: number, text: string, look: number): number {
    const { texts, looks } = row;
    let x = from;
    if (isSimple(text)) {
      const end = Math.min(texts.length, from + text.length);
      for (; x < end; x++) {
        texts[x] = text.charCodeAt(x - from);
        looks[x] = look;
      }
      return x;
    }
    for (const { text: char, width } of clusters(text)) {
      texts[x] = isSimple(char) ? char.charCodeAt(0) : PARTS + this.parts.of(char);
      looks[x++] = look;
      if (width < 2) continue;
      texts[x] = SECOND;
      looks[x++] = look;
    }
    return Math.min(x, texts.length);
  }

  private layOver({ texts, looks }: Row, { column, text, sgr }: Overlay): void {
    const look = this.looks.of(sgr);
    for (let k = 0; k < text.length; k++) {
      texts[column + k] = text.charCodeAt(k);
      looks[column + k] = look;
    }
  }

  /** What turns the cells of a line into others. The look is back to normal at the end. */
  private difference(row: Row, before: Row | undefined, y: number): string {
    const { texts, looks } = row;
    let out = '';
    let look = NORMAL;
    /** Where the cursor is; -1: elsewhere. */
    let cursor = -1;
    for (let x = 0; x < texts.length; x++) {
      const text = texts[x]!;
      const wanted = looks[x]!;
      const isThere =
        before === undefined
          ? text === BLANK && wanted === NORMAL
          : text === before.texts[x] && wanted === before.looks[x];
      if (isThere || text === SECOND) continue;
      if (cursor !== x) out += way(row, look, cursor, x, y);
      if (wanted !== look) {
        out += wanted === NORMAL ? '\x1b[m' : `\x1b[0;${this.looks.at(wanted)}m`;
      }
      look = wanted;
      const width = texts[x + 1] === SECOND ? 2 : 1;
      out +=
        text < PARTS ? String.fromCharCode(text) : contained(this.parts.at(text - PARTS), x, width);
      cursor = x + width;
    }
    return look === NORMAL ? out : `${out}\x1b[m`;
  }
}

function rowFor(columns: number): Row {
  return { texts: new Uint32Array(columns), looks: new Uint16Array(columns), key: '' };
}

/** From the cursor to a cell of its line. */
function way({ texts, looks }: Row, look: number, cursor: number, x: number, y: number): string {
  if (cursor < 0 || x < cursor) return `\x1b[${y + 1};${x + 1}H`;
  const jump = `\x1b[${x - cursor}C`;
  if (x - cursor > SHORT_GAP) return jump;
  let gap = '';
  for (let at = cursor; at < x; at++) {
    if (looks[at] !== look || texts[at]! >= PARTS) return jump;
    gap += String.fromCharCode(texts[at]!);
  }
  return gap;
}

/**
 * A character of which terminals may have another opinion: whatever they think that it takes, its cells are blank
 * before, and the cursor stands behind them afterwards (CHA, ECMA-48 8.3.9).
 */
function contained(text: string, x: number, width: number): string {
  return `${' '.repeat(width)}\x1b[${x + 1}G${text}\x1b[${x + width + 1}G`;
}
