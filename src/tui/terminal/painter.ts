import { clusters, isSimple } from './cell-width';

/** Text that lies over a line, in cells of their own. */
export interface Overlay {
  readonly row: number;
  readonly column: number;
  readonly text: string;
  /** Parameters of SGR, '' for none. */
  readonly sgr: string;
}

/** The cells of a line; see Painter. */
interface Row {
  /**
   * What stands in each and how it looks, as one number: a UTF-16 unit where that is all, else PARTS and a place in
   * `parts`, or SECOND; and above LOOK_SHIFT a place in `looks`.
   */
  readonly cells: Int32Array;
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
const SECOND = 0x1ffff;
const LOOK_SHIFT = 17;
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
      if (before?.key === key && before.cells.length === columns) return;
      const row = this.spare.cells.length === columns ? this.spare : rowFor(columns);
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
      for (let x = 0; x < row.cells.length; x++) {
        const text = textOf(row.cells[x]!);
        const look = this.looks.of(looks.at(lookOf(row.cells[x]!)));
        const isPart = text >= PARTS && text !== SECOND;
        row.cells[x] = cellOf(isPart ? PARTS + this.parts.of(parts.at(text - PARTS)) : text, look);
      }
    }
  }

  private fill(row: Row, line: string): void {
    const { length } = row.cells;
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
    row.cells.fill(cellOf(BLANK, NORMAL), x);
  }

  /** A text from a cell on; returns the cell behind it. */
  private fillRun(row: Row, from: number, text: string, look: number): number {
    const { cells } = row;
    let x = from;
    if (isSimple(text)) {
      const end = Math.min(cells.length, from + text.length);
      for (; x < end; x++) cells[x] = cellOf(text.charCodeAt(x - from), look);
      return x;
    }
    for (const { text: char, width } of clusters(text)) {
      cells[x++] = cellOf(isSimple(char) ? char.charCodeAt(0) : PARTS + this.parts.of(char), look);
      if (width === 2) cells[x++] = cellOf(SECOND, look);
    }
    return Math.min(x, cells.length);
  }

  private layOver({ cells }: Row, { column, text, sgr }: Overlay): void {
    const look = this.looks.of(sgr);
    for (let k = 0; k < text.length; k++) cells[column + k] = cellOf(text.charCodeAt(k), look);
  }

  /** What turns the cells of a line into others. The look is back to normal at the end. */
  private difference(row: Row, before: Row | undefined, y: number): string {
    const { cells } = row;
    const shown = before?.cells;
    const blank = cellOf(BLANK, NORMAL);
    let out = '';
    let look = NORMAL;
    /** Where the cursor is; -1: elsewhere. */
    let cursor = -1;
    for (let x = 0; x < cells.length; x++) {
      const cell = cells[x]!;
      if (cell === (shown === undefined ? blank : shown[x])) continue;
      const text = textOf(cell);
      const wanted = lookOf(cell);
      if (text === SECOND) continue;
      if (cursor !== x) out += way(row, look, cursor, x, y);
      if (wanted !== look) {
        out += wanted === NORMAL ? '\x1b[m' : `\x1b[0;${this.looks.at(wanted)}m`;
      }
      look = wanted;
      const width = textOf(cells[x + 1] ?? blank) === SECOND ? 2 : 1;
      out +=
        text < PARTS ? String.fromCharCode(text) : contained(this.parts.at(text - PARTS), x, width);
      cursor = x + width;
    }
    return look === NORMAL ? out : `${out}\x1b[m`;
  }
}

function rowFor(columns: number): Row {
  return { cells: new Int32Array(columns), key: '' };
}

function cellOf(text: number, look: number): number {
  return text | (look << LOOK_SHIFT);
}
function textOf(cell: number): number {
  return cell & SECOND;
}
function lookOf(cell: number): number {
  return cell >>> LOOK_SHIFT;
}

/** From the cursor to a cell of its line. */
function way({ cells }: Row, look: number, cursor: number, x: number, y: number): string {
  if (cursor < 0 || x < cursor) return `\x1b[${y + 1};${x + 1}H`;
  const jump = `\x1b[${x - cursor}C`;
  if (x - cursor > SHORT_GAP) return jump;
  let gap = '';
  for (let at = cursor; at < x; at++) {
    const text = textOf(cells[at]!);
    if (lookOf(cells[at]!) !== look || text >= PARTS) return jump;
    gap += String.fromCharCode(text);
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
