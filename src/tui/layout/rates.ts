import { CLASS_COUNT } from '../../core/classify/classes';
import type { StatRow } from '../../core/snapshot/snapshot';

/** Refreshes remembered: what a wide screen can show. */
const LENGTH = 240;

/** What had been counted at a moment. */
export interface RateSample {
  /** ns since the session's start. */
  readonly now: number;
  readonly totals: Pick<StatRow, 'byClass' | 'byCause' | 'stalled'>;
}

/** One series of rates, newest last. */
export interface Series {
  readonly values: readonly number[];
  readonly current: number;
  readonly peak: number;
}

export interface Rates {
  /** Faults per second, in the order of CLASS_NAMES. */
  readonly ofClass: readonly Series[];
  /** Faults per second now, in the order of CAUSE_NAMES. */
  readonly ofCause: readonly number[];
  /** Threads that stood in faults, on average. */
  readonly stallShare: Series;
  /** When each value was taken, ns since the session's start, as many as values. */
  readonly times: readonly number[];
  /** Values there have been. */
  readonly count: number;
}

/**
 * Rates over the time between two refreshes, for the header and its graphs. Zeroed counters give
 * no rate rather than a wrong one.
 */
export class RateHistory {
  private before: {
    readonly now: number;
    readonly byClass: readonly number[];
    readonly byCause: readonly number[];
  } | null = null;
  private ofCause: readonly number[] = [];
  private readonly classes: number[][] = Array.from({ length: CLASS_COUNT }, () => []);
  private readonly stall: number[] = [];
  private readonly times: number[] = [];
  private count = 0;

  push(snapshot: RateSample): void {
    const { byClass, byCause, stalled } = snapshot.totals;
    const { before } = this;
    this.before = { now: snapshot.now, byClass, byCause: [...byCause] };
    this.ofCause = byCause.map(() => 0);
    if (before === null) return;
    if (!(snapshot.now > before.now)) {
      // Capture has ended: time stands still and nothing happens any more.
      for (const series of [...this.classes, this.stall]) append(series, 0);
      this.timed(snapshot.now);
      return;
    }
    const seconds = (snapshot.now - before.now) / 1e9;
    const restarted = byClass.some((n, cls) => n < before.byClass[cls]!);
    if (restarted) return;
    this.classes.forEach((series, cls) => {
      append(series, (byClass[cls]! - before.byClass[cls]!) / seconds);
    });
    this.ofCause = byCause.map((n, cause) => (n - before.byCause[cause]!) / seconds);
    append(this.stall, stalled);
    this.timed(snapshot.now);
  }

  private timed(now: number): void {
    append(this.times, now);
    this.count++;
  }

  /** Counters were set to zero: rates and peaks begin anew. */
  restart(): void {
    this.before = null;
    for (const values of [...this.classes, this.stall, this.times]) values.length = 0;
    this.count = 0;
  }

  /** The series as they are now, copied: a frozen screen must not move. */
  rates(): Rates {
    return {
      ofClass: this.classes.map(series),
      ofCause: this.ofCause,
      stallShare: series(this.stall),
      times: [...this.times],
      count: this.count,
    };
  }
}

function append(values: number[], value: number): void {
  values.push(value);
  if (values.length > LENGTH) values.shift();
}

function series(values: readonly number[]): Series {
  return {
    values: [...values],
    current: values.at(-1) ?? 0,
    peak: values.reduce((most, value) => Math.max(most, value), 0),
  };
}
