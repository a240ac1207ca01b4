import { estimate } from '../../core/text/format';

/** Faults by class and what was lost: the numbers of the `Summary:` line. */
export interface SummaryCounts {
  readonly major: number;
  readonly minor: number;
  readonly cow: number;
  readonly error: number;
  readonly lost: number;
}

/**
 * `Summary: major=12 minor=542 cow=3`; error= and lost= only when they are not 0. Where faults are sampled, `minor=~542
 * cow=~3`: their sum is exact. No newline.
 */
export function summaryLine(counts: SummaryCounts, sampled = false): string {
  const about = (n: number): string => (sampled ? estimate(String(n)) : String(n));
  let line = `Summary: major=${counts.major} minor=${about(counts.minor)} cow=${about(counts.cow)}`;
  if (counts.error !== 0) line += ` error=${counts.error}`;
  if (counts.lost !== 0) line += ` lost=${counts.lost}`;
  return line;
}
