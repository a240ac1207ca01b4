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
  /** MINOR and COW faults that there were; and what it costs that one is counted, ns. */
  readonly faults: number;
  readonly eachNs: number;
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

/** One minor fault in `every` is captured, on average, in windows of `windowNs` in every `cycleNs`; 0: always. */
export interface Sampling {
  readonly every: number;
  readonly windowNs: number;
  readonly cycleNs: number;
}

/** Faults that one stands for, as a rule. */
export function standsFor({ every, windowNs, cycleNs }: Sampling): number {
  return windowNs === 0 ? every : Math.round((every * cycleNs) / windowNs);
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
/** Of what there is for capture that much must be left over by counting, else there are windows; and to leave them. */
const LEAVE_OVER = 0.15;
const LEAVE_WINDOWS = 0.5;
/**
 * In windows one in so many: what captures one costs some times what counts one, so that most of it goes into longer windows,
 * which meet more of what a target does.
 */
const IN_WINDOWS = 8;
/** A longer one would miss what a target does for a second; more of them would cost more than what is captured in them, ns. */
const CYCLE = 250e6;
const LONGEST_CYCLE = 1e9;
/** Opening and closing one takes half a millisecond. */
const SHORTEST = 2e6;
const MOST_DUTY = 0.8;
/**
 * A storm that is counted pays a quarter of its time for it. With less of a budget the beginning is in windows, of a share of the time that
 * is as large.
 */
const BEGIN_IN_WINDOWS = 0.1;
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

/**
 * Before anything was measured. `begun`: the target runs already; of one that is started now the beginning is to be seen, and may be all
 * there is.
 */
export function firstSampling(share: number, begun: boolean): Sampling {
  if (begun && share < BEGIN_IN_WINDOWS) return inWindows(share);
  return always(Math.min(EVERY_MAX, Math.max(1, Math.round(FIRST_SHARE / share))));
}

export class BudgetController {
  sampling: Sampling;
  private readonly recent: Sums = { base: 0, all: 0, counting: 0, own: 0 };
  private readonly total: Sums = { base: 0, all: 0, counting: 0, own: 0 };
  /** What there was since the sampling was judged last; null: nothing. */
  private since: Spent | null = null;

  /** `share` from 0 to 1. */
  constructor(
    private readonly share: number,
    begun = false,
  ) {
    this.sampling = firstSampling(share, begun);
  }

  step(spent: Spent): void {
    const { countingNs, recordNs, baseNs, ownNs } = spent;
    const all = countingNs + recordNs + ownNs;
    const sums = { base: baseNs, all, counting: countingNs, own: ownNs };
    add(this.total, sums, 1);
    if (baseNs < AWAKE * spent.elapsedNs) return;
    add(this.recent, sums, 1 - LATEST);
    const since = this.since === null ? spent : together(this.since, spent);
    const { every, windowNs, cycleNs } = this.sampling;
    // Between two windows nothing says what one costs.
    if (windowNs > 0 && since.elapsedNs < cycleNs) {
      this.since = since;
      return;
    }
    this.since = null;
    this.sampling = windowNs === 0 ? this.judged(since, every) : this.judgedInWindows(since);
  }

  /** What there is for counting and for what is captured, ns. */
  private room({ baseNs, ownNs, captured }: Spent): number {
    const allowed = this.share * baseNs;
    return Math.max(allowed - (ownNs - ownOf({ ownNs, captured })), AT_LEAST * allowed);
  }

  private judged(spent: Spent, every: number): Sampling {
    const room = this.room(spent);
    const left = room - spent.countingNs;
    const captured = spent.recordNs + ownOf(spent);
    if (left >= LEAVE_OVER * room) {
      const next = nextEvery(every, captured / left);
      return next === every ? this.sampling : always(next);
    }
    const each = spent.captured === 0 ? OWN_EACH : captured / spent.captured;
    return inWindows(room / (spent.faults * (spent.eachNs + each / IN_WINDOWS)));
  }

  private judgedInWindows(spent: Spent): Sampling {
    const { windowNs, cycleNs } = this.sampling;
    const room = this.room(spent);
    const captured = spent.recordNs + ownOf(spent);
    const left = room - spent.faults * spent.eachNs;
    if (left > LEAVE_WINDOWS * room) {
      const each = spent.captured === 0 ? OWN_EACH : captured / spent.captured;
      return always(Math.max(1, Math.min(EVERY_MAX, Math.ceil((spent.faults * each) / left))));
    }
    const ratio = room / Math.max(spent.countingNs + captured, room / RISE);
    if (Math.abs(ratio - 1) <= BAND) return this.sampling;
    return inWindows((windowNs / cycleNs) * Math.min(2, Math.max(1 / FALL, ratio)));
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

function always(every: number): Sampling {
  return { every, windowNs: 0, cycleNs: 0 };
}

/** For that share of the time. Where they would be too short there are fewer. */
function inWindows(wanted: number): Sampling {
  const duty = Math.min(MOST_DUTY, Math.max(SHORTEST / LONGEST_CYCLE, wanted));
  const cycleNs = Math.round(Math.max(CYCLE, SHORTEST / duty));
  return { every: IN_WINDOWS, windowNs: Math.round(duty * cycleNs), cycleNs };
}

/** What the analyzer needs for those that were captured. */
function ownOf({ ownNs, captured }: Pick<Spent, 'ownNs' | 'captured'>): number {
  return Math.min(ownNs, captured * OWN_EACH);
}

function together(a: Spent, b: Spent): Spent {
  return {
    elapsedNs: a.elapsedNs + b.elapsedNs,
    baseNs: a.baseNs + b.baseNs,
    countingNs: a.countingNs + b.countingNs,
    recordNs: a.recordNs + b.recordNs,
    faults: a.faults + b.faults,
    eachNs: b.eachNs,
    captured: a.captured + b.captured,
    ownNs: a.ownNs + b.ownNs,
  };
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
