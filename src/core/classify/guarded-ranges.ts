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
  private readonly ranges: GuardedRange[];

  /** `ranges` ascending and disjoint, and not too many: forgetting one moves all behind it; `asOf` session time (ns) before they were read. */
  constructor(
    ranges: readonly GuardedRange[],
    readonly asOf: number,
  ) {
    this.ranges = [...ranges];
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
    let to = from;
    while (to < ranges.length && ranges[to]!.start < end) to++;
    if (to === from) return;
    const [first, last] = [ranges[from]!, ranges[to - 1]!];
    const rest: GuardedRange[] = [];
    if (first.start < start) rest.push({ ...first, end: start });
    if (last.end > end) rest.push({ ...last, start: end });
    ranges.splice(from, to - from, ...rest);
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
