import { EventEmitter } from 'node:events';
import { Terminal } from '@xterm/headless';
import type { TtyInput, TtyOutput } from '../../src/tui/terminal/tty';

/** A keyboard: what is typed arrives as a terminal would send it. */
export class FakeInput extends EventEmitter implements TtyInput {
  raw = false;
  paused = true;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  resume(): this {
    this.paused = false;
    return this;
  }
  pause(): this {
    this.paused = true;
    return this;
  }
  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

/** A terminal emulator behind the writable side of a tty; `stalled` makes it stop reading. */
export class FakeOutput extends EventEmitter implements TtyOutput {
  readonly isTTY = true;
  /** blessed asks a stream for it before it writes. */
  readonly writable = true;
  readonly terminal: Terminal;
  stalled = false;
  onWrite: (text: string) => void = () => undefined;
  bytes = 0;
  private waiting = '';

  constructor(
    public columns: number,
    public rows: number,
  ) {
    super();
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
  }

  get writableLength(): number {
    return this.waiting.length;
  }

  write(text: string | Buffer, done?: () => void): boolean {
    const chunk = text.toString();
    this.bytes += chunk.length;
    this.onWrite(chunk);
    if (this.stalled) {
      this.waiting += chunk;
      return false;
    }
    this.terminal.write(chunk, done);
    return true;
  }

  /** The reader reads again. */
  flow(): void {
    this.stalled = false;
    this.terminal.write(this.waiting);
    this.waiting = '';
    this.emit('drain');
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.terminal.resize(columns, rows);
    this.emit('resize');
  }

  /** The screen as text, once everything written has been processed. */
  async screen(): Promise<string[]> {
    await new Promise<void>((resolve) => {
      this.terminal.write('', resolve);
    });
    const { active } = this.terminal.buffer;
    return Array.from({ length: this.rows }, (_, y) =>
      active.getLine(active.viewportY + y)!.translateToString(true),
    );
  }

  /** Attributes of the cells of a line: `b` bold, `u` underlined, `i` inverse, a digit for the colour. */
  attributes(y: number): string[] {
    const { active } = this.terminal.buffer;
    const line = active.getLine(active.viewportY + y)!;
    return Array.from({ length: this.columns }, (_, x) => {
      const cell = line.getCell(x)!;
      const colour = cell.isFgDefault() ? '' : String(cell.getFgColor());
      return (
        (cell.isBold() ? 'b' : '') +
        (cell.isUnderline() ? 'u' : '') +
        (cell.isInverse() ? 'i' : '') +
        colour
      );
    });
  }

  get alternate(): boolean {
    return this.terminal.buffer.active.type === 'alternate';
  }
}
