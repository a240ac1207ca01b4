import { Buffer } from 'node:buffer';
import { sharedWrite } from '../native/shared-write';
import { printable } from '../core/text/printable';

/** How long a line waits for a reader of stderr that is slow; one that stands still loses it. ms. */
const PATIENCE_MS = 300;
const POLL_MS = 5;

/**
 * One line on stderr. Written directly: process.stderr would set O_NONBLOCK on a pipe that a COMMAND or
 * the shell shares, and they would get EAGAIN. A stderr that is closed or full is nobody's problem here.
 */
export function say(line: string): void {
  const bytes = Buffer.from(`${printable(line)}\n`);
  const write = sharedWrite(2);
  const end = performance.now() + PATIENCE_MS;
  for (let at = 0; at < bytes.length;) {
    try {
      at += write(2, bytes, at, bytes.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Anything else: there is no place left to complain to.
      if (code !== 'EINTR' && (code !== 'EAGAIN' || performance.now() > end)) return;
      if (code === 'EAGAIN') pause(POLL_MS);
    }
  }
}

/** What is said must be out before what follows: the event loop may not turn again. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
