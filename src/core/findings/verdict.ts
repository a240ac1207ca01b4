import type { Snapshot } from '../snapshot/snapshot';
import { IN_ALL, NOW } from './evidence';
import type { Weight } from './evidence';
import { firstFinding } from './findings';
import type { Dominant } from './findings';
import { LEAST_SHARE } from './rules';

/** Whether faults are a problem, the least first. */
export const LEVELS = ['fine', 'look', 'problem'] as const;
export type Level = (typeof LEVELS)[number];

/** From these shares on of a thread's time, or of the time of all CPUs. */
export const THRESHOLDS: Readonly<Record<Exclude<Level, 'fine'>, number>> = {
  look: LEAST_SHARE,
  problem: 0.1,
};
/** What was said is said until less than this part of its threshold is left: a share near one would flicker. */
const STAYS = 0.8;

/** The answer in one line: is it a problem, what is it, where, whose. */
export interface Verdict {
  readonly level: Level;
  /** Time in faults of all threads together, as a share of one thread's time: now, or since the counters run. */
  readonly share: number;
  /** `share` and `finding` are of the last tick. */
  readonly isNow: boolean;
  readonly finding: Dominant | null;
  /** The share of all the time stalled that the finding has. */
  readonly part: number;
}

const SECOND_NS = 1e9;

/**
 * Judges what happens now; where that is fine, or where capture has ended, what has happened so far. `cpus`:
 * on how many the threads run, so that a thousand threads which wait a little each are not taken for one that
 * waits much. `shown`: what was said last, which the same figures leave later than they would come to it.
 */
export function verdictOf(
  snapshot: Snapshot,
  cpus: number,
  ended: boolean,
  shown: Verdict | null = null,
): Verdict {
  const { totals, threads, elapsed } = snapshot;
  let worstNow = 0;
  let worst = 0;
  for (const { stalled, stallShare, tid } of threads) {
    if (tid === 0) continue;
    worstNow = Math.max(worstNow, stalled);
    worst = Math.max(worst, stallShare);
  }
  const now = levelOf(Math.max(worstNow, totals.stalled / cpus), saidOf(shown, true));
  const inAll = levelOf(Math.max(worst, totals.stallShare / cpus), saidOf(shown, false));
  if (!ended && now !== 'fine') return judged(snapshot, now, NOW, SECOND_NS, true, shown);
  // What is over is no problem any more, but it is to be known of.
  const level = ended ? inAll : 'fine';
  if (inAll !== 'fine') return judged(snapshot, level, IN_ALL, elapsed, false, shown);
  return { level: 'fine', share: totals.stallShare, isNow: false, finding: null, part: 0 };
}

/** What a verdict says of now, or of all that has been. What is over is named under `fine`. */
function saidOf(shown: Verdict | null, isNow: boolean): Level {
  if (shown === null || shown.isNow !== isNow) return 'fine';
  return shown.level === 'fine' && shown.finding !== null ? 'look' : shown.level;
}

function levelOf(share: number, said: Level): Level {
  const reaches = (level: Exclude<Level, 'fine'>): boolean => {
    const stays = LEVELS.indexOf(said) >= LEVELS.indexOf(level);
    return share >= THRESHOLDS[level] * (stays ? STAYS : 1);
  };
  if (reaches('problem')) return 'problem';
  return reaches('look') ? 'look' : 'fine';
}

function judged(
  snapshot: Snapshot,
  level: Level,
  weight: Weight,
  elapsed: number,
  isNow: boolean,
  shown: Verdict | null,
): Verdict {
  const stays = shown?.isNow === isNow && shown.finding !== null;
  const finding = firstFinding(snapshot, weight, elapsed, stays ? STAYS : 1);
  const all = weight(snapshot.totals);
  return {
    level,
    share: all / elapsed,
    isNow,
    finding,
    part: finding === null || all === 0 ? 0 : Math.min(1, finding.figures.stallNs / all),
  };
}

/** For how long a verdict stands, ns: one that changes with every look cannot be read. */
const STANDS_NS = 3e9;

/** Keeps a verdict readable: a worse one takes its place at once, another one after a while. */
export class StandingVerdict {
  private shown: Verdict | null = null;
  private since = 0;

  /** The last one; null for none. */
  get last(): Verdict | null {
    return this.shown;
  }

  next(verdict: Verdict, now: number): Verdict {
    const { shown } = this;
    const same =
      shown !== null && shown.level === verdict.level && titleOf(shown) === titleOf(verdict);
    const worse = shown !== null && LEVELS.indexOf(verdict.level) > LEVELS.indexOf(shown.level);
    if (shown !== null && !same && !worse && now - this.since < STANDS_NS && now >= this.since) {
      return shown;
    }
    this.shown = verdict;
    this.since = now;
    return verdict;
  }

  /** The counters were set to zero. */
  restart(): void {
    this.shown = null;
  }
}

/** What makes one verdict another: figures may move. */
function titleOf({ finding, isNow }: Verdict): string {
  if (finding === null) return '';
  return [isNow, finding.id, finding.regions[0], finding.processes[0]].join('\0');
}
