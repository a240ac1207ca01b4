import { latency } from '../../core/text/format';
import type { Theme } from '../terminal/theme';

/** Bars by number, or by its logarithm. */
export type Scale = 'linear' | 'log';

/** Cells of the range in front of the bars; of the numbers behind the longest bar. */
export const LABEL = 16;
export const NUMBERS = 19;

/** Latencies from 2^`from` ns on, below 2^`to`: `2.0-4.1us`. What is below 2 ns counts from 0. */
export function rangeText(from: number, to: number): string {
  const low = from === 0 ? '0ns' : latency(2 ** from);
  const high = latency(2 ** to);
  const unit = /[a-z]+$/.exec(high)![0];
  const number = low.slice(0, -unit.length);
  return `${low.endsWith(unit) && /\d$/.test(number) ? number : low}-${high}`;
}

/** A bar in eighths of a cell, `room` cells for `most`: one fault among millions is still seen. */
export function latencyBar(
  { glyphs }: Theme,
  n: number,
  most: number,
  room: number,
  scale: Scale,
): string {
  if (n === 0) return '';
  const share = scale === 'linear' ? n / most : Math.log(n + 1) / Math.log(most + 1);
  const eighths = Math.max(1, Math.round(share * Math.max(1, room) * 8));
  const rest = eighths % 8;
  return (
    glyphs.bar.repeat(Math.floor(eighths / 8)) + (rest > 0 ? glyphs.parts.charAt(rest - 1) : '')
  );
}
