import { countedLabel, REGION_COLUMNS } from '../../core/columns/row-columns';
import { text } from '../../core/columns/column';
import type { Column } from '../../core/columns/column';
import { TITLES } from '../../core/columns/titles';
import { sharedLabel } from '../../core/regions/region-label';
import { innermostMaker } from '../../core/code/stack-names';
import { mergedPercentiles } from '../../core/snapshot/groups';
import { copyOf } from '../../core/snapshot/row-copy';
import type { RegionRow, Snapshot } from '../../core/snapshot/snapshot';
import { mergeCounted } from '../../core/stats/cells';
import { rowsByKey } from './rows-by-key';

/** A region, or the same region of several processes of one name. */
export interface GroupedRegion extends RegionRow {
  readonly processes: number;
}

/** The columns of regions: who mapped them has one of its own. */
export const NAMED_COLUMNS: readonly Column<RegionRow>[] = REGION_COLUMNS.map((column) =>
  column.id === 'label'
    ? { ...column, format: ({ label, members }) => countedLabel(label, members) }
    : column,
);

/** The same for groups: how many processes where there is no one pid to name. */
export const GROUP_COLUMNS: readonly Column<GroupedRegion>[] = NAMED_COLUMNS.map((column) =>
  column.id === 'pid'
    ? {
        ...column,
        format: (row) => (row.processes > 1 ? `${row.processes} procs` : column.format(row)),
      }
    : column,
);

/** Stacks of threads that are shown one by one; of more, a row for all of a process says more. */
const MAX_STACKS = 16;

/** What regions of a process are that are one row from so many on, and why. */
interface Likeness {
  readonly key: string;
  readonly from: number;
  readonly sumsUp: string;
}

function likeness({ kind, label, pid, permissions, maker }: RegionRow): Likeness | null {
  if (kind === 'stack' && sharedLabel(label) !== label) {
    const sumsUp = 'stacks of threads, one by one in the JSON report';
    return { key: `${pid}\nstack`, from: MAX_STACKS + 1, sumsUp };
  }
  if (maker === '') return null;
  const sumsUp = 'mapped by the same functions, one by one in the JSON report';
  return { key: [pid, label, permissions, maker].join('\n'), from: 2, sumsUp };
}

/**
 * Regions of one process that are one thing to a reader in one row each: where there are many, the stacks of its
 * threads (`[stack] x4096`), and memory without a name that the same functions have mapped.
 */
export function groupAlike(rows: readonly RegionRow[]): RegionRow[] {
  const groups = new Map<string, { readonly like: Likeness; readonly rows: RegionRow[] }>();
  const others: RegionRow[] = [];
  for (const row of rows) {
    const like = likeness(row);
    if (like === null) {
      others.push(row);
      continue;
    }
    const group = groups.get(like.key);
    if (group === undefined) groups.set(like.key, { like, rows: [row] });
    else group.rows.push(row);
  }
  for (const { like, rows: group } of groups.values()) {
    if (group.length < like.from) others.push(...group);
    else {
      const members = group.reduce((n, row) => n + row.members, 0);
      const { pid, label } = group[0]!;
      const { sumsUp } = like;
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
  const groups = rowsByKey(rows, (row) =>
    [row.comm, row.kind, row.permissions, row.label, row.maker].join('\n'),
  );
  return [...groups.values()].flatMap((group) => {
    const pids = new Set(group.map((row) => row.pid).filter((pid) => pid !== 0));
    const shared = group.filter((row) => row.pid === 0);
    const processes = shared.reduce((n, row) => n + row.members, pids.size);
    return processes > 1 && group.length > 1
      ? [merged(group, processes)]
      : group.map((row) => ({ ...copyOf(row), processes: 1 }));
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
    addHistory: () => 0,
    addLatencies,
  };
}

/** Characters of the column of who made a mapping. */
const MAKER_WIDTH = 56;

/** Who mapped most of a region; of regions of several processes only where it is the same for all. */
export function makerColumn({
  mappedBy,
}: Pick<Snapshot, 'mappedBy'>): Column<RegionRow & { readonly processes?: number }> {
  const maker = (row: RegionRow & { readonly processes?: number }): string =>
    (row.processes ?? 1) > 1 && row.maker === ''
      ? ''
      : innermostMaker(mappedBy(row.id), MAKER_WIDTH);
  const { title, doc } = TITLES.columns.mappedBy;
  return text('mapped_by', title, MAKER_WIDTH, 0, maker, doc);
}
