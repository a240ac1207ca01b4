import { errorParts } from '../core/facts/errors';
import { WholeFile } from '../output/files/whole-file';
import type { Outlets } from './outlets';

/** Writes what the dashboard was asked to write. Returns null, or what went wrong in one line. */
export function saveWhole(outlets: Outlets, path: string, text: string): string | null {
  try {
    outlets.deliver(new WholeFile(path), text);
    return null;
  } catch (error) {
    // The prompt shows the name already.
    return `cannot write: ${errorParts(error).message.replace(`${path}: `, '')}`;
  }
}
