/** Pages start to end (exclusive). Never changed: what is cut becomes another. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

/** Ranges of pages that do not overlap, in their order. Not too many: to change one moves all behind it. */
export class PageRanges<T extends PageRange> {
  private readonly ranges: T[];

  /** `ranges` ascending and disjoint. */
  constructor(ranges: readonly T[] = []) {
    this.ranges = [...ranges];
  }

  get size(): number {
    return this.ranges.length;
  }

  copy(): PageRanges<T> {
    return new PageRanges(this.ranges);
  }

  at(page: number): T | undefined {
    const range = this.ranges[this.firstEndingAfter(page)];
    return range !== undefined && range.start <= page ? range : undefined;
  }

  /** Those that have a page in start to end (exclusive), whole. */
  within(start: number, end: number): readonly T[] {
    const from = this.firstEndingAfter(start);
    return this.ranges.slice(from, this.firstFrom(from, end));
  }

  /** Takes out pages start to end (exclusive); `instead` lies there from now on, and nowhere else. */
  cut(start: number, end: number, instead: readonly T[] = []): void {
    const { ranges } = this;
    const from = this.firstEndingAfter(start);
    const to = this.firstFrom(from, end);
    const rest = [...instead];
    const [first, last] = [ranges[from], ranges[to - 1]];
    if (to > from && first!.start < start) rest.unshift({ ...first!, end: start });
    if (to > from && last!.end > end) rest.push({ ...last!, start: end });
    if (to > from || rest.length > 0) ranges.splice(from, to - from, ...rest);
  }

  clear(): void {
    this.ranges.length = 0;
  }

  private firstFrom(from: number, page: number): number {
    const { ranges } = this;
    let at = from;
    while (at < ranges.length && ranges[at]!.start < page) at++;
    return at;
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
