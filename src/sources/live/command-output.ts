import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** Lines kept; older ones are dropped and counted. */
const LINES = 1000;
/** Characters kept of one line: a program may never write a newline. */
const LINE_LENGTH = 4096;

/**
 * Reads what a COMMAND writes while a dashboard has the terminal: the last lines, bounded whatever the
 * program does, and every byte to a copy if one is wanted. Reads as fast as the program writes, so that
 * it does not wait for us in a full pipe.
 */
export class CommandOutputReader {
  readonly lines: string[] = [];
  dropped = 0;
  private readonly decoder = new StringDecoder('utf8');
  private readonly socket: Socket;
  private open = '';

  /** Owns `fd`, the pipe's non-blocking reading end. `copy` gets the raw bytes. */
  constructor(fd: number, copy: (bytes: Buffer) => void) {
    this.socket = new Socket({ fd, readable: true, writable: false });
    this.socket.on('data', (chunk: Buffer) => {
      copy(chunk);
      this.take(this.decoder.write(chunk));
    });
    // A read error means that nothing more comes; what was read stays.
    this.socket.on('error', () => this.socket.destroy());
    // A grandchild may hold the pipe for ever: it must not keep us alive.
    this.socket.unref();
  }

  close(): void {
    this.socket.destroy();
  }

  /** The lines so far, an unfinished last one with them. */
  tail(): readonly string[] {
    return this.open === '' ? this.lines : [...this.lines, this.open];
  }

  private take(text: string): void {
    const parts = text.split('\n');
    for (let i = 0; i < parts.length; i++) {
      // What exceeds the cap is left out of the picture, not of the copy.
      if (this.open.length < LINE_LENGTH) this.open = (this.open + parts[i]!).slice(0, LINE_LENGTH);
      if (i < parts.length - 1) this.endLine();
    }
  }

  private endLine(): void {
    this.lines.push(this.open);
    this.open = '';
    if (this.lines.length <= LINES) return;
    // Rarely and many at once: dropping one line per line would move the array each time.
    if (this.lines.length < 2 * LINES) return;
    this.dropped += this.lines.length - LINES;
    this.lines.splice(0, this.lines.length - LINES);
  }
}
