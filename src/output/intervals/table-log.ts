import { knownColumns, PROCESS_COLUMNS } from '../../core/columns/row-columns';
import { ownedColumns } from '../../core/columns/owned-columns';
import type { Column } from '../../core/columns/column';
import { csvLine, jsonLine, rowTable } from '../../core/columns/table-export';
import { totalLost } from '../../core/facts/capture-facts';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import { ownedGrouping } from '../../core/snapshot/process-groups';
import type { OwnedGrouping, ProcessGrouping } from '../../core/snapshot/process-groups';
import type { ProcessRow, StatRow } from '../../core/snapshot/snapshot';
import { grouped, rate, stallNow } from '../../core/text/format';
import { restLine, tableLines } from '../report/table';
import { leadingRows } from './leading-rows';

/** Rises when a field changes its meaning; new ones are added at the end, before `v`. */
const LOG_VERSION = 1;
/** Rows of a table as text; the forms for machines have them all. */
const MAX_ROWS = 40;
/** What a line as text has room for. */
const TEXT_COLUMNS: ReadonlySet<string> = new Set([
  'pid',
  'user',
  'cgroup',
  'unit',
  'name',
  'comm',
  'processes',
  'threads',
  'stall_now',
  'major_rate',
  'minor_rate',
  'cow_rate',
  'major',
  'minor',
  'cow',
  'error',
  'stall_ns',
  'p99_ns',
]);

/** The counters at the end of an interval. */
export interface IntervalPicture {
  /** The time of the day, ms since 1970. */
  readonly timeMs: number;
  /** The same since the session's start, ns. */
  readonly now: number;
  readonly totals: StatRow;
  readonly processes: readonly ProcessRow[];
  readonly capture: CaptureFacts;
}

export type LogFormat = 'text' | 'csv' | 'ndjson';

/** Who faults, interval by interval, in a form for logs. */
export class TableLog {
  private readonly grouping: OwnedGrouping | null;
  private first = true;
  /** The time of the last table, ns since the session's start. */
  private before = 0;

  constructor(
    private readonly format: LogFormat,
    private readonly by: ProcessGrouping | null,
    /** What is watched, in words. */
    private readonly target: string,
  ) {
    this.grouping = by === null ? null : ownedGrouping(by);
  }

  /** The text of one interval. */
  table(picture: IntervalPicture): string {
    const { processes, capture } = picture;
    const { before } = this;
    this.before = picture.now;
    const isOfNow = (row: ProcessRow): boolean => isShown(row, before);
    if (this.by === null || this.grouping === null) {
      return this.textOf(
        picture,
        processes.filter(isOfNow),
        knownColumns(PROCESS_COLUMNS, capture.mode),
      );
    }
    // With those that have ended before: what a group has in all never falls.
    const groups = this.grouping.groupAll(processes).filter(isOfNow);
    return this.textOf(picture, groups, knownColumns(ownedColumns(this.by), capture.mode));
  }

  private textOf<Row extends StatRow>(
    picture: IntervalPicture,
    rows: readonly Row[],
    columns: readonly Column<Row>[],
  ): string {
    const first = this.first;
    this.first = false;
    if (this.format !== 'text')
      return this.records(picture, [...rows].sort(byStall), columns, first);
    const told = columns.filter(({ id }) => TEXT_COLUMNS.has(id));
    const { leading, rest } = leadingRows(rows, MAX_ROWS, byStall);
    const lines = [
      ...(first ? [] : ['']),
      this.heading(picture),
      ...tableLines(leading, told),
      ...(rest.length === 0 ? [] : [restLine(rest, true)]),
    ];
    return `${lines.join('\n')}\n`;
  }

  private heading({ timeMs, totals, capture }: IntervalPicture): string {
    const lost = totalLost(capture.lost);
    return [
      isoTime(timeMs),
      this.target,
      `${rate(totals.rate)} faults/s`,
      `stall ${stallNow(totals.stalled * 1000)}/s`,
      `in all ${grouped(totals.faults)}`,
      ...(lost === 0 ? [] : [`lost ${grouped(lost)}`]),
    ].join('  ');
  }

  private records<Row extends StatRow>(
    { timeMs, now }: IntervalPicture,
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    first: boolean,
  ): string {
    const table = rowTable('', columns, rows);
    const names = ['time', 'time_ns', ...table.columns, 'v'];
    const values = table.rows.map((row) => [isoTime(timeMs), Math.round(now), ...row, LOG_VERSION]);
    if (this.format === 'ndjson') return values.map((row) => jsonLine(names, row)).join('');
    return [...(first ? [names] : []), ...values].map(csvLine).join('');
  }
}

/** It lives, or has faulted since the table `before`; of a group one of its processes. */
function isShown(
  { alive, faults, rate: now, stalled, lastTime }: ProcessRow,
  before: number,
): boolean {
  return now > 0 || stalled > 0 || lastTime > before || (alive && faults > 0);
}

/** Who waits now comes first. */
function byStall(a: StatRow, b: StatRow): number {
  return b.stalled - a.stalled || b.rate - a.rate || b.stallNs - a.stallNs || a.id - b.id;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
