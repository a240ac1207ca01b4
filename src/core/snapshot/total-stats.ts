import { CAUSE_COUNT, CLASS_COUNT } from '../classify/classes';
import { refaultsOf, share } from './rows';
import type { StatRow } from './snapshot';
import type { Totals } from '../stats/totals';

const QUANTILES = [0.5, 0.9, 0.99] as const;

/** The whole of a run. Made anew for each snapshot. */
export class TotalStats implements StatRow {
  readonly id = 0;
  // Of their full length at once: push() would make room for 17 numbers in each.
  readonly byClass = new Array<number>(CLASS_COUNT).fill(0);
  readonly classRate = new Array<number>(CLASS_COUNT).fill(0);
  readonly byCause = new Array<number>(CAUSE_COUNT).fill(0);
  readonly causeNs = new Array<number>(CAUSE_COUNT).fill(0);
  uniquePages = 0;
  undecided = 0;
  stallNs = 0;
  maxNs = 0;
  lastTime = 0;
  rate = 0;
  stalled = 0;
  readonly faults: number;
  readonly refaults: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly stallShare: number;
  readonly history: readonly number[];

  constructor(total: Totals, elapsed: number) {
    total.read(this);
    this.faults = total.faults;
    this.refaults = refaultsOf(this);
    this.stallShare = share(this.stallNs, elapsed);
    const [p50Ns, p90Ns, p99Ns] = total.allLatencies().quantiles(QUANTILES);
    this.p50Ns = p50Ns!;
    this.p90Ns = p90Ns!;
    this.p99Ns = p99Ns!;
    this.history = [...total.history];
  }
}
