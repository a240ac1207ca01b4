import { writeSync } from 'node:fs';
import { printable } from '../core/text';

/**
 * One line on stderr. Written directly: process.stderr would set O_NONBLOCK on a pipe that a COMMAND or
 * the shell shares, and they would get EAGAIN. A stderr that is closed or full is nobody's problem here.
 */
export function say(line: string): void {
  try {
    writeSync(2, `${printable(line)}\n`);
  } catch {
    // There is no place left to complain to.
  }
}
