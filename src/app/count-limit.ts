import type { FaultTest } from '../core/filter/fault-test';

/**
 * -n: faults beyond the limit are kept out like those a filter drops, so that stream, summary and report
 * all end with the same fault, in the middle of a batch too.
 */
export class CountLimit {
  /** What lets a fault through, null where everything passes. To be asked once per fault, in order. */
  readonly test: FaultTest | null;
  private left: number;

  /** `count` is null for no limit; faults that `inner` drops do not count. */
  constructor(count: number | null, inner: FaultTest | null) {
    this.left = count ?? Infinity;
    this.test =
      count === null
        ? inner
        : (batch, resolved, i) => {
            if (this.left === 0 || (inner !== null && !inner(batch, resolved, i))) return false;
            this.left -= 1;
            return true;
          };
  }

  get reached(): boolean {
    return this.left === 0;
  }
}
