import { DEMAND_MS } from './cpu-demand';

export interface PatienceLimits {
  /** How long a fault waits for one answer, ms. */
  readonly questionMs: number;
  /** All waiting together: at most so much at once, ms, and a fifth of the time. */
  readonly budgetMs: number;
}

/**
 * For /proc and headers: a reader answers in 0.2 ms, in tens where many want the CPU. The mailbox holds half
 * a million faults, which is more than come in the time of the budget.
 */
const FOR_FILES: PatienceLimits = { questionMs: 300, budgetMs: 900 };
/** questionMs where no answer may be left out, and until a reader has shown that it runs: starting one takes its time on a busy machine. */
const START_MS = 5000;
/** Where every run of a program is to give the same: whether an answer came in time is no part of it. */
export const UNTIL_ANSWERED: PatienceLimits = { questionMs: START_MS, budgetMs: Infinity };
const REFILL = 0.2;
/** No question is waited for longer, ms, whoever works on it: a reader that was asked for names is given up by then. */
const LONGEST_MS = 25_000;

/** Whether more is waited for than the limits say: who is asked works on it, and what waits costs nothing. */
export type Reason = () => boolean;
const NONE: Reason = () => false;

/**
 * Waiting for answers without blocking: the capture stands still, the event loop does not. What a
 * target can make us wait is bounded, whatever it does; then faults go on without the answer. That a
 * machine is busy is no reason to: as long as there is one to wait, the limits do not count.
 */
export class Patience {
  private budget: number;
  private countedAt: number;
  private started = false;
  private beyond = false;
  private resume: (() => void) | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly nowMs: () => number,
    private readonly limits = FOR_FILES,
    private readonly reason = NONE,
  ) {
    this.budget = limits.budgetMs;
    this.countedAt = nowMs();
  }

  /** A question that was first waited for at `since` may be waited for longer. */
  lasts(since: number): boolean {
    const now = this.nowMs();
    const waited = now - since;
    const within = this.started
      ? waited < this.limits.questionMs && this.left(now) > 0
      : waited < START_MS;
    this.beyond = !within && this.hasReason(since);
    return within || this.beyond;
  }

  /** There is a reason to wait for it although its time is over. */
  hasReason(since: number): boolean {
    return this.nowMs() - since < LONGEST_MS && this.reason();
  }

  /** A reader runs: from here on all waiting counts. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.countedAt = this.nowMs();
  }

  /** Calls back once: when an answer is there, or when there is no point in waiting longer. */
  whenReady(action: () => void): void {
    const began = this.nowMs();
    const { beyond } = this;
    this.resume = () => {
      this.resume = null;
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = null;
      const now = this.nowMs();
      if (this.started && !beyond) this.budget = this.left(now) - (now - began);
      action();
    };
    const limit = this.started ? Math.min(this.limits.questionMs, this.left(began)) : START_MS;
    const longest = beyond ? DEMAND_MS : limit;
    // Timers may come a fraction early; a millisecond more ends the wait for sure.
    this.timer = setTimeout(
      () => {
        // We may have been short of CPU ourselves: first what has been answered meanwhile is read.
        setImmediate(() => this.resume?.());
      },
      Math.max(1, longest) + 1,
    );
  }

  /** An answer has arrived. */
  wake(): void {
    this.resume?.();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.resume = null;
  }

  /** Accounts for the time that has passed. */
  private left(now: number): number {
    this.budget = Math.min(this.limits.budgetMs, this.budget + REFILL * (now - this.countedAt));
    this.countedAt = now;
    return this.budget;
  }
}
