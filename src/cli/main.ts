import { isatty } from 'node:tty';
import { readLaunchNotes } from '../sources/live/inheritance';
import { describeError, Exit } from '../core/facts/errors';
import { rawArguments } from './arguments';
import { helpText } from './options/help';
import { parseOptions, type CommandLine } from './options/options';
import { isStarted } from '../core/facts/target';
import type { Options } from '../app/options';
import { Outlets } from '../app/outlets';
import { UsageError } from './options/parse';
import { startUp } from './startup';
import { say } from './stderr';
import { version } from './version';
import { chooseView } from './view-choice';

/** The program: arguments and the launcher's notes in, exit status out. Never rejects. */
export async function main(args: readonly string[], notes?: Buffer): Promise<number> {
  // What only one way of running needs is loaded there: blessed alone would be a quarter of the stream's start.
  if (args[0] === 'diff') {
    const { runDiff } = await import('./diff');
    return runDiff(rawArguments(args.slice(1)), () => startUp(readLaunchNotes(notes).inherit));
  }
  let asked: CommandLine;
  try {
    asked = parseOptions(rawArguments(args), isatty(0) && isatty(1));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`error: ${error.message} (see --help)`);
    return Exit.CONFIGURATION;
  }
  const { action, target, ...others } = asked;
  if (action === 'version') return print(`pagefault-analyzer ${version()}\n`);
  if (action === 'help' || target.kind === 'none') return print(helpText());
  const options: Options = { ...others, target };
  try {
    const { inherit, lacking } = readLaunchNotes(notes);
    const startup = startUp(inherit);
    if (isStarted(target)) tellLacks(lacking);
    const { view, note } = chooseView(options, {
      stdinTty: isatty(0),
      stdoutTty: isatty(1),
      term: process.env.TERM ?? '',
    });
    if (note !== '') say(`note: ${note}`);
    if (target.kind === 'recording') {
      if (view === 'stream') {
        return await (await import('./recording')).runRecording(options, target, startup);
      }
      return await (await import('./replay-dashboard')).runReplay(options, target, startup);
    }
    const capture = { ...options, target };
    if (view === 'stream') return await (await import('./stream')).runStream(capture, startup);
    return await (await import('./dashboard')).runDashboard(capture, startup);
  } catch (error) {
    const { line, status } = describeError(error, {
      command: target.kind === 'command' ? target.file : target.kind === 'demo' ? 'demo' : '',
      pids: target.kind === 'attach' ? target.pids : [],
      ...(options.budget !== null ? { sampledBy: '--budget' } : {}),
      ...(options.every > 1 ? { sampledBy: '--every' } : {}),
    });
    say(line);
    return status;
  }
}

/** What of its surroundings a COMMAND may not get. */
function tellLacks(lacking: readonly string[]): void {
  if (lacking.length === 0) return;
  say(
    `note: COMMAND may get another ${lacking.join(' and ')} than without the analyzer: not known`,
  );
}

async function print(text: string): Promise<number> {
  const outlets = new Outlets();
  outlets.writer('stdout').write(Buffer.from(text));
  await outlets.settle(
    () => Infinity,
    (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  );
  const { trouble } = outlets;
  if (trouble !== '') say(trouble);
  outlets.close();
  return trouble === '' ? Exit.OK : Exit.INTERNAL;
}
