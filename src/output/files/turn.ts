import * as fs from 'node:fs';
import { errorParts } from '../../core/facts/errors';
import { openRecording, outputError } from './open';
import { Refusal } from './others';
import { closePlace, pathOf, walk } from './path-walk';

/**
 * Opens a file anew for what comes next: what is there (`fd`) becomes FILE.1, that of before FILE.2, and so on up to
 * `kept` files behind it; the oldest goes. Throws AnalyzerError OUTPUT.
 */
export function turnRecording(path: string, fd: number, kept: number): number {
  try {
    const place = walk(path);
    try {
      const { directory, name, object } = place;
      if (object === null || !isSame(object.stat, fs.fstatSync(fd)))
        throw new Refusal('something else has taken its name');
      for (let i = kept; i > 0; i--) {
        const from = i === 1 ? name : `${name}.${i - 1}`;
        moved(pathOf(directory, from), pathOf(directory, `${name}.${i}`));
      }
    } finally {
      closePlace(place);
    }
  } catch (error) {
    throw outputError(path, error);
  }
  return openRecording(path);
}

function isSame(a: fs.Stats, b: fs.Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** Where it is there. */
function moved(from: string | Buffer, to: string | Buffer): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errorParts(error).code !== 'ENOENT') throw error;
  }
}
