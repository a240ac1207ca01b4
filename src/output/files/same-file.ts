import { statSync } from 'node:fs';
import { bytesOfText } from '../../core/text/byte-text';

/** Two names, by links too, of one regular file that is there. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return a?.isFile() === true && a.dev === b?.dev && a.ino === b.ino;
}

/** null where nothing is there, or cannot be looked at: opening it will say so. */
function statOf(path: string): ReturnType<typeof statSync> | null {
  try {
    return statSync(bytesOfText(path));
  } catch {
    return null;
  }
}
