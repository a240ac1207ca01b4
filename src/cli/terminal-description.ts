import { closeSync, constants, openSync, readSync } from 'node:fs';
import { describedColours } from '../tui/terminal/terminfo';

/** Where systems keep compiled descriptions. Not in a home directory: that may be another user's under sudo. */
const DIRECTORIES = ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo', '/usr/lib/terminfo'];
/** The most that ncurses writes (MAX_ENTRY_SIZE2). */
const MAX_BYTES = 32 << 10;

/** The colours that the system's description of a terminal tells; null where there is none that can be read. */
export function terminalColours(
  term: string,
  directories: readonly string[] = DIRECTORIES,
): number | null {
  if (!/^[A-Za-z0-9][\w.+-]{0,63}$/.test(term)) return null;
  // By the first letter, or its number where file names have no case.
  const folders = [term.charAt(0), term.charCodeAt(0).toString(16)];
  for (const directory of directories) {
    for (const folder of folders) {
      const bytes = readDescription(`${directory}/${folder}/${term}`);
      if (bytes !== null) return describedColours(bytes);
    }
  }
  return null;
}

function readDescription(path: string): Uint8Array | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = new Uint8Array(MAX_BYTES);
      return bytes.subarray(0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    // ENOENT: it is described elsewhere, or not at all; the name of the terminal is what is left to go by.
    return null;
  }
}
