import { BudgetController, firstSampling, standsFor } from '../core/budget/controller';
import type { Sampling, Spent } from '../core/budget/controller';
import type { BudgetFacts } from '../core/facts/capture-facts';
import type { Debug } from '../core/facts/debug';
import type { LiveCapture } from '../sources/live/live-capture';
import { OwnCpu } from '../sources/live/own-cpu';
import type { Session, SpentCounters } from '../native/contract';
import type { CaptureOptions } from './options';

/** What a budget is kept with. */
export interface BudgetPorts {
  readonly session: Pick<Session, 'spent' | 'setEvery' | 'setWindows'>;
  /** The target runs already. */
  readonly begun: boolean;
  /** CPU time of all processes of the analyzer, ns; `commandNs` as of SpentCounters. */
  readonly ownNs: (commandNs: number) => number;
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
  private windows: boolean;

  constructor(
    private readonly percent: number,
    private readonly ports: BudgetPorts,
  ) {
    this.controller = new BudgetController(percent / 100, ports.begun);
    const { sampling } = this.controller;
    this.least = this.most = standsFor(sampling);
    this.windows = sampling.windowNs > 0;
    if (this.windows) this.set(sampling);
  }

  /** To be called some times a second. */
  beat(): void {
    const { session, ownNs } = this.ports;
    const now = session.spent();
    const { last } = this;
    if (now.atNs === 0 || now.atNs === last?.atNs) return;
    const own = ownNs(now.commandNs);
    if (last !== null) this.step(now, last, Math.max(0, own - this.lastOwn));
    this.last = now;
    this.lastOwn = own;
  }

  private step(now: SpentCounters, last: SpentCounters, ownNs: number): void {
    const { cpus, debug } = this.ports;
    const { controller } = this;
    const elapsedNs = now.atNs - last.atNs;
    const spent: Spent = {
      elapsedNs,
      baseNs: cpus === null ? now.ranNs - last.ranNs : cpus * elapsedNs,
      countingNs: (now.counted - last.counted) * now.eachNs,
      recordNs: now.putNs - last.putNs,
      faults: now.minor - last.minor,
      eachNs: now.eachNs,
      captured: now.captured - last.captured,
      ownNs,
    };
    const before = controller.sampling;
    controller.step(spent);
    const { sampling } = controller;
    debug('capture', () => `budget: ${JSON.stringify(spent)} -> ${JSON.stringify(sampling)}`);
    if (sampling !== before) this.set(sampling);
  }

  private set(sampling: Sampling): void {
    const { session } = this.ports;
    session.setEvery(sampling.every);
    session.setWindows(sampling.windowNs, sampling.cycleNs);
    this.least = Math.min(this.least, standsFor(sampling));
    this.most = Math.max(this.most, standsFor(sampling));
    this.windows ||= sampling.windowNs > 0;
  }

  /** What is said of it: of now, or of all of a capture that is over. */
  facts(over: boolean): BudgetFacts {
    const { controller, percent, ports } = this;
    const cost = over ? controller.costInAll() : controller.costNow();
    const now = standsFor(controller.sampling);
    return {
      percent,
      ofMachine: ports.cpus !== null,
      costPercent: 100 * cost.all,
      countingPercent: 100 * cost.counting,
      ownPercent: 100 * cost.own,
      isMet: controller.meets(cost),
      every: over ? [this.least, this.most] : [now, now],
      windows: over ? this.windows : controller.sampling.windowNs > 0,
    };
  }
}

/** SessionOptions.every. */
export function everyAtFirst({ every, budget, target }: CaptureOptions): number {
  return budget === null ? every : firstSampling(budget / 100, isBegun(target)).every;
}

function isBegun({ kind }: CaptureOptions['target']): boolean {
  return kind !== 'command' && kind !== 'demo';
}

/** null where there is none. */
export function budgetOf(
  { budget, target }: CaptureOptions,
  { session }: Pick<LiveCapture, 'session'>,
  debug: Debug,
): BudgetKeeper | null {
  if (budget === null) return null;
  // With a name the programs run for everybody, too.
  const own = new OwnCpu(session.info.commandPid);
  const whole = target.kind === 'all' || target.kind === 'name';
  return new BudgetKeeper(budget, {
    debug,
    session,
    begun: isBegun(target),
    ownNs: (commandNs) => own.ns(commandNs),
    cpus: whole ? session.info.cpus : null,
  });
}
