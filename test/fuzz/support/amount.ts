/** Everything is asked for (npm run trials), not the share that every run of the tests has. */
export const ALL = (process.env.TRIALS ?? process.env.STRESSORS) === 'all';

/** Where the mutations begin: another place in every run, and printed where it matters. */
export const SEED = Number(process.env.TRIALS_SEED ?? Date.now() % 1e6);

/** Mutations of one kind. */
export function amount(share: number): number {
  return ALL ? 1_000_000 : share;
}

/** Of what a trial measures: shown where it was asked for. */
export function tell(line: string): void {
  if (ALL) process.stdout.write(`${line}\n`);
}
