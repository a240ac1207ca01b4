import { REGION_COLUMNS } from '../../core/columns/row-columns';
import { text } from '../../core/columns/column';
import type { Column } from '../../core/columns/column';
import { sharedLabel } from '../../core/regions/region-label';
import { innermost } from '../../core/columns/stack-lines';
import { mergedPercentiles } from '../../core/snapshot/groups';
import type { RegionRow, Snapshot } from '../../core/snapshot/snapshot';
import { mergeCounted } from '../../core/stats/cells';

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

/** Stacks of threads that are shown one by one; of more, a row for all of a process says more. */
const MAX_STACKS = 16;

/** Where there are many, the stacks of a process's threads in one row: `[stack] x4096`. */
export function groupStacks(rows: readonly RegionRow[]): RegionRow[] {
  const stacks = new Map<number, RegionRow[]>();
  const others: RegionRow[] = [];
  for (const row of rows) {
    const isStack = row.kind === 'stack' && sharedLabel(row.label) !== row.label;
    if (!isStack) others.push(row);
    else stacks.set(row.pid, [...(stacks.get(row.pid) ?? []), row]);
  }
  for (const group of stacks.values()) {
    if (group.length <= MAX_STACKS) others.push(...group);
    else {
      const members = group.reduce((n, row) => n + row.members, 0);
      const { pid, label } = group[0]!;
      const sumsUp = 'stacks of threads, one by one in the JSON report';
      others.push({ ...merged(group, 1), pid, label: sharedLabel(label), members, sumsUp });
    }
  }
  return others;
}

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
    const pids = new Set(group.map((row) => row.pid).filter((pid) => pid !== 0));
    const shared = group.filter((row) => row.pid === 0);
    const processes = shared.reduce((n, row) => n + row.members, pids.size);
    return processes > 1 && group.length > 1
      ? [merged(group, processes)]
      : group.map((row) => ({ ...row, processes: 1 }));
  });
}

function merged(group: readonly RegionRow[], processes: number): GroupedRegion {
  const first = group[0]!;
  const counted = mergeCounted(group);
  const addLatencies = (counts: Float64Array): number =>
    group.reduce((timed, row) => timed + row.addLatencies(counts), 0);
  const [p50Ns, p90Ns, p99Ns] = mergedPercentiles(addLatencies, counted.maxNs);
  const sum = (value: (row: RegionRow) => number): number =>
    group.reduce((total, row) => total + value(row), 0);
  return {
    ...first,
    ...counted,
    processes,
    members: 1,
    pid: 0,
    // Each process has it somewhere else.
    startPage: 0,
    endPage: 0,
    size: sum((row) => row.size),
    faults: sum((row) => row.faults),
    refaults: sum((row) => row.refaults),
    stallShare: sum((row) => row.stallShare),
    p50Ns: p50Ns!,
    p90Ns: p90Ns!,
    p99Ns: p99Ns!,
    history: [],
    addLatencies,
  };
}

/** Characters of the column of who made a mapping. */
const MAKER_WIDTH = 56;

/** Who mapped most of a region; nothing of the regions of several processes. */
export function makerColumn({
  mappedBy,
}: Pick<Snapshot, 'mappedBy'>): Column<RegionRow & { readonly processes?: number }> {
  const maker = (row: RegionRow & { readonly processes?: number }): string =>
    (row.processes ?? 1) > 1 ? '' : innermost(mappedBy(row.id), MAKER_WIDTH);
  const doc = 'who mapped most of it: the innermost functions of the call stack';
  return text('mapped_by', 'MAPPED BY', MAKER_WIDTH, 0, maker, doc);
}
