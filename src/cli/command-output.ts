import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { FdWriter } from '../output/files/writer';
import type { CommandOutput } from '../tui/state/source';

/** Bounds on what is kept of a COMMAND that writes for ever, or writes no line end. */
const MAX_LINES = 2000;
const MAX_LINE = 1000;
/** How long the rest of the output is waited for after COMMAND's end: its children may hold the pipe. */
const REST_MS = 300;

/** The last lines of what COMMAND writes; all of it goes to a file where one is given. */
export class CommandOutputLog {
  private readonly lines: string[] = [];
  private dropped = 0;
  private partial = '';
  private readonly decoder = new StringDecoder('utf8');
  private socket: Socket | null = null;

  /** `file` gets every byte, as long as it takes them; null for none. */
  constructor(private readonly file: FdWriter | null) {}

  /** Reads from the pipe until its end. Takes over the descriptor. */
  read(fd: number): void {
    const socket = new Socket({ fd, readable: true, writable: false });
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.take(this.decoder.write(chunk));
      const { file } = this;
      file?.write(chunk);
      if (file === null || file.ready) return;
      // A slow reader holds COMMAND up, as it would without us; it must not grow our memory. A full disk
      // does not: a failed writer is always ready.
      socket.pause();
      file.whenReady(() => {
        socket.resume();
      });
    });
    // EIO and the like: there is no more to read, which is what an end means.
    socket.on('error', () => undefined);
  }

  private take(text: string): void {
    const parts = (this.partial + text).split('\n');
    this.partial = (parts.pop() ?? '').slice(-MAX_LINE);
    for (const part of parts) this.lines.push(lastOverwrite(part).slice(0, MAX_LINE));
    const extra = this.lines.length - MAX_LINES;
    if (extra <= 0) return;
    this.lines.splice(0, extra);
    this.dropped += extra;
  }

  get state(): CommandOutput {
    const rest = lastOverwrite(this.partial);
    return { lines: rest === '' ? this.lines : [...this.lines, rest], dropped: this.dropped };
  }

  /** Waits for the last of the output. */
  async finish(): Promise<void> {
    const { socket } = this;
    if (socket !== null && !socket.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, REST_MS);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    socket?.destroy();
  }
}

/** What a terminal would show of a line with carriage returns (progress bars): the last version. */
function lastOverwrite(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
