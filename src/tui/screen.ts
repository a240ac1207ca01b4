import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import blessed from 'blessed';
import type { Size } from './picture';
import { terminalTraits, type TerminalTraits } from './theme';

/** The part of a tty's streams that is used; tests give streams of their own. */
export interface TtyInput extends NodeJS.EventEmitter {
  setRawMode?(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  unref?(): unknown;
}
export interface TtyOutput extends NodeJS.EventEmitter {
  readonly columns?: number;
  readonly rows?: number;
  readonly writableLength: number;
  write(text: string, done?: () => void): boolean;
  getWindowSize?(): [number, number];
  _handle?: { setBlocking?(blocking: boolean): unknown } | null;
}

export interface ScreenOptions {
  readonly input: TtyInput;
  readonly output: TtyOutput;
  readonly env: Record<string, string | undefined>;
  readonly ascii: boolean;
  /** Stops this process as SIGSTOP does; it returns when the process runs again. */
  readonly stopProcess: () => void;
}

export interface ScreenEvents {
  onText(text: string): void;
  onResize(): void;
  /** The terminal takes output again after frames were skipped. */
  onDrain(): void;
  /** The terminal is gone (EIO, EPIPE, end of input). */
  onGone(): void;
}

/** What blessed's own types leave out or get wrong. */
interface RawScreen {
  readonly program: { cols: number; rows: number; isAlt: boolean };
  append(box: unknown): void;
  render(): void;
  enter(): void;
  leave(): void;
  alloc(): void;
  destroy(): void;
}
interface RawBox {
  setContent(text: string, noClear: boolean, noTags: boolean): void;
}
interface RawBlessed {
  readonly tput: { ipaths: unknown[] };
  screen(options: object): RawScreen;
  box(options: object): RawBox;
}

/** Variables blessed looks at, as it shall see them: without tmux it would run `tmux -V`. */
const BLESSED_ENV = { NCURSES_NO_UTF8_ACS: '1', TMUX: undefined };
/** How long leaving waits for a slow terminal, ms. */
const DRAIN_MS = 1000;

/**
 * The terminal: the one module that touches blessed. One box over the whole screen, drawn from lines
 * with inline SGR; blessed compares with what is there and sends the difference. Input goes past
 * blessed, whose decoder takes arrow keys apart when they come in two reads.
 */
export class TerminalScreen {
  readonly traits: TerminalTraits;
  private readonly screen: RawScreen;
  private readonly box: RawBox;
  private readonly decoder = new StringDecoder('utf8');
  private keepAlive: NodeJS.Timeout | null = null;
  private skipped = false;
  private closed = false;
  private readonly detach: () => void;

  constructor(
    private readonly options: ScreenOptions,
    private readonly events: ScreenEvents,
  ) {
    const { input, output, env, ascii } = options;
    this.traits = terminalTraits(env, ascii);
    // A tty's writes block by default: a stalled reader would stop the event loop, and the capture with it.
    output._handle?.setBlocking?.(false);
    this.screen = createScreen(output, env.TERM ?? '', !this.traits.ascii);
    const toolkit = blessed as unknown as RawBlessed;
    this.box = toolkit.box({
      top: 0,
      left: 0,
      width: '100%',
      height: '100%',
      tags: false,
      wrap: false,
    });
    this.screen.append(this.box);
    this.detach = this.attach();
    input.setRawMode?.(true);
    input.resume();
  }

  private attach(): () => void {
    const { input, output } = this.options;
    const onData = (chunk: Buffer | string): void => {
      this.events.onText(typeof chunk === 'string' ? chunk : this.decoder.write(chunk));
    };
    const onGone = (): void => {
      if (!this.closed) this.events.onGone();
    };
    const onResize = (): void => {
      this.readSize();
      this.screen.alloc();
      this.events.onResize();
    };
    const onDrain = (): void => {
      if (!this.skipped) return;
      this.skipped = false;
      this.events.onDrain();
    };
    // blessed would draw the old content at the new size first.
    output.removeAllListeners('resize');
    const listeners: [NodeJS.EventEmitter, string, (chunk: Buffer | string) => void][] = [
      [input, 'data', onData],
      [input, 'end', onGone],
      [input, 'error', onGone],
      [output, 'error', onGone],
      [output, 'resize', onResize],
      [output, 'drain', onDrain],
    ];
    for (const [emitter, name, listener] of listeners) emitter.on(name, listener);
    return () => {
      for (const [emitter, name, listener] of listeners) {
        // Errors after the end (the drain of a dead terminal) must not become uncaught exceptions.
        if (name !== 'error') emitter.removeListener(name, listener);
      }
    };
  }

  private readSize(): void {
    const { output } = this.options;
    const [columns, rows] = output.getWindowSize?.() ?? [output.columns ?? 80, output.rows ?? 24];
    this.screen.program.cols = columns;
    this.screen.program.rows = rows;
  }

  get size(): Size {
    // A pseudo-terminal that nobody has sized says 0.
    return { columns: this.screen.program.cols || 80, rows: this.screen.program.rows || 24 };
  }

  /** Draws a frame, or skips it (false) while the terminal has not taken the last one. */
  draw(lines: readonly string[]): boolean {
    if (this.closed || this.keepAlive !== null) return false;
    if (this.options.output.writableLength > 0) {
      this.skipped = true;
      return false;
    }
    this.box.setContent(lines.join('\n'), true, true);
    this.screen.render();
    return true;
  }

  /** Gives the terminal back to the shell and stops the process; resume() follows on SIGCONT. */
  suspend(): void {
    if (this.closed || this.keepAlive !== null) return;
    this.screen.leave();
    this.options.input.setRawMode?.(false);
    this.options.input.pause();
    // Paused input alone would let the event loop end, and the program with it.
    this.keepAlive = setInterval(() => undefined, 1 << 30);
    this.options.stopProcess();
  }

  /** Takes the terminal back; also after a SIGSTOP from outside, when the shell has changed its modes. */
  resume(): void {
    if (this.closed) return;
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
    this.keepAlive = null;
    // libuv remembers raw mode and would not set it again.
    this.options.input.setRawMode?.(false);
    this.options.input.setRawMode?.(true);
    this.options.input.resume();
    this.readSize();
    this.screen.program.isAlt = false;
    this.screen.enter();
    this.screen.alloc();
  }

  /** Leaves the terminal as it was found. Returns when it has taken all output, or after a second. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
    this.detach();
    this.screen.destroy();
    const { input, output } = this.options;
    try {
      input.setRawMode?.(false);
    } catch {
      // EIO: the terminal is gone, and its modes with it.
    }
    input.pause();
    input.unref?.();
    await drained(output);
  }
}

/** Waits until the output has been taken, DRAIN_MS at most. */
export function drained(output: TtyOutput): Promise<void> {
  if (output.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    output.write('', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** TERM values blessed's own copy of xterm's description does not fit. */
const OWN_TERMINFO = /^(?:linux|vt\d|ansi$|cons)/;

function createScreen(output: TtyOutput, term: string, unicode: boolean): RawScreen {
  const toolkit = blessed as unknown as RawBlessed;
  // blessed cannot read the 32-bit terminfo files of ncurses 6.1: with them it prints a JavaScript dump
  // on the screen (screen-256color) or falls to 8 colours. Its bundled xterm-256color fits them all.
  const own = OWN_TERMINFO.test(term);
  const paths = own ? [] : toolkit.tput.ipaths.splice(0);
  const saved = { ...process.env };
  Object.assign(process.env, BLESSED_ENV);
  delete process.env.TMUX;
  try {
    return toolkit.screen({
      // A stream that stays silent: blessed must not read keys or change raw mode.
      input: new PassThrough(),
      output,
      terminal: own ? term : 'xterm-256color',
      forceUnicode: unicode,
      fullUnicode: false,
      smartCSR: false,
      useBCE: false,
      fastCSR: false,
    });
  } finally {
    toolkit.tput.ipaths.push(...paths);
    for (const name of Object.keys(BLESSED_ENV)) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
  }
}
