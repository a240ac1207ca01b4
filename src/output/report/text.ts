import { wholeText } from '../../core/facts/target';
import { captureLimits, isSampled } from '../../core/facts/capture-facts';
import { causeText } from '../../core/classify/cause-text';
import { causeRows } from '../../core/columns/cause-rows';
import { CAUSE_NAMES, FaultClass } from '../../core/classify/classes';
import { PROCESS_COLUMNS, SITE_COLUMNS, THREAD_COLUMNS } from '../../core/columns/row-columns';
import { TITLES } from '../../core/columns/titles';
import { findings } from '../../core/findings/findings';
import { grouped, latency, percent, stalledShare } from '../../core/text/format';
import type { Column } from '../../core/columns/column';
import { GROUPING_WORDS, ownedColumns } from '../../core/columns/owned-columns';
import type { ProcessGrouping } from '../../core/snapshot/process-groups';
import type { ProcessRow, SharedRow, Snapshot, StatRow } from '../../core/snapshot/snapshot';
import { beyondText, completenessText, machineText, qualifications } from './completeness';
import { GROUP_COLUMNS, groupAlike, groupRegions, makerColumn, NAMED_COLUMNS } from './groups';
import { histogramLines } from './histogram';
import {
  fixedProcess,
  fixedRegion,
  fixedThread,
  isOfSeveral,
  orderedRows,
  ownedRows,
  shownColumns,
} from './report';
import type { ReportInput } from './report';
import { stackSection } from './stacks';
import { restLine, tableLines } from './table';
import { printable } from '../../core/text/printable';

const SECTIONS = TITLES.sections;
/** Before what a line at the head says. */
const HEAD_CELLS = 12;

function headLine(name: keyof typeof TITLES.head, text: string): string {
  return TITLES.head[name].title.padEnd(HEAD_CELLS) + text;
}

/** Rows of a table in the text report; the JSON report has them all. */
const MAX_ROWS = 40;
/** Of those that no time is stalled in. */
const MAX_ERROR_ROWS = 3;

/** The report for a person: what was captured and how completely, where, who, why, how long. */
export function reportText(input: ReportInput): string {
  const { snapshot, fixed } = input;
  const regions = orderedRows(groupAlike(snapshot.regions), fixed !== null).map((row) =>
    fixedRegion(row, fixed),
  );
  const threads = orderedRows(snapshot.threads, fixed !== null).map((row) =>
    fixedThread(row, fixed),
  );
  const processes = orderedRows(snapshot.processes, fixed !== null).map((row) =>
    fixedProcess(row, fixed),
  );
  const several = processes.length > 1;
  // With one process its pid and name on every line would say nothing.
  const regionColumns = NAMED_COLUMNS.filter(
    (column) => column.id !== 'pid' && column.id !== 'comm',
  );
  // Where errors were asked for 0 is an answer as well.
  const asksForErrors = /error|unresolved/i.test(input.filter);
  const table: Table = (title, rows, columns) => {
    const { shown, more } = shownRows(rows);
    const told = tellingColumns(shownColumns(columns, input), shown, asksForErrors);
    const rest = more.length === 0 ? [] : [restLine(more, fixed === null)];
    return section(title, [...tableLines(shown, told), ...rest, ...sumLines(shown, told[0]!)]);
  };
  const owned = ownedSections(input, processes, table);
  // What is no table says at its head that it is an estimate.
  const about = isSampled(input.capture.mode) ? ' (~)' : '';
  const lines = [
    '',
    ...headLines(input),
    // Times differ from run to run, and so does what they show.
    ...(fixed ? [] : section(SECTIONS.findings.title + about, findingLines(snapshot))),
    ...owned.first,
    ...(several
      ? table(SECTIONS.regions.title, orderedRows(groupRegions(regions), fixed !== null), [
          ...GROUP_COLUMNS,
          makerColumn(snapshot),
        ])
      : table(SECTIONS.regions.title, regions, [...regionColumns, makerColumn(snapshot)])),
    ...table(SECTIONS.sites.title, orderedRows(snapshot.sites, fixed !== null), SITE_COLUMNS),
    ...section(SECTIONS.stacks.title, stackSection(snapshot.stacks(), fixed !== null)),
    // Where no process has a second thread the threads are the processes once more.
    ...(several && threads.length <= processes.length
      ? []
      : table(SECTIONS.threads.title, threads, THREAD_COLUMNS)),
    ...owned.last,
    ...section(SECTIONS.causes.title + about, causeLines(snapshot, fixed === null)),
    ...(fixed
      ? []
      : snapshot.latency.flatMap((h) =>
          section(`${SECTIONS.latency.title} ${h.faultClass}${about}`, histogramLines(h)),
        )),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Faults that end in a signal stall nothing, so that rows with them alone come last, behind what is shown of a long table:
 * the last places are those of the rows with the most of them, among all that would stand there or behind.
 */
function shownRows<Row extends StatRow>(
  rows: readonly Row[],
): Readonly<Record<'shown' | 'more', readonly Row[]>> {
  if (rows.length <= MAX_ROWS) return { shown: rows, more: [] };
  const errors = ({ byClass }: Row): number => byClass[FaultClass.ERROR]!;
  const last = rows
    .slice(MAX_ROWS - MAX_ERROR_ROWS)
    .filter((row) => errors(row) > 0)
    .sort((a, b) => errors(b) - errors(a))
    .slice(0, MAX_ERROR_ROWS);
  const kept = new Set(last);
  const others = rows.filter((row) => !kept.has(row));
  const room = MAX_ROWS - last.length;
  return { shown: [...others.slice(0, room), ...last], more: others.slice(room) };
}

/** A section with a table of rows. */
type Table = <Row extends StatRow & SharedRow>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
) => string[];

/** Of one program and what it starts they are the same in every row. */
const WHOSE: ReadonlySet<string> = new Set(['user', 'cgroup']);

/**
 * Processes, and the groups of them that were asked for: what one looks for first where the target is several
 * processes, and last where these are one program and what it starts.
 */
function ownedSections(
  input: ReportInput,
  processes: readonly ProcessRow[],
  table: Table,
): { readonly first: string[]; readonly last: string[] } {
  const { by } = input;
  const several = isOfSeveral(input);
  const leads = several || by === 'process';
  const columns = leads ? PROCESS_COLUMNS : PROCESS_COLUMNS.filter(({ id }) => !WHOSE.has(id));
  const list =
    leads || processes.length > 1 ? table(SECTIONS.processes.title, processes, columns) : [];
  const groups = (grouping: ProcessGrouping): string[] =>
    table(GROUPING_WORDS[grouping].heading, ownedRows(input, grouping), ownedColumns(grouping));
  const asked = by === null || by === 'process' ? [] : groups(by);
  const cgroups = several && by !== 'cgroup' ? groups('cgroup') : [];
  return leads
    ? { first: [...asked, ...list, ...cgroups], last: [] }
    : { first: asked, last: list };
}

/** Characters: three regions and a function with its parameters have room. */
const MAX_FINDING = 600;

/** Columns whose zeros say something, also when there is nothing else in them. */
const ALWAYS: ReadonlySet<string> = new Set(['major', 'minor', 'cow', 'faults']);
const NOTHING: ReadonlySet<string> = new Set(['', '0', '0.0', '0ns', 'ended']);
/** Columns of the last interval: of a run that is over they say nothing. */
const NOW: ReadonlySet<string> = new Set([
  'rate',
  'stall_now',
  'major_rate',
  'minor_rate',
  'cow_rate',
]);

/**
 * Leaves out what would only make lines longer: columns without a value in any row (SIZE when the target
 * is gone, ERR when there were none), and what is of the last interval.
 */
function tellingColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  withErrors: boolean,
): Column<Row>[] {
  return columns.filter(
    (column) =>
      ALWAYS.has(column.id) ||
      (withErrors && column.id === 'error') ||
      (!NOW.has(column.id) && rows.some((row) => !NOTHING.has(column.format(row)))),
  );
}

/** What the rows that stand for several stand for, and why. */
function sumLines<Row extends SharedRow & StatRow>(
  rows: readonly Row[],
  name: Column<Row>,
): string[] {
  const lines = rows
    .filter((row) => row.sumsUp !== '')
    .map((row) => `  ${printable(name.format(row), 60)}: ${row.sumsUp}`);
  return [...new Set(lines)];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function targetText({ target, fixed }: ReportInput): string {
  const { command, pids, whole, recording = null } = target;
  if (recording !== null) return `recording ${recording}`;
  if (whole) return wholeText(whole);
  if (command !== null) return command.join(' ');
  return `pid ${pids.map((pid) => (fixed ? fixed.number(pid) : pid)).join(', ')}`;
}

function headLines(input: ReportInput): string[] {
  const { snapshot, capture, fixed, target } = input;
  const lines: string[] = [];
  const add = (name: keyof typeof TITLES.head, text: string): void => {
    lines.push(headLine(name, text));
  };
  add('target', printable(targetText(input), 200));
  if (input.filter !== '') add('filter', printable(input.filter, 200));
  if (!fixed) {
    const { faults, stallNs, stallShare } = snapshot.totals;
    const perSecond = snapshot.elapsed > 0 ? (faults / snapshot.elapsed) * 1e9 : 0;
    add(
      'elapsed',
      `${(snapshot.elapsed / 1e9).toFixed(3)} s, ${grouped(perSecond)} faults/s, ` +
        `stalled ${latency(stallNs)} (${stalledShare(stallShare)})`,
    );
  }
  add('complete', completenessText(capture));
  // exec and the like differ from run to run by a few.
  // Of a whole nobody has looked at every account.
  const asked = !target.whole && (target.recording ?? null) === null;
  if (!fixed && asked) add('beyond', beyondText(input));
  const { machine = null } = input;
  if (machine !== null) add('machine', machineText(machine, capture));
  if (capture.inFlight > 0) {
    add('inFlight', inFlightText(input));
  }
  const limits = captureLimits(capture.mode);
  add('capture', limits[0] ?? 'full');
  for (const limit of limits.slice(1)) lines.push(' '.repeat(HEAD_CELLS) + limit);
  const order = fixed ? 'by faults' : 'by time stalled, then by faults';
  add('tables', `${order}; at most ${MAX_ROWS} rows, all with --report-format json`);
  return [...lines, ...qualifications(input).map((note) => headLine('note', note))];
}

function findingLines(snapshot: Snapshot): string[] {
  return findings(snapshot).map(({ text }) => `  ${printable(text, MAX_FINDING)}`);
}

function inFlightText({ capture, filter, fixed }: ReportInput): string {
  const what = `${grouped(capture.inFlight)} not ended when capture did: not counted`;
  if (fixed) return what;
  const waited = latency(capture.inFlightNs);
  // Whether a filter keeps a fault is known when it has ended.
  return filter === ''
    ? `${what}, but the ${waited} until then are in the time stalled`
    : `${what}, nor are the ${waited} until then`;
}

function causeLines({ totals, causeFacts }: Snapshot, byTime: boolean): string[] {
  return causeRows([totals], byTime).map(({ cause, faults, share }) => {
    const name = CAUSE_NAMES[cause]!;
    return `  ${name.padEnd(12)} ${grouped(faults).padStart(11)} ${percent(share).padStart(5)} %  ${causeText(name, causeFacts).means}`;
  });
}
