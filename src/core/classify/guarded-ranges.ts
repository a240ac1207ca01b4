import { Guard } from './rules';

/** Pages start to end (exclusive) that are registered with userfaultfd. */
export interface GuardedRange {
  readonly start: number;
  readonly end: number;
  /** Bits of Guard. */
  readonly guard: number;
}

/** What of an address space is registered with userfaultfd, as of one look at it. */
export class GuardedRanges {
  private ranges: readonly GuardedRange[];

  /** `ranges` ascending and disjoint; `asOf` session time (ns) before they were read. */
  constructor(
    ranges: readonly GuardedRange[],
    readonly asOf: number,
  ) {
    this.ranges = ranges;
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /** Bits of Guard for a page. */
  at(page: number): number {
    const { ranges } = this;
    const i = this.firstEndingAfter(page);
    return i < ranges.length && ranges[i]!.start <= page ? ranges[i]!.guard : Guard.NONE;
  }

  /**
   * Pages start to end (exclusive) have another mapping, or none, since `time`: with the mapping its
   * registration went. What happened before the look is in it already.
   */
  forget(start: number, end: number, time: number): void {
    const { ranges } = this;
    if (time < this.asOf) return;
    const from = this.firstEndingAfter(start);
    if (from === ranges.length || ranges[from]!.start >= end) return;
    this.ranges = ranges.flatMap((range) => {
      if (range.end <= start || range.start >= end) return [range];
      return [
        ...(range.start < start ? [{ ...range, end: start }] : []),
        ...(range.end > end ? [{ ...range, start: end }] : []),
      ];
    });
  }

  private firstEndingAfter(page: number): number {
    const { ranges } = this;
    let from = 0;
    let to = ranges.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (ranges[middle]!.end <= page) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
