import { asked, seed } from '../../support/share';

/** Everything is asked for (npm run trials), not the share that every run of the tests has. */
const ALL = asked() === 'all';

/** Where the mutations begin. */
export const SEED = seed();

/** Mutations of one kind: a million are asked for, fewer where each takes long. */
export function amount(share: number, all = 1_000_000): number {
  return ALL ? all : share;
}

/** Of what a trial measures: shown where it was asked for. */
export function tell(line: string): void {
  if (ALL) process.stdout.write(`${line}\n`);
}
