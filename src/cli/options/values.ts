import { UsageError } from './parse';

/** One of some words, null where the option was not given. Throws UsageError. */
export function choice<T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
): T | null {
  if (value === undefined) return null;
  const found = allowed.find((item) => item === value);
  if (found === undefined) {
    throw new UsageError(`--${name}: '${value}' is none of ${allowed.join(', ')}`);
  }
  return found;
}

/** The same of a whole number. */
export function integer(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name}: '${text}' is no whole number from ${min} to ${max}`);
  }
  return value;
}

/** `1%`, `0.5`: from 0.01 to 100; null where the option was not given. Throws UsageError. */
export function percentage(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : NaN;
  if (!(value >= 0.01 && value <= 100)) {
    throw new UsageError(`--${name}: '${text}' is no share in percent, 0.01 to 100`);
  }
  return value;
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 2 ** 10],
  ['M', 2 ** 20],
  ['G', 2 ** 30],
  ['T', 2 ** 40],
]);

/** Bytes, as `500M` or `2G`; null where the option was not given. Throws UsageError. */
export function byteSize(name: string, text: string | undefined, min: number): number | null {
  if (text === undefined) return null;
  const [, number, unit] = /^([0-9]{1,12})([KMGT]?)$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS.get((unit ?? '').toUpperCase()) ?? NaN);
  if (number === undefined || bytes < min || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`--${name}: '${text}' is no size from ${min >> 20}M on (500M, 2G)`);
  }
  return bytes;
}
