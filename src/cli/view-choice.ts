import type { Options } from '../app/options';

/** What is known of where we run. */
export interface Surroundings {
  readonly stdinTty: boolean;
  readonly stdoutTty: boolean;
  readonly term: string;
}

export interface ViewChoice {
  readonly view: 'dashboard' | 'stream';
  /** Why it is not what was asked for, '' when it is. */
  readonly note: string;
}

/**
 * The dashboard where stdin and stdout are terminals and no option asks for the stream; --tui asks for it
 * aloud, and then a terminal that cannot show it is worth a line.
 */
export function chooseView(
  options: Pick<Options, 'view' | 'dashboardOnly'>,
  around: Surroundings,
): ViewChoice {
  if (options.view === 'stream') return { view: 'stream', note: '' };
  const lost = options.dashboardOnly.join(', ');
  const verb = options.dashboardOnly.length === 1 ? 'has' : 'have';
  const without = lost === '' ? '' : `; ${lost} ${verb} no effect in it`;
  const interactive = around.stdinTty && around.stdoutTty;
  if (interactive && around.term !== 'dumb' && around.term !== '') {
    return { view: 'dashboard', note: '' };
  }
  if (interactive) {
    const term = around.term === '' ? 'TERM is not set' : 'TERM=dumb cannot show the dashboard';
    const why = `${term}: this is the stream (--stream says so silently)`;
    return { view: 'stream', note: why + without };
  }
  // Who asked for nothing of the dashboard need not hear of it.
  if (options.view === 'auto' && without === '') return { view: 'stream', note: '' };
  const why = 'the dashboard needs a terminal on stdin and stdout: this is the stream';
  return { view: 'stream', note: why + without };
}
