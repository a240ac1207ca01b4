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
  /** Colours of the terminal's description; null or left out where there is none. */
  readonly describedColours?: number | null;
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

/** How long leaving waits for a slow terminal, ms. */
const DRAIN_MS = 1000;

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
