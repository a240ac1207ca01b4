/** A process that plays a recording: prints how long jumps in it take (Jump) as JSON. `recording-jumps FILE` */
import { performance } from 'node:perf_hooks';
import { Player } from '../src/app/player';
import type { Options } from '../src/app/options';
import { parseOptions } from '../src/cli/options/options';
import { NO_DEBUG } from '../src/core/facts/debug';
import { sleep } from '../test/support/running';
import type { Jump } from './recording';

/** Forth, back, and back to the beginning, as shares of the recording. */
const PLACES = [0.5, 1, 0.1, 0.9, 0.2];

async function jumps(file: string): Promise<Jump[]> {
  const target = { kind: 'recording', file } as const;
  const options = { ...parseOptions(['-i', file, '--tui']), target } as Options;
  const request = { options, file, limits: {}, debug: NO_DEBUG, say: () => undefined };
  const clock = { now: () => performance.now() };
  const player = await Player.open(request, { fromNs: 0, toNs: Infinity, speed: 1, ...clock });
  player.toggle();
  const found: Jump[] = [];
  for (const place of PLACES) {
    const began = performance.now();
    player.seek(place * player.state.length!);
    const since = async (there: () => boolean): Promise<number> => {
      while (!there()) await sleep(5);
      return performance.now() - began;
    };
    const shown = await since(() => player.state.movingTo === null);
    found.push({ place, shown, counted: await since(() => player.note === '') });
  }
  player.close();
  return found;
}

void jumps(process.argv[2]!).then((found) => {
  process.stdout.write(JSON.stringify(found));
});
