import { setTimeout as sleep } from 'node:timers/promises';
import { errorParts } from '../core/facts/errors';
import type { WholeFile } from '../output/files/whole-file';
import type { Options } from '../app/options';
import type { Outlets } from '../app/outlets';
import type { AppOptions } from '../tui/app';
import { drained } from '../tui/terminal/tty';
import { ownSurroundings, readSettings, saveSettings } from './settings-file';
import { terminalColours } from './terminal-description';

/** The terminal that we were started in, and how the dashboard is to look on it. */
export function appOptions(options: Options): AppOptions {
  const around = ownSurroundings();
  const { settings, note } = readSettings(around);
  return {
    screen: {
      input: process.stdin,
      output: process.stdout,
      env: process.env,
      ascii: options.ascii,
      describedColours: terminalColours(process.env.TERM ?? ''),
      stopProcess: () => {
        process.kill(process.pid, 'SIGSTOP');
      },
    },
    ...looksOf(options),
    settings,
    settingsNote: note,
    save: (text) => saveSettings(around, text),
    now: () => performance.now(),
  };
}

/** What was asked for on the command line, and only that. */
function looksOf({ chosen, intervalMs, theme, mouse }: Options): Partial<AppOptions> {
  return {
    ...(chosen.has('interval') ? { intervalMs } : {}),
    ...(chosen.has('theme') ? { theme } : {}),
    ...(chosen.has('mouse') ? { mouse } : {}),
  };
}

/** The closing text, to the terminal and to --dump; what went wrong is added to `troubles`. */
export async function writeParting(
  text: string,
  dump: WholeFile | null,
  outlets: Outlets,
  troubles: string[],
): Promise<void> {
  process.stdout.write(text);
  await drained(process.stdout);
  if (dump !== null) troubles.push(deliver(outlets, dump, text));
  const askedAt = performance.now();
  await outlets.settle(() => askedAt, sleep);
}

/** What went wrong, '' when nothing did. */
function deliver(outlets: Outlets, file: WholeFile, text: string): string {
  try {
    outlets.deliver(file, text);
    return '';
  } catch (error) {
    return `error: cannot write to ${errorParts(error).message}`;
  }
}
