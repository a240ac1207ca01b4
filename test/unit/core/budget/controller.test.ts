import { BudgetController } from '../../../../src/core/budget/controller';
import { standsFor } from '../../../../src/core/budget/controller';
import type { Sampling, Spent } from '../../../../src/core/budget/controller';

/** A machine on which costs are what they are. */
interface Load {
  /** Faults a second and CPUs that the targets have. */
  readonly rate: number;
  readonly cpus: number;
  /** ns: for each fault that is counted, in addition for each record, and of the analyzer for each of these. */
  readonly counting: number;
  readonly record: number;
  readonly own: number;
  /** Of the analyzer anyway, a second. */
  readonly anyway: number;
}

const STORM: Load = { rate: 600_000, cpus: 2, counting: 20, record: 600, own: 900, anyway: 1e6 };
const STEP = 250e6;

function spentIn(load: Load, { every, windowNs, cycleNs }: Sampling): Spent {
  const faults = (load.rate * STEP) / 1e9;
  const counted = windowNs === 0 ? faults : (faults * windowNs) / cycleNs;
  const captured = counted / every;
  return {
    elapsedNs: STEP,
    baseNs: load.cpus * STEP,
    countingNs: counted * load.counting,
    recordNs: captured * load.record,
    faults,
    eachNs: load.counting,
    captured,
    ownNs: captured * load.own + (load.anyway * STEP) / 1e9,
  };
}

const always = (every: number): Sampling => ({ every, windowNs: 0, cycleNs: 0 });

function costOf(load: Load, sampling: Sampling): number {
  const { countingNs, recordNs, ownNs, baseNs } = spentIn(load, sampling);
  return (countingNs + recordNs + ownNs) / baseNs;
}

/** What it costs with no fault captured. */
const floorOf = (load: Load): number => costOf(load, always(Infinity));

/** So many steps; returns the sampling after each. */
function run(controller: BudgetController, load: Load, steps: number): Sampling[] {
  return Array.from({ length: steps }, () => {
    controller.step(spentIn(load, controller.sampling));
    return controller.sampling;
  });
}

/** The same in every run. */
function* random(seed: number): Generator<number> {
  for (let x = seed; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield x / 2 ** 32;
  }
}

const between = (numbers: Generator<number>, low: number, high: number): number =>
  low * (high / low) ** (numbers.next().value as number);

function loads(count: number): Load[] {
  const numbers = random(7);
  return Array.from({ length: count }, () => {
    const cpus = Math.ceil(between(numbers, 1, 64));
    return {
      cpus,
      rate: between(numbers, 1e3, 1e6) * cpus,
      counting: between(numbers, 1, 900),
      record: between(numbers, 300, 1500),
      own: between(numbers, 500, 5000),
      anyway: between(numbers, 1e5, 2e6),
    };
  });
}

const SHARES = [0.01, 0.02, 0.05, 0.2, 0.5];
/** Each share on each of some loads. */
const CASES = loads(60).flatMap((load) => SHARES.map((share) => ({ load, share })));
/** Steps from the beginning of a load until it costs no more than is allowed, and until that is made use of. */
const REACTS = 6;
const SETTLES = 40;
/** What a distance that is left may be wrong by. */
const BAND = 1.12;

describe('BudgetController', () => {
  it('captures every fault where that is cheap', () => {
    for (const begun of [false, true]) {
      const controller = new BudgetController(0.2, begun);
      const settled = run(controller, { ...STORM, rate: 1000 }, 40).slice(1);
      expect(new Set(settled.map(standsFor))).toEqual(new Set([1]));
    }
  });

  it('comes to what is allowed, and stays there', () => {
    let windows = 0;
    for (const [i, { load, share }] of CASES.entries()) {
      const controller = new BudgetController(share, i % 2 === 0);
      run(controller, load, SETTLES);
      const settled = run(controller, load, 40);
      const costs = settled.map((sampling) => costOf(load, sampling));
      // Whatever it costs anyway, capture has three tenths of what is allowed.
      const anyway = load.anyway / 1e9 / load.cpus;
      expect(Math.max(...costs)).toBeLessThan(Math.max(share * BAND, anyway + 0.7 * share));
      const last = settled.at(-1)!;
      if (last.windowNs > 0) {
        windows++;
        // Counting each fault would take most of it.
        expect(floorOf(load) * 2.5).toBeGreaterThan(share);
        expect(Math.min(...costs)).toBeGreaterThan(share / 2);
      } else {
        // One in 1 may be too many, and one in 2 too few.
        const distances = settled.map(({ every }) => every);
        expect(Math.max(...distances) - Math.min(...distances)).toBeLessThanOrEqual(1);
        const more = always(Math.min(...distances) - 1);
        // Where not all is captured what is allowed is used.
        if (more.every > 0) expect(costOf(load, more)).toBeGreaterThan(share / BAND);
      }
    }
    expect(windows).toBeGreaterThan(10);
    expect(windows).toBeLessThan(CASES.length / 2);
  });

  it.each(SHARES)('%d of the CPU time: a storm is met within some steps, and its end', (share) => {
    const controller = new BudgetController(share);
    const calm = { ...STORM, rate: 500, anyway: 1e5 };
    run(controller, calm, 40);
    expect(controller.sampling).toEqual(always(1));
    for (const counting of [5, 500]) {
      const load = { ...STORM, counting };
      run(controller, load, REACTS);
      expect(costOf(load, controller.sampling)).toBeLessThan(share * BAND);
      run(controller, calm, 40);
      expect(controller.sampling).toEqual(always(1));
    }
  });

  it('counts in windows where to count each fault costs more than is allowed', () => {
    const controller = new BudgetController(0.01);
    // 600,000 x 400 ns in two seconds: 12 %.
    const dear = { ...STORM, counting: 400 };
    const first = run(controller, dear, 1)[0]!;
    expect(first.windowNs).toBeGreaterThan(0);
    expect(costOf(dear, first)).toBeLessThan(0.01 * BAND);
    const settled = run(controller, dear, 40);
    for (const { windowNs, cycleNs } of settled) {
      expect(windowNs).toBeGreaterThanOrEqual(2e6);
      expect(cycleNs).toBeLessThanOrEqual(1e9);
    }
    expect(controller.meets(controller.costNow())).toBe(true);
    expect(controller.costNow().all).toBeGreaterThan(0.005);
    // Without a storm there is none.
    expect(run(controller, { ...dear, rate: 500 }, 3).at(-1)!.windowNs).toBe(0);
  });

  it('changes nothing while the target sleeps', () => {
    const controller = new BudgetController(0.01);
    run(controller, STORM, 60);
    const { sampling } = controller;
    expect(new Set(run(controller, { ...STORM, rate: 0, cpus: 0.001 }, 100))).toEqual(
      new Set([sampling]),
    );
  });

  it('says what it costs, and whether that is within the budget', () => {
    const controller = new BudgetController(0.01);
    expect(controller.costNow().all).toBeNaN();
    expect(controller.meets(controller.costNow())).toBe(true);
    run(controller, STORM, 60);
    expect(controller.costNow().all).toBeCloseTo(costOf(STORM, controller.sampling), 3);
    expect(controller.meets(controller.costNow())).toBe(true);
    // The analyzer with nothing to do is beyond it.
    const busy = { ...STORM, anyway: 100e6 };
    run(controller, busy, 60);
    const cost = controller.costNow();
    expect(cost.own).toBeGreaterThan(0.05);
    expect(controller.meets(cost)).toBe(false);
    const all = controller.costInAll();
    expect(all.own).toBeGreaterThan(0.025);
    expect(all.all).toBeGreaterThan(all.counting + all.own);
  });
});
