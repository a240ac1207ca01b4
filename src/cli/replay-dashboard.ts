import { Exit } from '../core/facts/errors';
import { NO_DEBUG } from '../core/facts/debug';
import type { Recording } from '../core/facts/target';
import { Player } from '../app/player';
import type { Options } from '../app/options';
import { ReplaySource } from '../app/replay-source';
import { WholeFile } from '../output/files/whole-file';
import { DashboardApp } from '../tui/app';
import { ENDED_APART } from './dashboard';
import { LastHandler } from './last-handler';
import { appOptions, writeParting } from './parting';
import { EndingSignals, interruptibly } from './signals';
import type { Startup } from './startup';
import { say } from './stderr';
import { onJobControl } from './terminal-signals';
import { openOutlets } from './wait-for-reader';

/** A recording on a screen. Returns the exit status; throws what cannot start, before the screen is taken. */
export async function runReplay(
  options: Options,
  { file }: Recording,
  startup: Startup,
): Promise<number> {
  const outlets = await openOutlets(options, startup.ignoreHangup);
  if (outlets === null) return Exit.OK;
  const dump = options.dump === null ? null : new WholeFile(options.dump);
  const { fromNs, toNs, speed } = options;
  const request = { options, file, limits: ENDED_APART, debug: NO_DEBUG, say: () => undefined };
  const player = await interruptibly(startup.ignoreHangup, (interrupt) =>
    Player.open({ ...request, interrupt }, { fromNs, toNs, speed, now: () => performance.now() }),
  );
  player.intervalNs = options.intervalMs * 1e6;
  const source = new ReplaySource(player, file, options.filter ?? '', outlets);
  let app: DashboardApp | null = null;
  const signals = new EndingSignals({
    first: () => {
      // Later: blessed's own listener comes next, and ends the process if quitting has removed it meanwhile.
      setImmediate(() => app?.quit());
    },
    ignoreHangup: startup.ignoreHangup,
  });
  const removeJobControl = onJobControl({
    suspend: () => app?.suspend(),
    resume: () => app?.resume(),
  });
  app = new DashboardApp(source, appOptions(options));
  const screen = app;
  const last = new LastHandler(() => {
    screen.quit();
  });
  await Promise.race([app.done, last.again]);
  const troubles: string[] = [];
  try {
    await writeParting(app.closingText(), dump, outlets, troubles);
  } catch (error) {
    last.take(error);
  }
  player.close();
  troubles.push(outlets.trouble, last.line ?? '');
  const said = troubles.filter((text) => text !== '');
  for (const line of said) say(line);
  last.remove();
  outlets.close();
  removeJobControl();
  signals.finish();
  return said.length > 0 ? Exit.INTERNAL : Exit.OK;
}
