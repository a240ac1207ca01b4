import { PageRanges } from './page-ranges';
import type { PageRange } from './page-ranges';
import { Guard } from './rules';

/** Pages that are registered with userfaultfd. */
export interface GuardedRange extends PageRange {
  /** Bits of Guard. */
  readonly guard: number;
}

/** What of an address space is registered with userfaultfd, as of one look at it. */
export class GuardedRanges {
  private readonly ranges: PageRanges<GuardedRange>;

  /** `ranges` ascending and disjoint, and not too many: forgetting one moves all behind it; `asOf` session time (ns) before they were read. */
  constructor(
    ranges: readonly GuardedRange[],
    readonly asOf: number,
    /** The process itself holds a userfaultfd. */
    readonly bySelf = false,
  ) {
    this.ranges = new PageRanges(ranges);
  }

  get isEmpty(): boolean {
    return this.ranges.size === 0;
  }

  get all(): readonly GuardedRange[] {
    return this.ranges.within(0, Infinity);
  }

  /** Bits of Guard for a page. */
  at(page: number): number {
    return this.ranges.at(page)?.guard ?? Guard.NONE;
  }

  /**
   * Pages start to end (exclusive) have another mapping, or none, since `time`: with the mapping its
   * registration went. What happened before the look is in it already.
   */
  forget(start: number, end: number, time: number): void {
    if (time >= this.asOf) this.ranges.cut(start, end);
  }
}
