import { BudgetController } from '../../../../src/core/budget/controller';
import type { Spent } from '../../../../src/core/budget/controller';

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

function spentIn(load: Load, every: number): Spent {
  const faults = (load.rate * STEP) / 1e9;
  const captured = faults / every;
  return {
    elapsedNs: STEP,
    baseNs: load.cpus * STEP,
    countingNs: faults * load.counting,
    recordNs: captured * load.record,
    captured,
    ownNs: captured * load.own + (load.anyway * STEP) / 1e9,
  };
}

function costOf(load: Load, every: number): number {
  const { countingNs, recordNs, ownNs, baseNs } = spentIn(load, every);
  return (countingNs + recordNs + ownNs) / baseNs;
}

/** What it costs with no fault captured. */
const floorOf = (load: Load): number => costOf(load, Infinity);

/** So many steps; returns the distance after each. */
function run(controller: BudgetController, load: Load, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    controller.step(spentIn(load, controller.every));
    return controller.every;
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
    const controller = new BudgetController(0.2);
    expect(new Set(run(controller, { ...STORM, rate: 1000 }, 40))).toEqual(new Set([1]));
  });

  it('comes to what is allowed, and stays there', () => {
    for (const { load, share } of CASES) {
      const controller = new BudgetController(share);
      run(controller, load, SETTLES);
      const settled = run(controller, load, 40);
      // One in 1 may be too many, and one in 2 too few.
      const [least, most] = [Math.min(...settled), Math.max(...settled)];
      expect(most - least).toBeLessThanOrEqual(1);
      // Whatever it costs anyway, capture has three tenths of what is allowed.
      const bound = Math.max(share * BAND, floorOf(load) + 0.7 * share);
      expect(costOf(load, least)).toBeLessThan(bound);
      // Where not all is captured what is allowed is used.
      if (least > 1) expect(costOf(load, least - 1)).toBeGreaterThan(share / BAND);
    }
  });

  it.each(SHARES)('%d of the CPU time: a storm is met within some steps, and its end', (share) => {
    const controller = new BudgetController(share);
    const calm = { ...STORM, rate: 500, anyway: 1e5 };
    run(controller, calm, 40);
    expect(controller.every).toBe(1);
    const load = { ...STORM, counting: 5 };
    run(controller, load, REACTS);
    expect(costOf(load, controller.every)).toBeLessThan(share * BAND);
    run(controller, calm, 40);
    expect(controller.every).toBe(1);
  });

  it('changes nothing while the target sleeps', () => {
    const controller = new BudgetController(0.01);
    run(controller, STORM, 60);
    const { every } = controller;
    expect(new Set(run(controller, { ...STORM, rate: 0, cpus: 0.001 }, 100))).toEqual(
      new Set([every]),
    );
  });

  it('says what it costs, and whether that is within the budget', () => {
    const controller = new BudgetController(0.01);
    expect(controller.costNow().all).toBeNaN();
    expect(controller.meets(controller.costNow())).toBe(true);
    run(controller, STORM, 60);
    expect(controller.costNow().all).toBeCloseTo(costOf(STORM, controller.every), 3);
    expect(controller.meets(controller.costNow())).toBe(true);
    // Counting alone is beyond it: 600,000 x 400 ns in two seconds.
    const dear = { ...STORM, counting: 400 };
    run(controller, dear, 60);
    const cost = controller.costNow();
    expect(cost.counting).toBeCloseTo(0.12, 3);
    expect(cost.own).toBeCloseTo(0.0005 + (600_000 / 2 / controller.every) * 900e-9, 6);
    expect(controller.meets(cost)).toBe(false);
    const all = controller.costInAll();
    expect(all.counting).toBeCloseTo((0.12 + 0.006) / 2, 3);
    expect(all.all).toBeGreaterThan(all.counting + all.own);
  });
});
