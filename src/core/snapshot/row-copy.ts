import { mergeCounted } from '../stats/cells';
import type { SharedRow, StatRow } from './snapshot';

/** A row that can be changed. It has no history. */
export function copyOf<Row extends StatRow & SharedRow>(row: Row): Row {
  const { faults, refaults, members, sumsUp, p50Ns, p90Ns, p99Ns, stallShare } = row;
  const addLatencies = (counts: Float64Array): number => row.addLatencies(counts);
  const past = { history: [], addHistory: () => 0 };
  const derived = { faults, refaults, p50Ns, p90Ns, p99Ns, stallShare, ...past, addLatencies };
  return { ...row, ...mergeCounted([row]), ...derived, members, sumsUp };
}
