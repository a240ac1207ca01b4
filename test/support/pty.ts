import { Terminal } from '@xterm/headless';
import { spawn } from 'node-pty';
import type { IPty } from 'node-pty';
import { ANALYZER } from './build';
import { resident } from './processes';
import { sleep } from './running';

/** A program on a pseudo-terminal with an emulator behind it, whose reading can be stopped. */
export class PtyProgram {
  /** Bytes that came out of the terminal so far. */
  received = 0;
  readonly exited: Promise<number>;
  /** The signal that ended it, 0 for an exit; to be read after `exited`. */
  endedBy = 0;
  readonly terminal: Terminal;
  private readonly pty: IPty;

  constructor(
    command: readonly string[],
    columns: number,
    rows: number,
    environment: NodeJS.ProcessEnv = {},
  ) {
    const size = { cols: columns, rows };
    this.terminal = new Terminal({ ...size, allowProposedApi: true });
    const env = { ...process.env, LANG: 'C.UTF-8', ...environment };
    const name = 'xterm-256color';
    const [file, ...rest] = command;
    this.pty = spawn(file!, rest, { name, ...size, env });
    this.pty.onData((text) => {
      this.received += text.length;
      this.terminal.write(text);
    });
    this.exited = new Promise((resolve) => {
      this.pty.onExit(({ exitCode, signal }) => {
        this.endedBy = signal ?? 0;
        resolve(exitCode);
      });
    });
  }

  get pid(): number {
    return this.pty.pid;
  }

  /** The alternate screen is shown. */
  get alternate(): boolean {
    return this.terminal.buffer.active.type === 'alternate';
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  /** As a terminal does whose user has pressed Ctrl-S, or whose connection hangs. */
  stopReading(): void {
    this.pty.pause();
  }

  readOn(): void {
    this.pty.resume();
  }

  /** The terminal is closed, as when its window is. */
  vanish(): void {
    // What IPty does not declare: kill() leaves the terminal open.
    (this.pty as IPty & { destroy(): void }).destroy();
  }

  kill(): void {
    this.pty.kill('SIGKILL');
  }

  /** Resident memory, bytes. */
  resident(): number {
    return resident(this.pty.pid);
  }

  /** Everything the terminal holds, scrolled out lines too. */
  async text(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.terminal.write('', resolve);
    });
    return this.held();
  }

  /** The same as far as what came has been taken in. */
  held(): string {
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, y) =>
      active.getLine(y)!.translateToString(true),
    );
    return lines.join('\n');
  }

  /** Waits until the text matches; fails with what there is. */
  async shows(what: RegExp): Promise<string> {
    const end = Date.now() + 60_000;
    for (;;) {
      const text = await this.text();
      if (what.test(text)) return text;
      if (Date.now() > end) throw new Error(`never shown: ${String(what)}; it shows:\n${text}`);
      await sleep(20);
    }
  }
}

/** The analyzer, started by `under`: a program with its arguments. */
export class PtyAnalyzer extends PtyProgram {
  constructor(
    args: readonly string[],
    columns: number,
    rows: number,
    under: readonly string[] = [],
  ) {
    super([...under, ANALYZER, ...args], columns, rows);
  }
}
