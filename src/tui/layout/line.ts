import {
  cellText,
  clusters,
  isAscii,
  isSimple,
  widthOf,
  type Cluster,
} from '../terminal/cell-width';
import type { Style, Theme } from '../terminal/theme';

/** Cut to `width` cells with a mark; `middle` keeps the end too (`verylong…so .text`). Of text that is clean. */
export function cut(text: string, width: number, ellipsis: string, middle = false): string {
  if (!isSimple(text)) return cutWide(text, width, ellipsis, middle);
  if (text.length <= width) return text;
  if (width <= 1) return text.slice(0, Math.max(0, width));
  if (!middle || width < 8) return text.slice(0, width - 1) + ellipsis;
  const tail = Math.floor((width - 1) * 0.4);
  return text.slice(0, width - 1 - tail) + ellipsis + text.slice(text.length - tail);
}

/** The same of text with wide characters: where half of one would be left, it goes. */
function cutWide(text: string, width: number, ellipsis: string, middle: boolean): string {
  if (widthOf(text) <= width) return text;
  const parts = clusters(text);
  if (width <= 1) return fitting(parts, Math.max(0, width)).join('');
  const tail = middle && width >= 8 ? Math.floor((width - 1) * 0.4) : 0;
  const head = fitting(parts, width - 1 - tail).join('');
  return (
    head +
    ellipsis +
    fitting([...parts].reverse(), tail)
      .reverse()
      .join('')
  );
}

/** As much of the beginning of a text, or of its end, as has room in so many cells. */
export function beginningOf(text: string, width: number): string {
  return fitting(clusters(text), width).join('');
}
export function endOf(text: string, width: number): string {
  return fitting(clusters(text).reverse(), width).reverse().join('');
}

/** The first characters that fit. */
function fitting(parts: readonly Cluster[], width: number): string[] {
  const found: string[] = [];
  let room = width;
  for (const part of parts) {
    room -= part.width;
    if (room < 0) break;
    found.push(part.text);
  }
  return found;
}

/**
 * One line of the screen, exactly `width` cells. All text on the screen goes through add(), so that
 * nothing foreign reaches the terminal uncleaned and nothing overflows.
 */
export class Line {
  private out = '';
  used = 0;
  private readonly below: string;

  /** `base`: how the whole line looks, below the styles of its parts. */
  constructor(
    readonly theme: Theme,
    readonly width: number,
    base: Style = 'plain',
  ) {
    this.below = theme.sgr[base];
  }

  get room(): number {
    return this.width - this.used;
  }

  add(text: string, style: Style = 'plain'): this {
    if (text.length <= this.room && isAscii(text)) return this.put(text, text.length, style);
    let clean = cellText(text, this.theme.names);
    let width = widthOf(clean);
    if (width > this.room) {
      clean = cut(clean, this.room, this.theme.glyphs.ellipsis);
      width = widthOf(clean);
    }
    return this.put(clean, width, style);
  }

  /** Words: what has no room is left out from a border between words on. */
  words(text: string, style: Style = 'plain'): this {
    const { names, glyphs } = this.theme;
    const clean = cellText(text, names);
    if (widthOf(clean) <= this.room) return this.put(clean, widthOf(clean), style);
    const room = this.room - glyphs.ellipsis.length;
    const whole = beginningOf(clean, room);
    const end = clean[whole.length] === ' ' ? whole.length : whole.lastIndexOf(' ');
    return end <= 0 ? this : this.add(clean.slice(0, end) + glyphs.ellipsis, style);
  }

  /** Text that is clean and has room. */
  private put(clean: string, width: number, style: Style): this {
    if (clean === '') return this;
    this.used += width;
    const { below } = this;
    const own = this.theme.sgr[style];
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
    if (text.length <= width && width <= this.room && isAscii(text)) {
      return this.put(align === 'left' ? text.padEnd(width) : text.padStart(width), width, style);
    }
    const clean = cellText(text, this.theme.names);
    const fitted = cut(clean, width, this.theme.glyphs.ellipsis, align === 'left');
    const blanks = ' '.repeat(Math.max(0, width - widthOf(fitted)));
    return this.add(align === 'left' ? fitted + blanks : blanks + fitted, style);
  }

  /** A number as columns print it, or a mark of the theme, in a cell that has room: each character is one cell. */
  figure(text: string, width: number, style: Style = 'plain'): this {
    if (text.length > width || width > this.room) return this.cell(text, width, 'right', style);
    return this.put(text.padStart(width), width, style);
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
  /** Of which as much is shown as there is room for, where the full form has none. */
  readonly long?: string;
  readonly style?: Style;
  /** The lightest pieces are shortened, then left out first. */
  readonly weight: number;
  /** Has the room that the others leave when they stand as full as they can. */
  readonly spare?: boolean;
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
  const clean = (text: string): string => cellText(text, theme.names);
  let room = width + 1;
  for (const piece of byWeight) {
    const text = clean(piece.short ?? piece.text);
    const needs = widthOf(text) + 2;
    // The heaviest is shown even where it must be cut.
    if (text === '' || piece.spare === true || (needs > room && texts.size > 0)) continue;
    texts.set(piece, text);
    room -= needs;
  }
  for (const piece of byWeight) {
    const text = texts.get(piece);
    if (text === undefined || piece.short === undefined) continue;
    const most = widthOf(text) + room;
    const full = clean(piece.text);
    const fits = widthOf(full) <= most;
    if (!fits && piece.long === undefined) continue;
    const longer = fits ? full : cut(clean(piece.long ?? ''), most, theme.glyphs.ellipsis);
    texts.set(piece, longer);
    room = most - widthOf(longer);
  }
  for (const piece of byWeight) {
    const needs = widthOf(clean(piece.text)) + 2;
    if (piece.spare !== true || needs > room) continue;
    texts.set(piece, clean(piece.text));
    room -= needs;
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
