import { FaultFlag } from '../../../src/core/wire/batch';
import { completeness } from '../../../src/core/facts/capture-facts';
import type { RunResult } from '../../../src/app/run';
import { setup, turns, isDone } from '../../support/run-kit';

const { MIN, MAJ, NONE } = FaultFlag;

test('the target ends: what came with the stop is drained before the books are closed', async () => {
  const t = setup();
  t.session.queue = [[MIN, MAJ], [MIN]];
  t.session.tail = [[MIN, NONE]];
  t.session.over = true;
  t.session.kernel = { minor: 3, major: 1, exact: true };
  t.run.start();
  const result = await t.run.done;
  expect(result.reason).toBe('target');
  expect(t.consumed).toEqual([MIN, MAJ, MIN, MIN, NONE]);
  expect(t.written).toEqual(t.consumed);
  expect(result.facts.received).toEqual({ minor: 3, major: 1, unresolved: 1 });
  expect(completeness(result.facts)).toMatchObject({ captured: 4, lost: 0, difference: 0 });
  expect([t.session.stops, t.clock.running]).toEqual([1, 0]);
});

test.each([
  [{ durationNs: 2e9 }, 'duration'],
  [{ limitReached: () => true }, 'count'],
] as const)('%j stops for %s', async (ports, reason) => {
  const t = setup(ports);
  t.run.start();
  t.clock.advance(2e9);
  expect((await t.run.done).reason).toBe(reason);
});

test('that a filter is in force is in what a run says of itself', () => {
  expect(setup().run.facts().mode.filtered).toBeUndefined();
  expect(setup({ filtered: true }).run.facts().mode.filtered).toBe(true);
});

test('nothing happens before the duration is over, and a wake-up brings what there is', async () => {
  const t = setup({ durationNs: 2e9 });
  t.run.start();
  t.clock.advance(1.9e9);
  t.session.queue = [[MIN]];
  t.run.wake();
  expect(await isDone(t.run)).toBe(false);
  expect(t.consumed).toEqual([MIN]);
  t.run.stop('interrupt');
  t.run.stop('duration');
  expect(await t.run.done).toMatchObject({ reason: 'interrupt', stoppedAt: 1.9e9 });
  expect(t.session.stops).toBe(1);
});

test('a waiting writer stops the draining, in the middle of a batch too, and nothing is lost', async () => {
  const t = setup({}, 3);
  t.session.queue = [[MIN, MIN, MAJ, MIN, MAJ], [MAJ], [MIN]];
  t.session.over = true;
  t.run.start();
  await turns();
  expect(t.written).toEqual([MIN, MIN, MAJ]);
  expect(t.session.drains).toBe(1);
  while (!(await isDone(t.run))) t.writer.release();
  expect(t.written).toEqual([MIN, MIN, MAJ, MIN, MAJ, MAJ, MIN]);
});

test.each([
  ['an interrupt', {}],
  ['the end of the duration', { durationNs: 100e9 }],
])(
  'a reader that does not read holds up the end only until %s and two seconds',
  async (_, ports) => {
    const t = setup(ports, 1);
    t.session.queue = [[MIN, MIN], [MIN]];
    t.session.over = true;
    t.run.start();
    await turns();
    t.clock.advance(99e9);
    expect(await isDone(t.run)).toBe(false);
    if (!('durationNs' in ports)) t.run.stop('interrupt');
    t.clock.advance(1e9);
    await turns();
    // COMMAND is ended now, not when the reader reads.
    expect(await t.run.stopped).toBe('durationNs' in ports ? 'duration' : 'interrupt');
    expect(await isDone(t.run)).toBe(false);
    t.clock.advance(2e9);
    const result: RunResult = await t.run.done;
    expect(t.written).toEqual([MIN]);
    // What could not be written was captured and counted all the same.
    expect(result.facts.received.minor).toBe(3);
  },
);

test('it does so where the time of what is read stands still: a recording', async () => {
  const t = setup({}, 1);
  t.session.queue = [[MIN, MIN]];
  t.clock.stoodStillAt = 5;
  t.run.start();
  await turns();
  t.run.stop('interrupt');
  t.clock.advance(2e9);
  expect(await t.run.done).toMatchObject({ reason: 'interrupt', stoppedAt: 5 });
});

test('a reader that is slow is waited for after the end that was asked for', async () => {
  const t = setup({}, 1);
  t.session.queue = [[MIN, MIN]];
  t.run.start();
  await turns();
  t.run.stop('interrupt');
  for (let seconds = 0; seconds < 10; seconds++) {
    t.writer.written += 1;
    t.clock.advance(1e9);
  }
  expect(t.writer.failure).toBeNull();
  t.clock.advance(3e9);
  await t.run.done;
  expect(t.writer.failure).not.toBeNull();
});

test('what fails in a callback ends the run with what was counted, and nothing is touched again', async () => {
  const t = setup({
    consumer: {
      consume: () => {
        throw new Error('broken');
      },
    },
  });
  t.session.queue = [[MIN], [MIN]];
  const thrown = new Promise<unknown>((resolve) => {
    t.clock.onThrow = resolve;
  });
  t.run.start();
  expect(await thrown).toMatchObject({ message: 'broken' });
  t.run.fail();
  expect(await t.run.stopped).toBe('failure');
  expect(await t.run.done).toMatchObject({ reason: 'failure' });
  await turns();
  expect(t.session.drains).toBe(1);
  expect(t.clock.running).toBe(0);
});

test('a session that fails too does not keep the end waiting', async () => {
  const t = setup();
  t.run.start();
  t.session.counters = () => {
    throw new Error('closed');
  };
  t.run.fail();
  expect(await t.run.stopped).toBe('failure');
  await expect(t.run.done).rejects.toThrow('closed');
});

test('a failed writer ends the run', async () => {
  const t = setup();
  t.run.start();
  t.writer.failure = { kind: 'closed', errno: 'EPIPE' };
  t.clock.advance(50e6);
  expect((await t.run.done).reason).toBe('output');
});

test('what is gathered waits for its time, unless room gets scarce', async () => {
  let over = (): void => undefined;
  const t = setup({
    gather: (action) => {
      over = action;
    },
  });
  t.run.start();
  await turns();
  t.session.queue = [[MIN]];
  t.run.wake();
  t.clock.advance(1e6);
  await turns();
  expect(t.consumed).toEqual([]);
  over();
  await turns();
  expect(t.consumed).toEqual([MIN]);
  t.session.queue = [[MAJ]];
  t.run.wake();
  t.session.full = true;
  t.run.wake();
  await turns();
  expect(t.consumed).toEqual([MIN, MAJ]);
});

test('what waits to be counted makes it late, and old batches alone do not', async () => {
  let consumes = true;
  const consumer = { consume: () => consumes };
  const t = setup({ consumer });
  t.run.start();
  await turns();
  t.clock.advance(60e9);
  await turns();
  // Nothing has come for a minute.
  expect(t.run.behindNs).toBe(0);
  // A batch that waits for an answer, and one behind it.
  consumes = false;
  t.session.queue = [[MIN], [MIN]];
  t.run.wake();
  await turns();
  t.clock.advance(2e9);
  await turns();
  expect(t.run.behindNs).toBe(2e9);
  consumes = true;
  await turns();
  expect(t.run.behindNs).toBe(0);
});
