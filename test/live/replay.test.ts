import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Player } from '../../src/app/player';
import { parseOptions } from '../../src/cli/options/options';
import type { Options } from '../../src/app/options';
import { NO_DEBUG } from '../../src/core/facts/debug';
import { Batch } from '../../src/core/wire/batch';
import { ReplaySession } from '../../src/sources/recording/replay-session';
import { captureCommand } from '../support/analyzer';
import { ANALYZER, workload } from '../support/build';
import type { Fault } from '../support/formats';
import { until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { quoted, Tmux } from '../support/tmux';

let scratch: string;
let recording: string;
let live: readonly Fault[];
let player: Player | null = null;

beforeAll(async () => {
  scratch = scratchDirectory();
  recording = join(scratch, 'churn.data');
  const command = [workload('churn'), '--dir', scratch, '--turns', '500'];
  const capture = await captureCommand(command, scratch, { args: ['--record', recording] });
  live = capture.faults;
}, 300_000);
afterEach(() => {
  player?.close();
  player = null;
});
afterAll(() => {
  removeScratch(scratch);
});

async function play(speed = 1, momentFaults?: number): Promise<Player> {
  const asked = parseOptions(['-i', recording, '--tui']);
  const options = { ...asked, target: { kind: 'recording', file: recording } } as Options;
  const request = { options, file: recording, limits: {}, debug: NO_DEBUG, say: () => undefined };
  const moment = momentFaults === undefined ? {} : { momentFaults };
  player = await Player.open(
    { ...request, ...moment },
    {
      fromNs: 0,
      toNs: Infinity,
      speed,
      now: () => performance.now(),
    },
  );
  player.toggle();
  return player;
}

async function jump(to: Player, ns: number): Promise<void> {
  expect(to.seek(ns)).toBe('');
  await until('to be there', () => to.state.movingTo === null);
}

/** What is counted where a recording stands, and up to when everything is in it. */
function counted({ passage, state }: Player): { faults: number; reached: number } {
  const { totals } = passage.assembly.model.snapshot(state.position);
  return { faults: totals.faults, reached: passage.reached };
}

const countedLive = (from: number, to: number): number =>
  live.filter(({ time_ns }) => time_ns > from && time_ns <= to).length;

/** ns up to which each batch of the recording tells everything: one is counted as a whole. */
async function horizons(): Promise<number[]> {
  const session = await ReplaySession.open({
    file: recording,
    onFact: () => undefined,
    onWake: () => undefined,
  });
  const batch = new Batch();
  const found: number[] = [];
  await until('its end', () => {
    while (session.drain(batch.buffer)) found.push(batch.horizon);
    return session.ended();
  });
  session.stop();
  return found;
}

test('wherever a recording is gone to, it has the faults of the live run up to there', async () => {
  const replayed = await play();
  const end = live.at(-1)!.time_ns;
  const seen: number[] = [];
  for (const part of [0.5, 0.9, 0.25, 0.75, 0.5]) {
    await jump(replayed, part * end);
    const { faults, reached } = counted(replayed);
    expect(replayed.state.position).toBe(part * end);
    expect(reached).toBeLessThanOrEqual(part * end);
    expect(faults).toBe(countedLive(-1, reached));
    seen.push(faults);
  }
  expect(seen[4]).toBe(seen[0]);
  // By how much depends on where batches end, which is a matter of load.
  expect(seen[2]).toBeLessThanOrEqual(seen[0]!);
  expect(Math.max(...seen)).toBeLessThan(live.length);
  expect(seen[0]).toBeGreaterThan(0);
  await jump(replayed, Infinity);
  expect(counted(replayed).faults).toBe(live.length);
});

test('what is counted begins where the counters were set to zero, also when it is gone back', async () => {
  const replayed = await play();
  const end = live.at(-1)!.time_ns;
  await jump(replayed, 0.4 * end);
  const { faults: before } = counted(replayed);
  replayed.zero();
  expect(counted(replayed).faults).toBe(0);
  const { passage, state } = replayed;
  expect(passage.assembly.model.snapshot(state.position).since).toBe(state.position);
  await jump(replayed, 0.8 * end);
  const { faults, reached } = counted(replayed);
  expect(before + faults).toBe(countedLive(-1, reached));
  await jump(replayed, 0.6 * end);
  const back = counted(replayed);
  expect(back.faults).toBe(countedLive(0.4 * end - 1, back.reached));
  // In front of it all is counted again.
  await jump(replayed, 0.2 * end);
  const all = counted(replayed);
  expect(all.faults).toBe(countedLive(-1, all.reached));
});

test('who wants to be somewhere else while it goes on or back gets there, with what is counted up to there', async () => {
  const replayed = await play();
  const end = live.at(-1)!.time_ns;
  await jump(replayed, 0.4 * end);
  replayed.zero();
  const inFull = async (ns: number): Promise<void> => {
    await until('to be there', () => replayed.state.movingTo === null);
    const { faults, reached } = counted(replayed);
    expect(replayed.state).toMatchObject({ position: ns, since: 0 });
    expect(faults).toBe(countedLive(-1, reached));
    expect(reached).toBeLessThanOrEqual(ns);
  };
  await jump(replayed, 0.6 * end);
  // Back, to behind where the counters begin; and another time to in front of it while that is opened.
  replayed.seek(0.5 * end);
  replayed.seek(0.2 * end);
  await inFull(0.2 * end);
  // On, and back from half way.
  replayed.seek(Infinity);
  await until('to be on the way', () => replayed.passage.reached > 0.3 * end);
  replayed.seek(0.3 * end);
  await inFull(0.3 * end);
});

test('a long recording is entered near the time, and counted from its start after that', async () => {
  const replayed = await play(1, 2048);
  const end = live.at(-1)!.time_ns;
  for (const part of [0.9, 0.6, 0.75]) {
    replayed.seek(part * end);
    await until('to be there', () => replayed.state.movingTo === null);
    // One that goes on is not entered where it is fast enough.
    if (replayed.note !== '') {
      const { faults, reached } = counted(replayed);
      const { since } = replayed.state;
      expect(replayed.note).toContain('counted from');
      expect(since).toBeGreaterThan(0);
      // Of a batch that goes beyond the time nothing is counted yet.
      expect(faults).toBe(reached === since ? 0 : countedLive(since - 1, reached));
      expect(faults).toBeLessThan(8192);
    }
    await until('all of it', () => replayed.note === '');
    const { faults, reached } = counted(replayed);
    expect(replayed.state).toMatchObject({ position: part * end, since: 0 });
    expect(faults).toBe(countedLive(-1, reached));
  }
});

test('in what was entered in the middle the counters can be set to zero, and it can be gone back from there', async () => {
  const replayed = await play(1, 2048);
  const end = live.at(-1)!.time_ns;
  await jump(replayed, 0.9 * end);
  replayed.seek(0.6 * end);
  replayed.seek(0.5 * end);
  await until('to be there', () => replayed.state.movingTo === null);
  replayed.zero();
  expect(replayed.note).toBe('');
  await jump(replayed, 0.8 * end);
  await until('all of it', () => replayed.note === '');
  const { faults, reached } = counted(replayed);
  expect(replayed.state.since).toBe(0.5 * end);
  // What a batch has is counted as a whole, or not at all.
  const ends = await horizons();
  const begun = ends.findLast((ns) => ns <= 0.5 * end) ?? -1;
  const over = ends.find((ns) => ns > 0.5 * end) ?? end;
  expect(faults).toBeLessThanOrEqual(countedLive(begun, reached));
  expect(faults).toBeGreaterThanOrEqual(countedLive(over, reached));
});

test('as fast as it can, too, it stands where it is stopped', async () => {
  const replayed = await play();
  replayed.slower();
  replayed.slower();
  expect(replayed.state.speed).toBe(0.25);
  player?.close();
  const fast = await play(0);
  fast.toggle();
  await until('to begin', () => fast.passage.reached > 0);
  fast.toggle();
  const { position } = fast.state;
  const faults = (): number => fast.passage.assembly.model.counters.total.faults;
  expect(fast.passage.assembly.capture.session.until).toBe(position);
  fast.slower();
  expect(fast.state).toMatchObject({ position, speed: 1000 });
  await jump(fast, Infinity);
  expect(faults()).toBe(live.length);
});

test('the dashboard of a recording stands, goes back, and says where it ends', async () => {
  const terminal = new Tmux(110, 30);
  try {
    const command = quoted([ANALYZER, '-i', recording, '--speed', '0']);
    terminal.enter(`${command}; echo status=$?`);
    await terminal.shows(['recording', 'ends here', `${live.length.toLocaleString('en')} faults`]);
    terminal.keys('(');
    await terminal.shows([/stands 00:00:/]);
    terminal.keys('J');
    await terminal.shows('jump to:');
    terminal.keys('100%\n');
    await terminal.shows(['ends here', `${live.length.toLocaleString('en')} faults`]);
    terminal.keys('q');
    const text = await terminal.shows('status=0', true);
    expect(text).toMatch(/Summary: major=\d+ minor=\d+/);
  } finally {
    terminal.close();
  }
});
