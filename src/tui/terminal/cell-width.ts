import { WIDE_RANGES } from './wide-ranges';

const PLAIN_ASCII = /^[\x20-\x7e]*$/;
/** Up to so many units a loop over them is faster. */
const SHORT = 32;
const NOT_ASCII = /[^\x20-\x7e]/gu;
/**
 * What takes exactly one cell in every terminal: Latin, Greek and Cyrillic letters, and the marks the theme draws
 * with.
 */
const ONE_CELL =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02af\u0370-\u0377\u037a-\u037f\u0384-\u0482\u048a-\u052f\u2026\u2190-\u2193\u2500-\u259f\u25b2\u25b8\u25bc\u25be]*$/;
/** What can be seen. The rest are controls, which would be obeyed, what is invisible, and what is not assigned. */
const VISIBLE = /^[\p{L}\p{N}\p{P}\p{S}]$/u;
/** They ask for another form of the character before, of which terminals know the width or not: left out. */
const SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
/** Drawn onto the character before it. */
const COMBINING = /^[\p{Mn}\p{Me}]$/u;
/** Scripts from right to left: a terminal that knows them would turn the rest of the line around. */
const RIGHT_TO_LEFT =
  /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]$/u;
/** More marks on one character than this are not a name. */
const MOST_MARKS = 3;

/** A character with the marks on it, and the cells that it takes. */
export interface Cluster {
  readonly text: string;
  readonly width: number;
}

/** Every UTF-16 unit of it is one cell, wherever it is drawn. */
export function isSimple(text: string): boolean {
  return isAscii(text) || ONE_CELL.test(text);
}

/** ASCII without controls. Most of what is drawn is that, and short: to start a regular expression would cost more. */
export function isAscii(text: string): boolean {
  if (text.length > SHORT) return PLAIN_ASCII.test(text);
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

/**
 * What can be shown of names: ASCII alone; everything; or, where the terminal gives two cells to what is ambiguous
 * (UAX 11), what is wide for certain.
 */
export type Names = 'ascii' | 'all' | 'wide';

/** Text of which every character has a width of its own; others become `?`. */
export function cellText(text: string, names: Names): string {
  if (isAscii(text)) return text;
  if (names === 'ascii') return text.replace(NOT_ASCII, '?');
  if (names === 'wide') return text.replace(NOT_ASCII, (char) => (isWideName(char) ? char : '?'));
  if (ONE_CELL.test(text)) return text;
  let clean = '';
  let marks = MOST_MARKS;
  for (const char of text.replace(SELECTORS, '')) {
    if (COMBINING.test(char)) {
      // A mark that stands on nothing would be drawn onto what is there before.
      clean += marks < MOST_MARKS ? char : clean === '' ? '?' : '';
      marks++;
    } else {
      const isShown = ONE_CELL.test(char) || (VISIBLE.test(char) && !RIGHT_TO_LEFT.test(char));
      clean += isShown ? char : '?';
      marks = isShown ? 0 : MOST_MARKS;
    }
  }
  return clean;
}

/** The characters of a text that cellText() has cleaned. */
export function clusters(text: string): Cluster[] {
  const found: { text: string; width: number }[] = [];
  for (const char of text) {
    const last = found.at(-1);
    if (last !== undefined && COMBINING.test(char)) last.text += char;
    else found.push({ text: char, width: isWide(char.codePointAt(0)!) ? 2 : 1 });
  }
  return found;
}

/** Cells that a text takes which cellText() has cleaned. */
export function widthOf(text: string): number {
  if (isSimple(text)) return text.length;
  return clusters(text).reduce((sum, { width }) => sum + width, 0);
}

function isWideName(char: string): boolean {
  return VISIBLE.test(char) && isWide(char.codePointAt(0)!);
}

function isWide(code: number): boolean {
  if (code < WIDE_RANGES[0]![0]) return false;
  let low = 0;
  let high = WIDE_RANGES.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (WIDE_RANGES[middle]![0] <= code) low = middle;
    else high = middle - 1;
  }
  return code <= WIDE_RANGES[low]![1];
}
