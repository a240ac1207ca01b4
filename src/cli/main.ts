import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { describeError, Exit } from '../core/errors';
import { helpText } from './help';
import { parseOptions } from './options';
import type { Options } from './options';
import { Outlets } from './outlets';
import { UsageError } from './parse';
import { say } from './stderr';
import { version } from './version';
import { chooseView } from './view-choice';

type StreamModule = typeof import('./stream');
type DashboardModule = typeof import('./dashboard');

/**
 * Loads what only one way of running needs: the stream is a third of the time that --help takes, and
 * blessed costs the stream's start a quarter of its own. Not by import(), whose loader takes 5 ms.
 */
const load = createRequire(__filename);

/** The program: arguments in, exit status out. Never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`error: ${error.message} (see --help)`);
    return Exit.CONFIGURATION;
  }
  if (options.action === 'help') return print(helpText());
  if (options.action === 'version') return print(`pagefault-analyzer ${version()}\n`);
  const { target } = options;
  try {
    const { view, note } = chooseView(options, {
      stdinTty: isatty(0),
      stdoutTty: isatty(1),
      term: process.env.TERM ?? '',
    });
    if (note !== '') say(`note: ${note}`);
    if (view === 'stream') return await (load('./stream') as StreamModule).runStream(options);
    return await (load('./dashboard') as DashboardModule).runDashboard(options);
  } catch (error) {
    const { line, status } = describeError(error, {
      command: target.kind === 'command' ? target.file : target.kind === 'demo' ? 'demo' : '',
      pids: target.kind === 'attach' ? target.pids : [],
    });
    say(line);
    return status;
  }
}

async function print(text: string): Promise<number> {
  const outlets = new Outlets();
  outlets.writer('stdout').write(Buffer.from(text));
  await outlets.settle(
    () => true,
    (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  );
  const { trouble } = outlets;
  if (trouble !== '') say(trouble);
  outlets.close();
  return trouble === '' ? Exit.OK : Exit.INTERNAL;
}
