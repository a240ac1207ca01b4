import type { DashboardApp } from '../tui/app';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Signals while the dashboard has the terminal. The first that asks for an end leaves the screen in
 * order; a second one, or the end of the run, raises it again without us, so that whoever waits sees it.
 * SIGINT and SIGTERM are ordinary ways to stop and count as success (command-line contract).
 */
export class TerminalSignals {
  private raised: NodeJS.Signals | null = null;
  private readonly end = (signal: NodeJS.Signals): void => {
    if (this.raised !== null) {
      this.beforeSecond();
      this.remove();
      process.kill(process.pid, signal);
      return;
    }
    this.raised = signal;
    this.app.quit();
  };
  private readonly stop = (): void => {
    this.app.suspend();
  };
  private readonly go = (): void => {
    this.app.resume();
  };

  constructor(
    private readonly app: DashboardApp,
    private readonly beforeSecond: () => void,
  ) {
    for (const signal of ENDING) process.on(signal, this.end);
    process.on('SIGTSTP', this.stop);
    process.on('SIGCONT', this.go);
  }

  private remove(): void {
    for (const signal of ENDING) process.removeListener(signal, this.end);
    process.removeListener('SIGTSTP', this.stop);
    process.removeListener('SIGCONT', this.go);
  }

  /** The run is over. process.exit() in a SIGHUP handler would abort Node 20: the signal is raised again. */
  finish(): void {
    this.remove();
    if (this.raised === 'SIGHUP' || this.raised === 'SIGQUIT')
      process.kill(process.pid, this.raised);
  }
}
