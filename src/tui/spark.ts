import type { Glyphs } from './theme';

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
