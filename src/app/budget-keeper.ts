import { BudgetController, firstEvery } from '../core/budget/controller';
import type { Spent } from '../core/budget/controller';
import type { BudgetFacts } from '../core/facts/capture-facts';
import type { Debug } from '../core/facts/debug';
import type { LiveCapture } from '../sources/live/live-capture';
import { ownCpuNs } from '../sources/live/own-cpu';
import type { SpentCounters } from '../native/contract';
import type { CaptureOptions } from './options';

/** What a budget is kept with. */
export interface BudgetPorts {
  readonly session: { spent(): SpentCounters; setEvery(every: number): void };
  /** CPU time of all processes of the analyzer, ns. */
  readonly ownNs: () => number;
  /** CPUs of the machine where the budget is a share of that; null: of the targets' CPU time. */
  readonly cpus: number | null;
  readonly debug: Debug;
}

/** Has a session capture as many faults as may cost a share of CPU time. */
export class BudgetKeeper {
  private readonly controller: BudgetController;
  private last: SpentCounters | null = null;
  private lastOwn = 0;
  private least: number;
  private most: number;

  constructor(
    private readonly percent: number,
    private readonly ports: BudgetPorts,
  ) {
    this.controller = new BudgetController(percent / 100);
    this.least = this.most = this.controller.every;
  }

  /** To be called some times a second. */
  beat(): void {
    const { session, ownNs } = this.ports;
    const now = session.spent();
    const { last } = this;
    if (now.atNs === 0 || now.atNs === last?.atNs) return;
    const own = ownNs();
    if (last !== null) this.step(now, last, Math.max(0, own - this.lastOwn));
    this.last = now;
    this.lastOwn = own;
  }

  private step(now: SpentCounters, last: SpentCounters, ownNs: number): void {
    const { session, cpus, debug } = this.ports;
    const { controller } = this;
    const elapsedNs = now.atNs - last.atNs;
    const spent: Spent = {
      elapsedNs,
      baseNs: cpus === null ? now.ranNs - last.ranNs : cpus * elapsedNs,
      countingNs: (now.counted - last.counted) * now.eachNs,
      recordNs: now.putNs - last.putNs,
      captured: now.captured - last.captured,
      ownNs,
    };
    const before = controller.every;
    controller.step(spent);
    debug('capture', () => `budget: ${JSON.stringify(spent)} -> 1 in ${controller.every}`);
    if (controller.every === before) return;
    session.setEvery(controller.every);
    this.least = Math.min(this.least, controller.every);
    this.most = Math.max(this.most, controller.every);
  }

  /** What is said of it: of now, or of all of a capture that is over. */
  facts(over: boolean): BudgetFacts {
    const { controller, percent, ports } = this;
    const cost = over ? controller.costInAll() : controller.costNow();
    return {
      percent,
      ofMachine: ports.cpus !== null,
      costPercent: 100 * cost.all,
      countingPercent: 100 * cost.counting,
      ownPercent: 100 * cost.own,
      isMet: controller.meets(cost),
      every: over ? [this.least, this.most] : [controller.every, controller.every],
    };
  }
}

/** SessionOptions.every. */
export function everyAtFirst({ every, budget }: CaptureOptions): number {
  return budget === null ? every : firstEvery(budget / 100);
}

/** null where there is none. */
export function budgetOf(
  { budget, target }: CaptureOptions,
  { session }: Pick<LiveCapture, 'session'>,
  debug: Debug,
): BudgetKeeper | null {
  if (budget === null) return null;
  // With a name the programs run for everybody, too.
  const whole = target.kind === 'all' || target.kind === 'name';
  return new BudgetKeeper(budget, {
    debug,
    session,
    ownNs: () => ownCpuNs(session.info.commandPid),
    cpus: whole ? session.info.cpus : null,
  });
}
