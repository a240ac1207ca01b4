/**
 * Signals that end a process and that people, programs or the kernel send on purpose. The others either have no
 * effect (bin/pagefault-analyzer.js, addon/util/signals.cc) or belong to a crash, of which JavaScript must keep its hands.
 */
const ENDING = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGALRM',
  'SIGXCPU',
  'SIGPWR',
] as const satisfies readonly NodeJS.Signals[];

export interface SignalPorts {
  /** The first signal: an orderly end is asked for. */
  readonly first: () => void;
  /** Before the second one ends us at once. */
  readonly beforeSecond?: () => void;
  /** SIGHUP was ignored when we started (nohup), and stays so. */
  readonly ignoreHangup: boolean;
}

/**
 * The first signal asks for an orderly end; the second one ends us as if there were no handler. It is raised again
 * rather than turned into an exit: the shell should see what ended us. SIGINT ends us too where it was ignored at the
 * start, as it does perf record: a shell ignores it for a job in the background, and scripts send it to that very job.
 */
export class EndingSignals {
  /** What asked for the end, null while nothing did. */
  raised: NodeJS.Signals | null = null;
  private readonly taken: readonly NodeJS.Signals[];

  constructor(private readonly ports: SignalPorts) {
    this.taken = ENDING.filter((signal) => signal !== 'SIGHUP' || !ports.ignoreHangup);
    for (const signal of this.taken) process.on(signal, this.take);
  }

  private readonly take = (signal: NodeJS.Signals): void => {
    if (this.raised === null) {
      this.raised = signal;
      this.ports.first();
      return;
    }
    this.ports.beforeSecond?.();
    this.remove();
    process.kill(process.pid, signal);
  };

  remove(): void {
    for (const signal of this.taken) process.removeListener(signal, this.take);
  }

  /**
   * The run is over. SIGINT and SIGTERM are ordinary ways to stop and count as success (as --help says them), as
   * does what `asSuccess` names; any other signal is raised again.
   */
  finish(asSuccess: readonly NodeJS.Signals[] = []): void {
    this.remove();
    if (this.raised === null || ['SIGINT', 'SIGTERM', ...asSuccess].includes(this.raised)) return;
    process.kill(process.pid, this.raised);
  }
}

/** Waits for what may never come: the first signal meanwhile is told to `wait`, which then ends. */
export async function interruptibly<T>(
  ignoreHangup: boolean,
  wait: (interrupt: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController();
  const signals = new EndingSignals({
    first: () => {
      interrupt.abort();
    },
    ignoreHangup,
  });
  try {
    return await wait(interrupt.signal);
  } finally {
    signals.remove();
  }
}
