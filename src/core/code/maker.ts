import { StackTable } from './stack-table';

/** Rows that wait for one maker: a fork has the mappings of its parent. */
const MAX_WAITING = 64;

/** Who has mapped pages: a call stack, which may come later than the pages are asked for. */
export class Maker {
  private waiting: ((stack: number) => void)[] = [];

  /** Number of its stack, where that is known; StackTable.NONE for nobody. */
  constructor(private stack: number | null = null) {}

  /** Its stack has become known, or will never be. */
  settle(stack: number): void {
    this.stack = stack;
    for (const take of this.waiting.splice(0)) this.tell(take);
  }

  /** Calls back with the number of its stack, now or later; never, where nobody knows it. */
  whenKnown(take: (stack: number) => void): void {
    if (this.stack !== null) this.tell(take);
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(take);
  }

  private tell(take: (stack: number) => void): void {
    const { stack } = this;
    if (stack !== null && stack !== StackTable.NONE && stack !== StackTable.OTHERS) take(stack);
  }
}
