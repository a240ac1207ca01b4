import { execFileSync } from 'node:child_process';
import { until } from './running';

/** Text with the shell's quotes around it. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replace(/'/g, `'\\''`)}'`).join(' ');
}

/** Modes of a terminal that a program may leave behind. */
export interface TerminalState {
  readonly alternate: boolean;
  readonly cursor: boolean;
  readonly mouse: boolean;
  /** Application mode of the numeric keypad. */
  readonly keypad: boolean;
}

export const RESTORED: TerminalState = {
  alternate: false,
  cursor: true,
  mouse: false,
  keypad: false,
};

const WAIT_MS = 60_000;
/** Between two looks at a screen: each starts a program, for 8 ms of CPU. */
const LOOK_MS = 50;

/** What is looked for on a screen. */
type Shown = string | RegExp;

function isIn(screen: string, what: Shown): boolean {
  return typeof what === 'string' ? screen.includes(what) : what.test(screen);
}

let servers = 0;

/** A real terminal: a tmux server of its own, with one shell in one window. */
export class Tmux {
  private readonly socket = `pagefault-${process.pid}-${servers++}`;

  constructor(columns: number, rows: number) {
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = { PS1: '$ ', LANG: 'C.UTF-8' };
    // The server outlives this call and must not take jest's variables along.
    execFileSync(
      'tmux',
      ['-L', this.socket, '-f', '/dev/null', 'new-session', '-d', ...size, 'sh'],
      {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...shell },
      },
    );
    this.tmux('set-option', '-g', 'remain-on-exit', 'on');
  }

  private tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.socket, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }

  /** Types a line and Enter. */
  enter(line: string): void {
    this.tmux('send-keys', '-l', line);
    this.keys('Enter');
  }

  /** Keys by tmux's names: `q`, `C-c`, `Down`, `F1`. */
  keys(...names: string[]): void {
    this.tmux('send-keys', ...names);
  }

  type(text: string): void {
    this.tmux('send-keys', '-l', text);
  }

  /** Pastes as a mouse does: with the marks of a bracketed paste where the program has asked for them. */
  paste(text: string): void {
    this.tmux('set-buffer', '--', text);
    this.tmux('paste-buffer', '-p');
  }

  /** Keys as bytes, for what tmux has no names for. */
  bytes(sequence: string): void {
    this.tmux('send-keys', '-H', ...Array.from(Buffer.from(sequence), (byte) => byte.toString(16)));
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The visible screen, or with `history` everything that was scrolled out too. */
  screen(history = false): string {
    return this.tmux('capture-pane', '-p', ...(history ? ['-S', '-'] : []));
  }

  /** The terminal's device. */
  tty(): string {
    return this.tmux('display-message', '-p', '#{pane_tty}').trim();
  }

  state(): TerminalState {
    const format = '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}';
    const flags = this.tmux('display-message', '-p', format).trim().split(' ');
    const [alternate, cursor, mouse, keypad] = flags.map((flag) => flag === '1');
    return { alternate: alternate!, cursor: cursor!, mouse: mouse!, keypad: keypad! };
  }

  /**
   * Waits until the screen shows something, or all of several things at once, and returns the screen.
   *
   * A terminal may be looked at while a frame is half written. What is expected of one screen is asked for together.
   */
  shows(what: Shown | readonly Shown[], history = false): Promise<string> {
    const wanted = [what].flat();
    let last = '';
    const look = (): string | false => {
      last = this.screen(history);
      return wanted.every((each) => isIn(last, each)) && last;
    };
    const said = `'${wanted.join("' and '")}' on the screen`;
    return until(said, look, WAIT_MS, LOOK_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows:\n${last}`);
    });
  }

  /** Closes the terminal as a dropped connection does. */
  close(): void {
    this.tmux('kill-server');
  }
}
