import type { Style, Theme } from '../terminal/theme';

const PLAIN_ASCII = /^[\x20-\x7e]*$/;
/**
 * What takes exactly one cell in every terminal: Latin, Greek and Cyrillic letters, and the marks the
 * theme draws with. Wide, combining, bidirectional and invisible characters would shift or hide the
 * rest of the line, and control characters would be obeyed.
 */
const NOT_ONE_CELL =
  /[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02af\u0370-\u0377\u037a-\u037f\u0384-\u0482\u048a-\u052f\u2026\u2190-\u2193\u2500-\u259f\u25b2\u25b8\u25bc\u25be]/gu;
// The range begins at 0x20 on purpose: everything else is what has to go.
const NOT_ASCII = /[^\x20-\x7e]/gu;

/** Text of which every character takes one cell; others become `?`. */
export function cellText(text: string, ascii: boolean): string {
  if (PLAIN_ASCII.test(text)) return text;
  return text.replace(ascii ? NOT_ASCII : NOT_ONE_CELL, '?');
}

/** Cut to `width` cells with a mark; `middle` keeps the end too (`verylong…so .text`). */
export function cut(text: string, width: number, ellipsis: string, middle = false): string {
  if (text.length <= width) return text;
  if (width <= 1) return text.slice(0, Math.max(0, width));
  if (!middle || width < 8) return text.slice(0, width - 1) + ellipsis;
  const tail = Math.floor((width - 1) * 0.4);
  return text.slice(0, width - 1 - tail) + ellipsis + text.slice(text.length - tail);
}

/**
 * One line of the screen, exactly `width` cells. All text on the screen goes through add(), so that
 * nothing foreign reaches the terminal uncleaned and nothing overflows.
 */
export class Line {
  private out = '';
  used = 0;

  /** `base`: how the whole line looks, below the styles of its parts. */
  constructor(
    readonly theme: Theme,
    readonly width: number,
    private readonly base: Style = 'plain',
  ) {}

  get room(): number {
    return this.width - this.used;
  }

  add(text: string, style: Style = 'plain'): this {
    let clean = cellText(text, this.theme.ascii);
    if (clean.length > this.room) clean = cut(clean, this.room, this.theme.glyphs.ellipsis);
    if (clean === '') return this;
    this.used += clean.length;
    const own = this.theme.sgr[style];
    const below = this.theme.sgr[this.base];
    const sgr = own === '' || below === '' ? below + own : `${below};${own}`;
    this.out += sgr === '' ? clean : `\x1b[${sgr}m${clean}\x1b[m`;
    return this;
  }

  /** What the dashboard itself draws with, in the look that `sgr` gives: one cell a character, which fit. */
  draw(text: string, sgr: string): this {
    this.used += text.length;
    this.out += sgr === '' ? text : `\x1b[${sgr}m${text}\x1b[m`;
    return this;
  }

  /** Blanks (or a rule) up to a column. */
  to(column: number, fill = ' ', style: Style = 'plain'): this {
    const count = Math.min(column, this.width) - this.used;
    return count > 0 ? this.add(fill.repeat(count), style) : this;
  }

  /** A cell of a table: fitted, aligned. */
  cell(text: string, width: number, align: 'left' | 'right', style: Style = 'plain'): this {
    const clean = cellText(text, this.theme.ascii);
    const fitted = cut(clean, width, this.theme.glyphs.ellipsis, align === 'left');
    return this.add(align === 'left' ? fitted.padEnd(width) : fitted.padStart(width), style);
  }

  /** The finished line. */
  end(): string {
    this.to(this.width);
    return this.out;
  }
}

/** A part of a line that may be shortened or left out. */
export interface Piece {
  readonly text: string;
  readonly short?: string;
  readonly style?: Style;
  /** The lightest pieces are shortened, then left out first. */
  readonly weight: number;
}

/**
 * Puts pieces on one line, two blanks between. The heaviest get their place first, in the short form;
 * what room is left then goes to the full forms, the heaviest first again.
 */
export function pieceLine(
  theme: Theme,
  width: number,
  pieces: readonly Piece[],
  base: Style = 'plain',
): string {
  const texts = new Map<Piece, string>();
  const byWeight = [...pieces].sort((a, b) => b.weight - a.weight);
  let room = width + 1;
  for (const piece of byWeight) {
    const text = piece.short ?? piece.text;
    // The heaviest is shown even where it must be cut.
    if (text === '' || (text.length + 2 > room && texts.size > 0)) continue;
    texts.set(piece, text);
    room -= text.length + 2;
  }
  for (const piece of byWeight) {
    const text = texts.get(piece);
    if (text === undefined || piece.text.length - text.length > room) continue;
    texts.set(piece, piece.text);
    room -= piece.text.length - text.length;
  }
  const line = new Line(theme, width, base).add(' ');
  for (const piece of pieces) {
    const text = texts.get(piece);
    if (text === undefined) continue;
    if (line.used > 1) line.add('  ');
    line.add(text, piece.style);
  }
  return line.end();
}

/** A text in lines of at most `width`, broken between words. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
