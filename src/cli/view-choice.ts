import type { Options } from './options';

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
export function chooseView(options: Pick<Options, 'view'>, around: Surroundings): ViewChoice {
  if (options.view === 'stream') return { view: 'stream', note: '' };
  const interactive = around.stdinTty && around.stdoutTty;
  if (interactive && around.term !== 'dumb' && around.term !== '') {
    return { view: 'dashboard', note: '' };
  }
  if (interactive) {
    const term = around.term === '' ? 'TERM is not set' : 'TERM=dumb cannot show the dashboard';
    return { view: 'stream', note: `${term}: this is the stream (--stream says so silently)` };
  }
  const note =
    options.view === 'tui'
      ? 'the dashboard needs a terminal on stdin and stdout: this is the stream'
      : '';
  return { view: 'stream', note };
}
