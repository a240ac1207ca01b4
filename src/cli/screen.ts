import type { Outlets } from '../app/outlets';
import type { WholeFile } from '../output/files/whole-file';
import { DashboardApp, type AppOptions } from '../tui/app';
import type { DashboardSource } from '../tui/state/source';
import { LastHandler } from './last-handler';
import { writeParting } from './parting';
import { EndingSignals } from './signals';
import { onJobControl } from './terminal-signals';
import { say } from './stderr';

interface Shown {
  readonly source: DashboardSource;
  readonly options: AppOptions;
  readonly outlets: Outlets;
  readonly dump: WholeFile | null;
  readonly ignoreHangup: boolean;
  /** The screen has been left. */
  readonly close: () => void;
}

/** Shows what is no capture until it is left, and then what of it stays. False where something went wrong, which is said. */
export async function show(shown: Shown): Promise<boolean> {
  const { source, options, outlets, dump, ignoreHangup, close } = shown;
  let app: DashboardApp | null = null;
  const signals = new EndingSignals({
    first: () => {
      // Later: blessed's own listener comes next, and ends the process if quitting has removed it meanwhile.
      setImmediate(() => app?.quit());
    },
    ignoreHangup,
  });
  const removeJobControl = onJobControl({
    suspend: () => app?.suspend(),
    resume: () => app?.resume(),
  });
  app = new DashboardApp(source, options);
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
  close();
  troubles.push(outlets.trouble, last.line ?? '');
  const said = troubles.filter((text) => text !== '');
  for (const line of said) say(line);
  last.remove();
  outlets.close();
  removeJobControl();
  signals.finish();
  return said.length === 0;
}
