import { HISTORY_TICKS } from '../../core/stats/history';
import type { Glyphs } from '../terminal/theme';

/**
 * The newest values as one character each, scaled to `peak` (default: the largest shown). Zero is a
 * blank and everything above it at least the lowest mark, so that one fault is seen beside a million.
 */
export function sparkline(
  values: readonly number[],
  width: number,
  glyphs: Glyphs,
  peak = 0,
): string {
  const from = Math.max(0, values.length - width);
  let most = peak;
  if (most <= 0) for (let i = from; i < values.length; i++) most = Math.max(most, values[i]!);
  let out = ' '.repeat(Math.max(0, width - (values.length - from)));
  for (let i = from; i < values.length; i++) out += level(values[i]!, most, ' ', glyphs);
  return out;
}

/** What the widget draws as the second of its eight marks: its first is all that a zero gets. */
const SEEN = 15;

/**
 * Values as shares of the largest in percent, whole. The widget overflows above 8.38 million and makes
 * fractions flat; and one fault must be seen beside a million here too.
 */
export function toHundred(values: readonly number[]): number[] {
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  return values.map((value) => (value > 0 ? Math.max(SEEN, Math.round((100 * value) / most)) : 0));
}

/** Ticks per character of a row's history. */
const HISTORY_BIN = 5;
/** Characters of a row's history: all its ticks, and one more while the newest bin is not full. */
export const HISTORY_CELLS = HISTORY_TICKS / HISTORY_BIN + 1;

/**
 * The history of a row, the largest of every HISTORY_BIN ticks as one character. Bins are aligned to the
 * count of ticks, so that the line moves once per bin and not at every refresh: lines that all shift
 * would cost more bytes than everything else on the screen.
 */
export function historyLine(history: readonly number[], ticks: number, glyphs: Glyphs): string {
  const bins = new Array<number>(HISTORY_CELLS).fill(0);
  const newest = Math.floor(ticks / HISTORY_BIN);
  history.forEach((value, i) => {
    const tick = ticks - (history.length - 1 - i);
    const at = HISTORY_CELLS - 1 - (newest - Math.floor(tick / HISTORY_BIN));
    if (at >= 0) bins[at] = Math.max(bins[at]!, value);
  });
  return sparkline(bins, HISTORY_CELLS, glyphs);
}

/** A strip of `bins`, each one character; empty ones are marked, because the place matters here. */
export function strip(bins: readonly number[], glyphs: Glyphs): string {
  const most = bins.reduce((largest, n) => Math.max(largest, n), 0);
  return bins.map((n) => level(n, most, glyphs.empty, glyphs)).join('');
}

function level(value: number, most: number, zero: string, glyphs: Glyphs): string {
  if (!(value > 0)) return zero;
  const steps = glyphs.levels.length;
  return glyphs.levels.charAt(Math.min(steps - 1, Math.floor((value / most) * steps)));
}
