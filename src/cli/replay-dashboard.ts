import { Exit } from '../core/facts/errors';
import { NO_DEBUG } from '../core/facts/debug';
import type { Recording } from '../core/facts/target';
import { Player } from '../app/player';
import type { Options } from '../app/options';
import { ReplaySource } from '../app/replay-source';
import { WholeFile } from '../output/files/whole-file';
import { ENDED_APART } from './dashboard';
import { appOptions } from './parting';
import { show } from './screen';
import { interruptibly } from './signals';
import type { Startup } from './startup';
import { openOutlets } from './wait-for-reader';

/** A recording on a screen. Returns the exit status; throws what cannot start, before the screen is taken. */
export async function runReplay(
  options: Options,
  { file }: Recording,
  { ignoreHangup }: Startup,
): Promise<number> {
  const outlets = await openOutlets(options, ignoreHangup);
  if (outlets === null) return Exit.OK;
  const dump = options.dump === null ? null : new WholeFile(options.dump);
  const { fromNs, toNs, speed } = options;
  const request = { options, file, limits: ENDED_APART, debug: NO_DEBUG, say: () => undefined };
  const player = await interruptibly(ignoreHangup, (interrupt) =>
    Player.open({ ...request, interrupt }, { fromNs, toNs, speed, now: () => performance.now() }),
  );
  player.intervalNs = options.intervalMs * 1e6;
  const good = await show({
    source: new ReplaySource(player, file, options.filter ?? '', outlets),
    options: appOptions(options),
    ...{ outlets, dump, ignoreHangup },
    close: () => {
      player.close();
    },
  });
  return good ? Exit.OK : Exit.INTERNAL;
}
