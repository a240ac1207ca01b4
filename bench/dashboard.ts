import { measuredApart } from './apart';
import { type Asked, say, type Section } from './bench';
import { type FrameCost, frameCost } from './dashboard-frames';
import { benchLive, type Effort } from './dashboard-live';
import { type DashboardMemory, frameLines, liveLines } from './dashboard-page';
import { sectionHead } from './section';

/** As start and dashboard make V8. */
const AS_THE_PROGRAM = ['--max-semi-space-size=4', '--heap-growing-percent=50'];
const EFFORT: Effort = { faults: 10_000_000, keys: 100, seconds: 15, turns: 15 };

/** What the dashboard costs and how fast it answers. */
export async function dashboard({ load }: Asked): Promise<Section> {
  const live = await benchLive(EFFORT);
  say(`${EFFORT.faults} faults through model and dashboard`);
  const alone = measuredApart(
    'dashboard-memory',
    [String(EFFORT.faults)],
    AS_THE_PROGRAM,
  ) as DashboardMemory;
  say('frames');
  const frames: FrameCost[] = [];
  for (const regions of [20, 4000, 8192]) frames.push(await frameCost(regions));
  return {
    name: 'dashboard',
    lines: [
      ...sectionHead('The dashboard', 'dashboard', load),
      ...liveLines(live, alone, EFFORT),
      '',
      ...frameLines(frames),
    ],
  };
}
