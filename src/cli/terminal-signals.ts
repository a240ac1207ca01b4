import type { DashboardApp } from '../tui/app';

/** The signals of job control while the dashboard has the terminal. Returns a function that removes the handlers. */
export function onJobControl(app: Pick<DashboardApp, 'suspend' | 'resume'>): () => void {
  const stop = (): void => {
    app.suspend();
  };
  const go = (): void => {
    app.resume();
  };
  process.on('SIGTSTP', stop);
  process.on('SIGCONT', go);
  return () => {
    process.removeListener('SIGTSTP', stop);
    process.removeListener('SIGCONT', go);
  };
}
