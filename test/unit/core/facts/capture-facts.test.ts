import { captureLimits, completeness, factsSince } from '../../../../src/core/facts/capture-facts';
import type { BudgetFacts, CaptureFacts } from '../../../../src/core/facts/capture-facts';
import { captureFacts } from '../../../support/facts';

const losing = (facts: CaptureFacts, ring: number, mailbox: number): CaptureFacts => ({
  ...facts,
  lost: { ring, mailbox, exact: true },
  records: {
    ...facts.records,
    lostMinor: ring,
    lostMajor: 0,
    mailboxMinor: mailbox,
    unwatchedCpus: 2,
    late: ring,
  },
});

test('what was captured since the counters were set to zero, complete as before', () => {
  // 30 that the kernel had counted then were still on their way.
  const then = losing({ ...captureFacts(1000, 10), kernel: kernel(1047, 10) }, 5, 12);
  const now = losing({ ...captureFacts(5000, 60), kernel: kernel(5025, 60) }, 10, 15);
  const since = factsSince(now, then);
  expect(since.received).toEqual({ minor: 4000, major: 50, unresolved: 0 });
  expect(since.lost).toEqual({ ring: 5, mailbox: 3, exact: true });
  expect(completeness(since)).toMatchObject({ captured: 4050, lost: 8, kernel: 4058 });
  expect(completeness(since).difference).toBe(completeness(now).difference);
  // CPUs are not counted up, and what is not known does not become known.
  expect(since.records).toMatchObject({ late: 5, unwatchedCpus: 2 });
  const unknown = { ...now, records: { ...now.records, lostMinor: -1 } };
  expect(factsSince(unknown, unknown).records.lostMinor).toBe(-1);
});

function kernel(minor: number, major: number): CaptureFacts['kernel'] {
  return { minor, major, exact: true };
}

const BUDGET = {
  percent: 1,
  ofMachine: false,
  costPercent: 0.94,
  countingPercent: 0.5,
  ownPercent: 0.1,
  isMet: true,
  every: [37, 37],
  windows: false,
} as const;

test.each<[Partial<BudgetFacts>, string]>([
  [{}, 'sampled, 1 in 37, for 0.94 % of budget 1 %: ~ is an estimate'],
  [
    { costPercent: NaN, every: [10, 10] },
    'sampled, 1 in 10, for - % of budget 1 %: ~ is an estimate',
  ],
  [
    { percent: 12.5, costPercent: 11.6, every: [1, 1200] },
    'sampled, 1 in 1 to 1,200, for 12 % of budget 13 %: ~ is an estimate',
  ],
  [
    { every: [800, 800], windows: true },
    'sampled, 1 in 800 in windows, for 0.94 % of budget 1 %: ~ is an estimate',
  ],
  [
    { costPercent: 3.61, countingPercent: 3.14, ownPercent: 0.3, isMet: false },
    'sampled, 1 in 37, for 3.6 % of budget 1 % (not met: counting is 3.1 %, the analyzer 0.3 %): ~ is an estimate',
  ],
])('a budget in words: %j', (facts, text) => {
  const { mode } = captureFacts(1, 1);
  expect(captureLimits({ ...mode, budget: { ...BUDGET, ...facts } })[0]).toBe(text);
});

test('more came than could be taken: it is said beside what was asked for', () => {
  const { mode } = captureFacts(1, 1);
  expect(captureLimits({ ...mode, every: 2, easedEvery: 0 })[0]).toBe(
    'sampled, 1 in 2: ~ is an estimate',
  );
  const eased =
    'sampled, 1 in 2 (up to 1 in 1,024 as more came than could be taken): ~ is an estimate';
  expect(captureLimits({ ...mode, every: 2, easedEvery: 1024 })[0]).toBe(eased);
});
