import { Cause, CAUSE_COUNT } from '../../../../src/core/classify/classes';
import { StandingVerdict, verdictOf } from '../../../../src/core/findings/verdict';
import type { Snapshot } from '../../../../src/core/snapshot/snapshot';
import { region, snapshot, stat, thread } from '../../../support/sample';

/** One thread that copies pages after a fork: so much of its time in all, and now. */
function picture(inAll: number, now: number, more: Partial<Snapshot> = {}): Snapshot {
  const byCause = Array.from({ length: CAUSE_COUNT }, (_, k) => (k === Cause.COW_ANON ? 1000 : 0));
  const stallNs = inAll * 10e9;
  return snapshot({
    totals: stat({ stallNs, stallShare: inAll, stalled: now }),
    regions: [
      region({ faults: 1000, byCause, stallNs, stalled: now, comm: 'redis-server', pid: 17331 }),
    ],
    threads: [thread({ stallShare: inAll, stalled: now })],
    ...more,
  });
}

test.each([
  ['next to nothing', 0.002, 0.005, 'fine'],
  ['a hundredth of a thread', 0.002, 0.01, 'look'],
  ['a tenth of a thread', 0.002, 0.1, 'problem'],
  ['what is over', 0.3, 0, 'fine'],
])('%s', (_, inAll, now, level) => {
  expect(verdictOf(picture(inAll, now), 2, false).level).toBe(level);
});

test('names cause, region and process, with the figures of now', () => {
  const verdict = verdictOf(picture(0.02, 0.5), 2, false);
  expect(verdict).toMatchObject({ isNow: true, share: 0.5, part: 1 });
  expect(verdict.finding).toMatchObject({
    id: 'copy-on-write',
    regions: ['[anon]'],
    processes: ['redis-server 17331'],
    figures: { stallShare: 0.5 },
  });
});

test('what is over is named with the figures of all; when the target has ended it is judged by them', () => {
  expect(verdictOf(picture(0.3, 0), 2, false)).toMatchObject({ isNow: false, share: 0.3 });
  expect(verdictOf(picture(0.3, 0), 2, true).level).toBe('problem');
});

test('many threads that wait a little are measured by the CPUs they run on', () => {
  const threads = Array.from({ length: 1000 }, (_, k) => thread({ id: k, stalled: 0.002 }));
  expect(verdictOf(picture(0, 2, { threads }), 64, false).level).toBe('look');
  expect(verdictOf(picture(0, 2, { threads }), 2, false).level).toBe('problem');
});

test('a verdict stands for three seconds, unless it becomes worse', () => {
  const standing = new StandingVerdict();
  const level = (now: number, share: number): string =>
    standing.next(verdictOf(picture(share, share), 2, false), now * 1e9).level;
  expect(level(1, 0.05)).toBe('look');
  expect(level(2, 0)).toBe('look');
  expect(level(3, 0.5)).toBe('problem');
  expect(level(5, 0)).toBe('problem');
  expect(level(6, 0)).toBe('fine');
  standing.restart();
  expect(level(6.5, 0)).toBe('fine');
});

test('a share that swings about a threshold does not move level and words', () => {
  const standing = new StandingVerdict();
  const said = (now: number, share: number): string => {
    const verdict = verdictOf(picture(0.001, share), 2, false, standing.last);
    const { level, finding } = standing.next(verdict, now * 1e9);
    return `${level} ${finding?.id ?? ''}`;
  };
  // Not said before, it takes the whole threshold.
  expect(said(0, 0.0099)).toBe('fine ');
  expect(said(10, 0.01)).toBe('look copy-on-write');
  for (const now of [20, 30, 40]) {
    expect(said(now, 0.0081)).toBe('look copy-on-write');
    expect(said(now + 5, 0.0101)).toBe('look copy-on-write');
  }
  expect(said(50, 0.0079)).toBe('fine ');
  expect(said(60, 0.0099)).toBe('fine ');
  expect(said(70, 0.1)).toBe('problem copy-on-write');
  expect(said(80, 0.081)).toBe('problem copy-on-write');
  expect(said(90, 0.079)).toBe('look copy-on-write');
  expect(said(100, 0.099)).toBe('look copy-on-write');
});

test('what is over is named until less than four fifths of its threshold are left', () => {
  const said = verdictOf(picture(0.01, 0), 2, false);
  expect(said.finding?.id).toBe('copy-on-write');
  expect(verdictOf(picture(0.0081, 0), 2, false).finding).toBeNull();
  expect(verdictOf(picture(0.0081, 0), 2, false, said).finding?.id).toBe('copy-on-write');
  expect(verdictOf(picture(0.0079, 0), 2, false, said).finding).toBeNull();
});
