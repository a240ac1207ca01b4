import { isDeepStrictEqual } from 'node:util';

/**
 * `expect(actual).toEqual(expected)` where it stands in a loop of thousands of turns: Jest makes an error for each
 * expectation before it knows whether it needs one, and compares ten times as slowly.
 */
export function expectSame<T>(actual: T, expected: T): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
