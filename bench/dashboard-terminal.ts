import { performance } from 'node:perf_hooks';
import { cpuNs, resident } from '../test/support/processes';
import { PtyAnalyzer } from '../test/support/pty';

/** How long something may take to be shown, ms. */
const PATIENCE_MS = 30_000;

/** What the closing text says. */
export interface Completeness {
  readonly captured: number;
  readonly lost: number;
  readonly kernel: number;
}

/** The program in a pseudo-terminal of 200x50, as a user has it: what it shows, when, and what it costs. */
export class DashboardTerminal {
  readonly started = performance.now();
  private readonly program: PtyAnalyzer;

  constructor(args: readonly string[]) {
    this.program = new PtyAnalyzer(args, 200, 50);
  }

  /** When the terminal shows a text; performance.now(). */
  shown(text: string | RegExp): Promise<number> {
    const { program } = this;
    const isThere = (held: string): boolean =>
      typeof text === 'string' ? held.includes(text) : text.test(held);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isThere(program.held())) return;
        stop();
        resolve(performance.now());
      };
      const parsed = program.terminal.onWriteParsed(look);
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`never shown: ${String(text)}; it shows:\n${program.held()}`));
      }, PATIENCE_MS);
      const stop = (): void => {
        parsed.dispose();
        clearTimeout(timer);
      };
      look();
    });
  }

  /** ms from a key to the text that it brings, which must not be there yet. */
  async answer(key: string, text: string): Promise<number> {
    const pressed = performance.now();
    this.program.type(key);
    return (await this.shown(text)) - pressed;
  }

  /** ns of CPU time of all its threads so far. */
  cpuNs(): number {
    return cpuNs(this.program.pid);
  }

  /** Resident memory now and at its highest, bytes. */
  memory(): { readonly now: number; readonly most: number } {
    return { now: this.program.resident(), most: resident(this.program.pid, true) };
  }

  /** Leaves it. */
  async quit(): Promise<Completeness> {
    this.program.type('q');
    await this.program.exited;
    const text = await this.program.text();
    const counts = /captured ([\d,]+) \+ lost ([\d,]+) of the kernel's ([\d,]+)/.exec(text);
    if (counts === null) throw new Error(`no closing text: ${text}`);
    const [captured, lost, kernel] = counts.slice(1).map((n) => Number(n.replaceAll(',', '')));
    return { captured: captured!, lost: lost!, kernel: kernel! };
  }
}
