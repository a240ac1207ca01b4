/** Longer faults have waited for something: by chance few of them would outweigh all others, ns. */
const PLAIN_NS = 1_000_000;
/** So many of both, and their means are told apart. */
const ENOUGH = 400;

/**
 * How much longer a fault takes of which a stack is taken: it is taken between the begin of the fault and its end. Known by
 * faults with a stack and without, which are of the same mix.
 */
export class StackCost {
  /** Faults without a stack and with one, and ns of them. */
  private readonly count = new Float64Array(2);
  private readonly sum = new Float64Array(2);

  /** `latency`: below 0 where it is not known. */
  add(latency: number, sampled: boolean): void {
    if (latency <= 0 || latency >= PLAIN_NS) return;
    const of = sampled ? 1 : 0;
    this.count[of]! += 1;
    this.sum[of]! += latency;
  }

  /** The stack of a fault that was added without one has come. */
  move(latency: number): void {
    if (latency <= 0 || latency >= PLAIN_NS) return;
    this.count[0]! -= 1;
    this.sum[0]! -= latency;
    this.add(latency, true);
  }

  /** ns; 0 where it is not known, or all have one. */
  get eachNs(): number {
    const { count, sum } = this;
    if (count[0]! < ENOUGH || count[1]! < ENOUGH) return 0;
    return Math.max(0, sum[1]! / count[1]! - sum[0]! / count[0]!);
  }

  zero(): void {
    this.count.fill(0);
    this.sum.fill(0);
  }
}
