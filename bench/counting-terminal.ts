import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers';
import { TerminalScreen } from '../src/tui/terminal/screen';
import type { TtyInput, TtyOutput } from '../src/tui/terminal/tty';

/** A terminal that takes everything at once and only counts it: an emulator would cost more than what is measured. */
export class CountingOutput extends EventEmitter implements TtyOutput {
  readonly isTTY = true;
  /** blessed asks a stream for it before it writes. */
  readonly writable = true;
  readonly writableLength = 0;
  bytes = 0;

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    super();
  }

  write(text: string): boolean {
    this.bytes += Buffer.byteLength(text);
    return true;
  }
}

class SilentInput extends EventEmitter implements TtyInput {
  resume(): void {
    // Nothing comes.
  }
  pause(): void {
    // Nothing comes.
  }
}

/** A screen of 200x50 on such a terminal. */
export function countingScreen(): {
  readonly screen: TerminalScreen;
  readonly output: CountingOutput;
} {
  const output = new CountingOutput(200, 50);
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const ignore = (): void => undefined;
  const screen = new TerminalScreen(
    { input: new SilentInput(), output, env, ascii: false, stopProcess: ignore },
    { onText: ignore, onResize: ignore, onDrain: ignore, onGone: ignore },
  );
  return { screen, output };
}

/** blessed collects what it writes until the next turn of the event loop. */
export const flushed = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
