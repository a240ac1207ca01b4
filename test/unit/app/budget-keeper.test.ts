import { BudgetKeeper, everyAtFirst } from '../../../src/app/budget-keeper';
import type { CaptureOptions } from '../../../src/app/options';
import type { SpentCounters } from '../../../src/native/contract';

const NOTHING: SpentCounters = {
  atNs: 0,
  ranNs: 0,
  counted: 0,
  captured: 0,
  putNs: 0,
  eachNs: 400,
};

/** A session that is told, and counters and CPU time of the analyzer as a test sets them. */
function kept(percent: number, cpus: number | null = null) {
  const told: number[] = [];
  const now = { spent: NOTHING, own: 0 };
  const keeper = new BudgetKeeper(percent, {
    session: { spent: () => now.spent, setEvery: (every) => told.push(every) },
    ownNs: () => now.own,
    cpus,
    debug: () => undefined,
  });
  return { told, now, keeper };
}

/** A quarter of a second of a storm on one CPU later: 100,000 faults, all with records. */
function later({ spent, own }: { spent: SpentCounters; own: number }, ownNs: number) {
  const { atNs, ranNs, counted, captured, putNs } = spent;
  return {
    spent: {
      ...NOTHING,
      atNs: atNs + 250e6,
      ranNs: ranNs + 250e6,
      counted: counted + 100_000,
      captured: captured + 100_000,
      putNs: putNs + 50e6,
    },
    own: own + ownNs,
  };
}

test('a session captures no more than is known to be cheap before anything was measured', () => {
  const at = (budget: number | null): number =>
    everyAtFirst({ every: 7, budget } as CaptureOptions);
  expect([null, 50, 1, 0.01].map(at)).toEqual([7, 1, 10, 1000]);
  expect(kept(1).keeper.facts(false)).toMatchObject({ every: [10, 10], isMet: true });
});

test('what was spent between two looks of the programs is judged, once', () => {
  const { told, now, keeper } = kept(50);
  keeper.beat();
  Object.assign(now, later(now, 1e9));
  keeper.beat();
  // What was there before the first look is not known.
  expect(keeper.facts(false).costPercent).toBeNaN();
  Object.assign(now, later(now, 75e6));
  keeper.beat();
  keeper.beat();
  // Of 250 ms 40 for counting, 50 for records, 75 of the analyzer.
  expect(keeper.facts(false)).toMatchObject({ percent: 50, ofMachine: false, isMet: false });
  expect(keeper.facts(false).costPercent).toBeCloseTo(66, 6);
  expect(keeper.facts(false).countingPercent).toBeCloseTo(16, 6);
  expect(told).toEqual([2]);
  expect(keeper.facts(true).every).toEqual([1, 2]);
  expect(keeper.facts(false).every).toEqual([2, 2]);
});

test('of the machine: its CPUs, whatever runs on them', () => {
  const { now, keeper } = kept(50, 8);
  Object.assign(now, later(now, 0));
  keeper.beat();
  Object.assign(now, later(now, 110e6));
  keeper.beat();
  expect(keeper.facts(true)).toMatchObject({ ofMachine: true, isMet: true });
  expect(keeper.facts(true).costPercent).toBeCloseTo(10, 6);
});

test('a process of ours that ends takes its CPU time with it, and costs nothing less for it', () => {
  const { now, keeper } = kept(50);
  Object.assign(now, later(now, 500e6));
  keeper.beat();
  Object.assign(now, later(now, -400e6));
  keeper.beat();
  expect(keeper.facts(true).costPercent).toBeCloseTo(36, 6);
});
