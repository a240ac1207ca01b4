/** Ranges that are told apart; before the oldest everything may have been otherwise. */
const KEPT = 32;

/** Which pages of an address space began to show something else, and when: of the last time. */
export class Forgotten {
  private readonly ranges: { start: number; end: number; time: number }[] = [];
  private oldest = 0;

  /** `from`: session time (ns) since which this is known. */
  constructor(private from: number) {}

  /** Pages start to end (exclusive) show something else, or nothing, since `time` (ns). */
  note(start: number, end: number, time: number): void {
    if (this.ranges.length < KEPT) {
      this.ranges.push({ start, end, time });
      return;
    }
    const range = this.ranges[this.oldest]!;
    this.oldest = (this.oldest + 1) % KEPT;
    this.from = Math.max(this.from, range.time);
    Object.assign(range, { start, end, time });
  }

  /** Whether a page showed at that time what it shows now, for certain. */
  held(page: number, time: number): boolean {
    if (time < this.from) return false;
    return !this.ranges.some(
      (range) => range.start <= page && page < range.end && range.time > time,
    );
  }
}
