/** A character of ambiguous width (UAX 11), which the dashboard draws with. */
const SAMPLE = '\u2588';

/**
 * Draws it at the beginning of the second line, asks for the cursor (CPR, ECMA-48 8.3.14) and removes it again. In
 * the first line the answer would look like F3 with a modifier.
 */
export const WIDTH_PROBE = `\x1b[2;1H${SAMPLE}\x1b[6n\r\x1b[K`;

/** Whether a report of the terminal says that the character took two cells. */
export function saysWide(parameters: string, final: string): boolean {
  return final === 'R' && parameters === '2;3';
}
