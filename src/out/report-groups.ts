import { REGION_COLUMNS } from '../core/columns';
import type { Column } from '../core/columns';
import type { RegionRow } from '../core/snapshot';

/** A region, or the same region of several processes of one name. */
export interface GroupedRegion extends RegionRow {
  readonly processes: number;
}

/** The columns of regions for groups: how many processes where there is no one pid to name. */
export const GROUP_COLUMNS: readonly Column<GroupedRegion>[] = REGION_COLUMNS.map((column) =>
  column.id === 'pid'
    ? {
        ...column,
        format: (row) => (row.processes > 1 ? `${row.processes} procs` : column.format(row)),
      }
    : column,
);

/**
 * Regions of several processes: the same region of processes of one name is one row. A build runs the
 * compiler a thousand times, and its heaps, one by one, are a thousand rows of next to nothing at the end
 * of a table. Regions of one process stay apart, also those of one label.
 */
export function groupRegions(rows: readonly RegionRow[]): GroupedRegion[] {
  const groups = new Map<string, RegionRow[]>();
  for (const row of rows) {
    const key = `${row.comm}\n${row.kind}\n${row.permissions}\n${row.label}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap((group) => {
    const pids = new Set(group.map((row) => row.pid));
    return pids.size > 1
      ? [merged(group, pids.size)]
      : group.map((row) => ({ ...row, processes: 1 }));
  });
}

function merged(group: readonly RegionRow[], processes: number): GroupedRegion {
  const first = group[0]!;
  const sum = (value: (row: RegionRow) => number): number =>
    group.reduce((total, row) => total + value(row), 0);
  const sums = (values: (row: RegionRow) => readonly number[]): number[] =>
    values(first).map((_, k) => sum((row) => values(row)[k]!));
  return {
    ...first,
    processes,
    pid: 0,
    // Each process has it somewhere else.
    startPage: 0,
    endPage: 0,
    size: sum((row) => row.size),
    faults: sum((row) => row.faults),
    byClass: sums((row) => row.byClass),
    byCause: sums((row) => row.byCause),
    uniquePages: sum((row) => row.uniquePages),
    refaults: sum((row) => row.refaults),
    stallNs: sum((row) => row.stallNs),
    stallShare: sum((row) => row.stallShare),
    stalled: sum((row) => row.stalled),
    rate: sum((row) => row.rate),
    maxNs: group.reduce((max, row) => Math.max(max, row.maxNs), 0),
    // Percentiles of parts do not make those of the whole.
    p50Ns: NaN,
    p90Ns: NaN,
    p99Ns: NaN,
    history: [],
    lastTime: group.reduce((last, row) => Math.max(last, row.lastTime), 0),
  };
}
