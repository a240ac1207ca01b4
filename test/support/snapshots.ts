import type { Snapshot, StatRow } from '../../src/core/snapshot/snapshot';

/** Faults of all rows. */
export const sum = (rows: readonly StatRow[]): number => rows.reduce((n, r) => n + r.faults, 0);

/** Every table has each fault once. */
export const expectExact = (snapshot: Snapshot, faults: number): void => {
  expect(snapshot.totals.faults).toBe(faults);
  expect(sum(snapshot.regions)).toBe(faults);
  expect(sum(snapshot.threads)).toBe(faults);
  expect(sum(snapshot.processes)).toBe(faults);
};
