import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesOfText } from '../../core/text/byte-text';

/** Two names of one regular file, by links too; also where there is none of that name yet. */
export function isSameFile(one: string, other: string): boolean {
  if (resolve(one) === resolve(other)) return isFileToBe(one);
  const [a, b] = [one, other].map((path) => statOf(path));
  return a?.isFile() === true && a.dev === b?.dev && a.ino === b.ino;
}

function isFileToBe(path: string): boolean {
  return statOf(path)?.isFile() ?? true;
}

/** null where nothing is there, or cannot be looked at: opening it will say so. */
function statOf(path: string): ReturnType<typeof statSync> | null {
  try {
    return statSync(bytesOfText(path));
  } catch {
    return null;
  }
}
