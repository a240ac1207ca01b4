import { fstatSync, writeSync } from 'node:fs';
import { loadAddon } from './load';

/** write(2) of a part of `data`: the number of bytes taken; throws an error with `code`. */
export type Write = (fd: number, data: Uint8Array, offset: number, length: number) => number;

/**
 * How to write to a descriptor that COMMAND or a shell has as well: O_NONBLOCK would be felt by them, and
 * without it a socket whose reader stands still stops the event loop. A file is written as files are; so
 * is everything as long as there is no addon (--help of a checkout that is not built).
 */
export function sharedWrite(fd: number): Write {
  try {
    if (fstatSync(fd).isFile()) return writeSync;
    const addon = loadAddon();
    return (to, data, offset, length) => addon.writeNow(to, data.subarray(offset, offset + length));
  } catch {
    return writeSync;
  }
}
