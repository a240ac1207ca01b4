import type { ReplayState } from '../state/source';

const TIME = /^([+-]?)((?:\d+:){0,2}\d+(?:[.,]\d+)?)$/;
const PERCENT = /^(\d+(?:[.,]\d+)?) ?%$/;

/** A time of a recording as a person writes it, ns from its start; null for what is none. */
export function timeWithin(
  text: string,
  { position, length }: Pick<ReplayState, 'position' | 'length'>,
): number | null {
  const [, share] = PERCENT.exec(text) ?? [];
  if (share !== undefined) return length === null ? null : (number(share) / 100) * length;
  const [, sign, time] = TIME.exec(text) ?? [];
  if (time === undefined) return null;
  const ns = time.split(':').reduce((sum, part) => 60 * sum + number(part), 0) * 1e9;
  if (sign === '') return ns;
  return Math.max(0, sign === '-' ? position - ns : position + ns);
}

/** Why a text is no time, for who wrote it. */
export function whyNowhere(text: string, { length }: Pick<ReplayState, 'length'>): string {
  return PERCENT.test(text) && length === null
    ? 'how long the recording is is known at its end: 90, 1:30, +10 or -10'
    : 'a time: 90, 1:30, 1:02:03, 50%, +10 or -10';
}

function number(text: string): number {
  return Number(text.replace(',', '.'));
}
