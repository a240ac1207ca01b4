/**
 * Draws a fair sample of fixed size from a stream of unknown length: every item has the same chance.
 * After the first `size` items it computes how many to skip (Li's algorithm L, 1994), so that an item
 * that is not taken costs one comparison; drawing a random number per fault would not be affordable.
 */
export class Reservoir {
  seen = 0;
  private next = 0;
  private weight = 1;

  constructor(
    private readonly size: number,
    private readonly random: () => number,
  ) {}

  get kept(): number {
    return Math.min(this.seen, this.size);
  }

  restart(): void {
    this.seen = 0;
    this.next = 0;
    this.weight = 1;
  }

  /** Where the next item goes in the sample (0 to size - 1, replacing what is there), -1: nowhere. */
  offer(): number {
    const item = this.seen++;
    if (item < this.size) {
      if (item === this.size - 1) {
        this.next = item;
        this.skip();
      }
      return item;
    }
    if (item < this.next) return -1;
    this.skip();
    return Math.floor(this.random() * this.size);
  }

  private skip(): void {
    // random() may be 0, whose logarithm is not finite.
    const uniform = (): number => this.random() || Number.MIN_VALUE;
    this.weight *= Math.exp(Math.log(uniform()) / this.size);
    this.next += Math.floor(Math.log(uniform()) / Math.log1p(-this.weight)) + 1;
  }
}
