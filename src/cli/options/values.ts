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
