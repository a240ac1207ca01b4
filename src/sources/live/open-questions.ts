import { DEMAND_MS } from '../proc/cpu-demand';
import { Patience } from '../proc/patience';
import type { PatienceLimits, Reason } from '../proc/patience';

/** How long the end of a run waits for answers, ms. */
const SETTLE_MS = 3000;

export interface Waiting {
  readonly limits: PatienceLimits;
  /** Absent: the limits are all. */
  readonly reason?: Reason;
  /** Somebody has waited for an answer, and goes on without it. */
  readonly onLate?: () => void;
}

/** Questions that somebody may wait for. */
export class OpenQuestions {
  /** Since when each is open, ms. */
  private readonly open = new Set<{ readonly since: number }>();
  private readonly patience: Patience;
  private waited = false;
  private whenSettled: (() => void) | null = null;

  constructor(
    private readonly nowMs: () => number,
    private readonly waiting: Waiting,
  ) {
    this.patience = new Patience(nowMs, waiting.limits, waiting.reason);
  }

  get count(): number {
    return this.open.size;
  }

  /** A question is asked. What is returned is to be called once, with what takes its answer over. */
  begin(): (take: () => void) => void {
    const question = { since: this.nowMs() };
    this.open.add(question);
    return (take) => {
      this.open.delete(question);
      this.patience.start();
      take();
      this.patience.wake();
      if (this.open.size === 0) this.whenSettled?.();
    };
  }

  /** An answer is on its way that is worth waiting for. */
  expects(): boolean {
    for (const { since } of this.open) if (this.patience.lasts(since)) return (this.waited = true);
    if (this.open.size > 0) this.waiting.onLate?.();
    return false;
  }

  /** Calls back once when there is an answer, or no point in waiting. False where nobody waits for one. */
  whenReady(action: () => void): boolean {
    const { waited } = this;
    this.waited = false;
    if (waited) this.patience.whenReady(action);
    return waited;
  }

  /** Every question has its answer, or has been waited for long enough. */
  settled(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    const since = this.nowMs();
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout;
      const wait = (ms: number): void => {
        timer = setTimeout(() => {
          // As in Patience: first what has been answered meanwhile is read.
          setImmediate(() => {
            if (this.whenSettled !== settle) return;
            if (this.patience.hasReason(since)) wait(DEMAND_MS);
            else {
              this.waiting.onLate?.();
              settle();
            }
          });
        }, ms);
      };
      const settle = (): void => {
        clearTimeout(timer);
        this.whenSettled = null;
        resolve();
      };
      this.whenSettled = settle;
      wait(SETTLE_MS);
    });
  }

  close(): void {
    this.patience.close();
    this.whenSettled?.();
  }
}
