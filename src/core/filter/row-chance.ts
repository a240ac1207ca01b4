import type { Relation } from './row-relations';
import type { StatRow } from '../snapshot/snapshot';

/**
 * A row stands for many faults, so a filter is asked of it in two bits: CAN some fault of the row
 * match, and CAN some fault of it fail? `not` swaps them. A row is shown when some fault can match;
 * its numbers are those of the matching faults only where none can fail.
 */
export type Chance = number;
export const MATCH = 1;
export const FAIL = 2;
export const NO: Chance = FAIL;
export const MAYBE: Chance = MATCH | FAIL;

export type Judge<Row> = (row: Row) => Chance;

export function exactly(matches: boolean): Chance {
  return matches ? MATCH : NO;
}

/** Judged by the rows that a row's faults are in; `rest` judges the faults of which that is not known. */
export function via<Row, Other>(
  relationOf: (row: Row) => Relation<Other>,
  judgeOther: Judge<Other>,
  rest: Judge<Row>,
): Judge<Row> {
  return (row) => {
    const { rows, unknown } = relationOf(row);
    let chance = 0;
    for (const related of rows) chance |= judgeOther(related.row);
    if (unknown > 0) chance |= rest(row);
    return chance === 0 ? NO : chance;
  };
}

/** Of faults of some process (pid 0: of any) that are in some row: can it be one that matches? */
export function someOf<Other extends { readonly pid: number }>(
  rows: readonly Other[],
  judgeOther: Judge<Other>,
): Judge<{ readonly pid: number }> {
  let pids: Set<number> | null = null;
  return ({ pid }) => {
    pids ??= new Set(rows.filter((row) => (judgeOther(row) & MATCH) !== 0).map((row) => row.pid));
    const matches = pid === 0 ? pids.size > 0 : pids.has(pid) || pids.has(0);
    return matches ? MAYBE : NO;
  };
}

/** One row is asked about for many others. */
export function remembered<Row extends StatRow>(judgeRow: Judge<Row>): Judge<Row> {
  const chances = new Map<number, Chance>();
  return (row) => {
    let chance = chances.get(row.id);
    if (chance === undefined) {
      chance = judgeRow(row);
      chances.set(row.id, chance);
    }
    return chance;
  };
}
