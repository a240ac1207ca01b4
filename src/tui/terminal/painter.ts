import { clusters, isSimple } from './cell-width';

/** Text that lies over a line, in cells of their own. */
export interface Overlay {
  readonly row: number;
  readonly column: number;
  readonly text: string;
  /** Parameters of SGR, '' for none. */
  readonly sgr: string;
}

/** The cells of a line: what stands in each, '' in the second one of a wide character, and how it looks. */
interface Row {
  readonly texts: string[];
  readonly looks: string[];
  /** What the cells were made of. */
  readonly key: string;
}

/** Unchanged cells are written again where that takes no more bytes than a jump over them. */
const SHORT_GAP = 4;
const ESCAPE = '\x1b';

/**
 * What the terminal shows, and the shortest way from there to another picture. Lines that are as they were cost a
 * comparison; of others the cells that differ are written.
 */
export class Painter {
  private rows: Row[] = [];

  /** The terminal was cleared to blanks. */
  reset(): void {
    this.rows = [];
  }

  /**
   * The bytes that bring lines with inline SGR (`ESC [ ... m` before a text, `ESC [ m` behind it) onto the screen,
   * each of them `columns` cells wide.
   */
  paint(lines: readonly string[], columns: number, overlays: readonly Overlay[] = []): string {
    let out = '';
    lines.forEach((line, y) => {
      const over = overlays.filter(({ row }) => row === y);
      const key = over.reduce((text, { sgr, text: part }) => `${text}\n${sgr}\n${part}`, line);
      const before = this.rows[y];
      if (before?.key === key && before.texts.length === columns) return;
      const row = rowOf(line, key, columns);
      for (const overlay of over) layOver(row, overlay);
      out += difference(row, before, y);
      this.rows[y] = row;
    });
    return out;
  }
}

function rowOf(line: string, key: string, columns: number): Row {
  const texts: string[] = [];
  const looks: string[] = [];
  let look = '';
  let at = 0;
  while (at < line.length && texts.length < columns) {
    if (line.startsWith(ESCAPE, at)) {
      const end = line.indexOf('m', at);
      look = line.slice(at + 2, end);
      at = end + 1;
      continue;
    }
    const next = line.indexOf(ESCAPE, at);
    const end = next < 0 ? line.length : next;
    addCells(texts, looks, line.slice(at, end), look);
    at = end;
  }
  while (texts.length < columns) {
    texts.push(' ');
    looks.push('');
  }
  texts.length = looks.length = columns;
  return { texts, looks, key };
}

function addCells(texts: string[], looks: string[], text: string, look: string): void {
  if (isSimple(text)) {
    for (let k = 0; k < text.length; k++) {
      texts.push(text.charAt(k));
      looks.push(look);
    }
    return;
  }
  for (const { text: char, width } of clusters(text)) {
    texts.push(char);
    looks.push(look);
    if (width < 2) continue;
    texts.push('');
    looks.push(look);
  }
}

function layOver(row: Row, { column, text, sgr }: Overlay): void {
  for (let k = 0; k < text.length; k++) {
    row.texts[column + k] = text.charAt(k);
    row.looks[column + k] = sgr;
  }
}

/** What turns the cells of a line into others. The look is back to normal at the end. */
function difference({ texts, looks }: Row, before: Row | undefined, y: number): string {
  let out = '';
  let look = '';
  /** Where the cursor is; -1: elsewhere. */
  let cursor = -1;
  for (let x = 0; x < texts.length; x++) {
    const text = texts[x]!;
    const wanted = looks[x]!;
    const wasText = before === undefined ? ' ' : before.texts[x];
    const wasLook = before === undefined ? '' : before.looks[x];
    // The second cell of a wide character is written with the first.
    if (text === '' || (text === wasText && wanted === wasLook)) continue;
    if (cursor !== x) out += way(texts, looks, look, cursor, x, y);
    if (wanted !== look) out += wanted === '' ? '\x1b[m' : `\x1b[0;${wanted}m`;
    look = wanted;
    const width = texts[x + 1] === '' ? 2 : 1;
    out += width === 1 && isSimple(text) ? text : contained(text, x, width);
    cursor = x + width;
  }
  return look === '' ? out : `${out}\x1b[m`;
}

/** From the cursor to a cell of its line. */
function way(
  texts: readonly string[],
  looks: readonly string[],
  look: string,
  cursor: number,
  x: number,
  y: number,
): string {
  if (cursor < 0 || x < cursor) return `\x1b[${y + 1};${x + 1}H`;
  const gap = texts.slice(cursor, x);
  const isPlain = gap.every(
    (text, k) => looks[cursor + k] === look && text !== '' && isSimple(text),
  );
  return isPlain && gap.length <= SHORT_GAP ? gap.join('') : `\x1b[${x - cursor}C`;
}

/**
 * A character of which terminals may have another opinion: whatever they think that it takes, its cells are blank
 * before, and the cursor stands behind them afterwards (CHA, ECMA-48 8.3.9).
 */
function contained(text: string, x: number, width: number): string {
  return `${' '.repeat(width)}\x1b[${x + 1}G${text}\x1b[${x + width + 1}G`;
}
