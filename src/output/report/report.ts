import type { BeyondFaults } from '../../core/facts/beyond';
import type { MachineFaults } from '../../core/facts/machine-faults';
import type { WholeFacts } from '../../core/facts/target';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import type { Column } from '../../core/columns/column';
import { knownColumns } from '../../core/columns/row-columns';
import { GROUPING_WORDS } from '../../core/columns/owned-columns';
import type { FixedNames } from '../../core/columns/stable-names';
import { ownedGrouping } from '../../core/snapshot/process-groups';
import type { GroupedBy, OwnedGroup, ProcessGrouping } from '../../core/snapshot/process-groups';
import { copyOf } from '../../core/snapshot/row-copy';
import type {
  ProcessRow,
  RegionRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../../core/snapshot/snapshot';
import type { SummaryCounts } from './summary';

/** Everything a report is made from. */
export interface ReportInput {
  readonly version: string;
  readonly target: ReportTarget;
  readonly summary: SummaryCounts;
  readonly snapshot: Snapshot;
  readonly capture: CaptureFacts;
  /** What the kernel counted for the targets beyond what it reported, null where it is not known. */
  readonly beyond: BeyondFaults | null;
  /** What the kernel counted of the whole machine; null where something else is watched. */
  readonly machine?: MachineFaults | null;
  /** What processes are to be grouped by; null where nobody asked. */
  readonly by: GroupedBy | null;
  /** The filter in force, '' without one: the tables hold only what it keeps. */
  readonly filter: string;
  /** Given for output that is the same in every run: times are left out, ids renumbered. */
  readonly fixed: FixedNames | null;
}

/** The target is several processes, whose and where they are is what one looks for first. */
export function isOfSeveral({ target: { pids, whole } }: Pick<ReportInput, 'target'>): boolean {
  return (whole ?? null) !== null || pids.length > 1;
}

/** Processes in groups, the most expensive first; none where they would differ between runs that must be equal. */
export function ownedRows(
  { snapshot, fixed }: Pick<ReportInput, 'snapshot' | 'fixed'>,
  by: ProcessGrouping,
): OwnedGroup[] {
  if (fixed !== null && GROUPING_WORDS[by].timed) return [];
  const groups = ownedGrouping(by).groupAll(snapshot.processes);
  return orderedRows(groups, fixed !== null);
}

interface ReportTarget {
  /** COMMAND with its arguments, or null when attached. */
  readonly command: readonly string[] | null;
  readonly pids: readonly number[];
  /** The machine or a part of it, in place of processes. */
  readonly whole?: WholeFacts | null;
  /** The file that the faults come from, in place of a capture. */
  readonly recording?: string | null;
}

/**
 * The columns that may be shown: under --fixed-ts not those that differ from run to run. COW is not known,
 * rather than 0, where the kernel gives no error codes.
 */
export function shownColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  { fixed, capture }: Pick<ReportInput, 'fixed' | 'capture'>,
): readonly Column<Row>[] {
  const shown = columns.filter((column) => fixed === null || !column.timed);
  return knownColumns(shown, capture.mode);
}

/**
 * Rows with faults, ended or in flight, the most expensive first: by time stalled, then by number. Under --fixed-ts time
 * counts for nothing; rows that tie keep the order in which they came into being.
 */
export function orderedRows<Row extends StatRow>(rows: readonly Row[], fixed: boolean): Row[] {
  return rows
    .filter((row) => row.faults > 0 || row.stallNs > 0)
    .sort((a, b) => (fixed ? 0 : b.stallNs - a.stallNs) || b.faults - a.faults || a.id - b.id);
}

export function fixedRegion(row: RegionRow, fixed: FixedNames | null): RegionRow {
  if (fixed === null) return row;
  return { ...copyOf(row), label: fixed.label(row.label), pid: fixed.number(row.pid) };
}

export function fixedThread(row: ThreadRow, fixed: FixedNames | null): ThreadRow {
  return fixed ? { ...copyOf(row), tid: fixed.number(row.tid), pid: fixed.number(row.pid) } : row;
}

/** The parent of the first process is whoever started us: no part of the workload. */
export function fixedProcess(row: ProcessRow, fixed: FixedNames | null): ProcessRow {
  return fixed ? { ...copyOf(row), pid: fixed.number(row.pid), ppid: 0 } : row;
}
