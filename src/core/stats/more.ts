/** Whether what faults stand for is added or taken out, and of which ticks it is: see StatTable.more. */
export interface More {
  readonly sign: 1 | -1;
  readonly past: boolean;
}
