/**
 * How many faults may be captured, so that capture costs no more than a share of CPU time. Fed some times a second with
 * what was measured since the last step.
 */

/** What was spent between two steps. Times are CPU time in ns, but for the first one. */
export interface Spent {
  readonly elapsedNs: number;
  /** What the share is of: the CPU time of the targets, or of the machine. */
  readonly baseNs: number;
  /** Of the targets: what it takes to count each fault, and in addition what records take. */
  readonly countingNs: number;
  readonly recordNs: number;
  /** Faults that have records. */
  readonly captured: number;
  /** Of all processes of the analyzer. */
  readonly ownNs: number;
}

/** What capture costs, as shares of that CPU time; NaN where nothing was measured. */
export interface Cost {
  readonly all: number;
  /** Of it that faults are counted, and the processes of the analyzer. */
  readonly counting: number;
  readonly own: number;
}

/** A longer distance finds no fault of most programs. */
const EVERY_MAX = 1_000_000;
/** Before anything is known as many are captured as would cost little in the storm of a program that does nothing else. */
const FIRST_SHARE = 0.1;
/** What a step changes at most: a load that is there for one step only must not find the distance of an idle one. */
const RISE = 16;
const FALL = 4;
/** A distance that is right within this is left. */
const BAND = 0.1;
/**
 * What the analyzer needs for one that was captured at most, ns; the rest of its time it needs anyway. Where it needs less
 * or up to twice as much, the distance is right all the same, a few steps later.
 */
const OWN_EACH = 3000;
/** Where all that is allowed is needed anyway, capture has this share of it nevertheless. */
const AT_LEAST = 0.3;
/** A target that sleeps says nothing of how it is when it wakes: that much CPU time makes a step, as a share of the time. */
const AWAKE = 0.01;
/** How much is over the budget before it is called not met: what is measured in one second is not that of the next. */
const TOLERANCE = 0.1;
/** Share of the latest step in what is told of now. */
const LATEST = 0.25;

/** CPU time by what it was for, ns. */
interface Sums {
  base: number;
  all: number;
  counting: number;
  own: number;
}

/** The distance before anything was measured. */
export function firstEvery(share: number): number {
  return Math.min(EVERY_MAX, Math.max(1, Math.round(FIRST_SHARE / share)));
}

export class BudgetController {
  /** One minor fault in so many is captured, on average. */
  every: number;
  private readonly recent: Sums = { base: 0, all: 0, counting: 0, own: 0 };
  private readonly total: Sums = { base: 0, all: 0, counting: 0, own: 0 };

  /** `share` from 0 to 1. */
  constructor(private readonly share: number) {
    this.every = firstEvery(share);
  }

  step(spent: Spent): void {
    const { countingNs, recordNs, captured, baseNs, ownNs } = spent;
    const all = countingNs + recordNs + ownNs;
    const sums = { base: baseNs, all, counting: countingNs, own: ownNs };
    add(this.total, sums, 1);
    if (baseNs < AWAKE * spent.elapsedNs) return;
    add(this.recent, sums, 1 - LATEST);
    const allowed = this.share * baseNs;
    const each = recordNs + Math.min(ownNs, captured * OWN_EACH);
    const room = Math.max(allowed - (all - each), AT_LEAST * allowed);
    this.every = nextEvery(this.every, each / room);
  }

  /** Of about the last second. */
  costNow(): Cost {
    return costOf(this.recent);
  }

  /** Since the start. */
  costInAll(): Cost {
    return costOf(this.total);
  }

  /** Whether that much is within the budget, or as good as. */
  meets({ all }: Cost): boolean {
    return !(all > this.share * (1 + TOLERANCE));
  }
}

function add(sums: Sums, more: Sums, kept: number): void {
  sums.base = sums.base * kept + more.base;
  sums.all = sums.all * kept + more.all;
  sums.counting = sums.counting * kept + more.counting;
  sums.own = sums.own * kept + more.own;
}

/** NaN where nothing was measured. */
function costOf({ base, all, counting, own }: Sums): Cost {
  return { all: all / base, counting: counting / base, own: own / base };
}

/** Rounded up: one in 1 where there is room for one in 1.3 would be too many. */
function nextEvery(every: number, ratio: number): number {
  if (Math.abs(ratio - 1) <= BAND) return every;
  const next = every * Math.min(RISE, Math.max(1 / FALL, ratio));
  return Math.min(EVERY_MAX, Math.max(1, Math.ceil(next)));
}
