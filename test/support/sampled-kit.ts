import type { Capture } from './analyzer';

/** Of each of two threads. */
export const STORM_FAULTS = 200_000;
export const STORM = [
  ...['--threads', '2', '--faults', String(STORM_FAULTS)],
  ...['--pages', '1024', '--read'],
] as const;

export type TotalsRow = Readonly<Record<string, unknown>>;

export function sumOf(rows: readonly TotalsRow[], field: string): number {
  return rows.reduce((total, row) => total + Number(row[field]), 0);
}

/** Everything that the kernel counts is in the totals of a run that samples, and in what threads and processes have together. */
export function expectExact(
  { report }: Pick<Capture, 'report'>,
  how: Readonly<Record<string, unknown>>,
): void {
  const { completeness, threads, processes, summary, capture } = report;
  expect(completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  const { major, minor, cow, error } = summary;
  expect(major! + minor! + cow!).toBe(completeness.kernel);
  for (const rows of [threads, processes]) {
    expect(sumOf(rows, 'faults')).toBe(completeness.kernel + error!);
    expect(sumOf(rows, 'major')).toBe(major);
  }
  expect(capture).toMatchObject({ engine: 'bpf', ...how });
}
