/** Faults by class and what was lost: the numbers of the `Summary:` line. */
export interface SummaryCounts {
  readonly major: number;
  readonly minor: number;
  readonly cow: number;
  readonly error: number;
  readonly lost: number;
}

/** `Summary: major=12 minor=542 cow=3`; error= and lost= only when they are not 0. No newline. */
export function summaryLine(counts: SummaryCounts): string {
  let line = `Summary: major=${counts.major} minor=${counts.minor} cow=${counts.cow}`;
  if (counts.error !== 0) line += ` error=${counts.error}`;
  if (counts.lost !== 0) line += ` lost=${counts.lost}`;
  return line;
}
