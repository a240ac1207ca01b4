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
  minor: 0,
  commandNs: 0,
};

/** A session that is told, and counters and CPU time of the analyzer as a test sets them. */
function kept(percent: number, { cpus = null as number | null, begun = false } = {}) {
  const told: number[] = [];
  const windows: [number, number][] = [];
  const now = { spent: NOTHING, own: 0 };
  const keeper = new BudgetKeeper(percent, {
    session: {
      spent: () => now.spent,
      setEvery: (every) => told.push(every),
      setWindows: (lengthNs, cycleNs) => windows.push([lengthNs, cycleNs]),
    },
    begun,
    ownNs: () => now.own,
    cpus,
    debug: () => undefined,
  });
  return { told, windows, now, keeper };
}

/** A quarter of a second of a storm on one CPU later: 100,000 faults, all with records. */
function later({ spent, own }: { spent: SpentCounters; own: number }, ownNs: number) {
  const { atNs, ranNs, counted, captured, putNs, minor } = spent;
  return {
    spent: {
      ...NOTHING,
      atNs: atNs + 250e6,
      ranNs: ranNs + 250e6,
      counted: counted + 100_000,
      minor: minor + 100_000,
      captured: captured + 100_000,
      putNs: putNs + 50e6,
    },
    own: own + ownNs,
  };
}

test('a session captures no more than is known to be cheap before anything was measured', () => {
  const at = (budget: number | null): number =>
    everyAtFirst({ every: 7, budget, target: { kind: 'command' } } as CaptureOptions);
  expect([null, 50, 1, 0.01].map(at)).toEqual([7, 1, 10, 1000]);
  expect(kept(1).keeper.facts(false)).toMatchObject({ every: [10, 10], isMet: true });
});

test('a storm that runs already is not counted before it is known what that costs', () => {
  const { told, windows, keeper, now } = kept(1, { begun: true });
  expect(told).toEqual([8]);
  expect(windows).toEqual([[2.5e6, 250e6]]);
  expect(keeper.facts(false)).toMatchObject({ every: [800, 800], windows: true });
  // It is none: what there is costs nothing.
  keeper.beat();
  now.spent = { ...now.spent, atNs: 250e6, ranNs: 250e6, minor: 100, counted: 1 };
  keeper.beat();
  now.spent = { ...now.spent, atNs: 500e6, ranNs: 500e6, minor: 200, counted: 2 };
  keeper.beat();
  expect(windows[1]).toEqual([0, 0]);
  expect(keeper.facts(false)).toMatchObject({ every: [1, 1], windows: false });
  expect(keeper.facts(true)).toMatchObject({ every: [1, 800], windows: true });
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
  const { now, keeper } = kept(50, { cpus: 8 });
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
