import { captureLimits, completeness } from '../core/capture-facts';
import { CAUSE_TEXT } from '../core/cause-text';
import { CAUSE_NAMES } from '../core/classes';
import { PROCESS_COLUMNS, REGION_COLUMNS, THREAD_COLUMNS } from '../core/columns';
import { grouped, latency, percent } from '../core/format';
import type { Snapshot } from '../core/snapshot';
import { histogramLines } from './report-histogram';
import { fixedProcess, fixedRegion, fixedThread, orderedRows, shownColumns } from './report';
import type { ReportInput } from './report';
import { tableLines } from './report-table';
import { printable } from '../core/text';

/** Rows of a table in the text report; the JSON report has them all. */
const MAX_ROWS = 200;

/** The report for a person: what was captured and how completely, where, who, why, how long. */
export function reportText(input: ReportInput): string {
  const { snapshot, fixed } = input;
  const regions = orderedRows(snapshot.regions, fixed !== null).map((row) =>
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
  const regionColumns = shownColumns(REGION_COLUMNS, fixed).filter(
    (column) => several || (column.id !== 'pid' && column.id !== 'comm'),
  );
  const lines = [
    '',
    ...headLines(input),
    ...section('Regions', tableLines(regions, regionColumns, MAX_ROWS)),
    ...section('Threads', tableLines(threads, shownColumns(THREAD_COLUMNS, fixed), MAX_ROWS)),
    ...(several
      ? section('Processes', tableLines(processes, shownColumns(PROCESS_COLUMNS, fixed), MAX_ROWS))
      : []),
    ...section('Causes', causeLines(snapshot)),
    ...(fixed
      ? []
      : snapshot.latency.flatMap((h) => section(`Latency of ${h.faultClass}`, histogramLines(h)))),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function headLines(input: ReportInput): string[] {
  const { snapshot, capture, fixed, target } = input;
  const lines: string[] = [];
  const pids = target.pids.map((pid) => (fixed ? fixed.number(pid) : pid)).join(', ');
  lines.push(
    target.command === null
      ? `Target      pid ${pids}`
      : `Target      ${printable(target.command.join(' '), 200)}`,
  );
  if (input.filter !== '') lines.push(`Filter      ${printable(input.filter, 200)}`);
  if (!fixed) {
    const { stallNs, stallShare } = snapshot.totals;
    lines.push(
      `Elapsed     ${(snapshot.elapsed / 1e9).toFixed(3)} s, ` +
        `stalled ${latency(stallNs)} (${percent(stallShare)} % of wall time, all threads together)`,
    );
  }
  lines.push(`Complete    ${completenessText(input)}`);
  if (capture.inFlight > 0) {
    lines.push(`In flight   ${capture.inFlight} (not ended when capture did, not counted)`);
  }
  const limits = captureLimits(capture.mode);
  lines.push(`Capture     ${limits[0] ?? 'full'}`);
  for (const limit of limits.slice(1)) lines.push(`            ${limit}`);
  return [...lines, ...noteLines(input)];
}

function completenessText(input: ReportInput): string {
  const { capture } = input;
  const c = completeness(capture);
  const sum = `captured ${grouped(c.captured)} + lost ${grouped(c.lost)}`;
  if (!c.comparable) return `${sum}; the kernel's own counters cannot be compared`;
  return `${sum} of the kernel's ${grouped(c.kernel)} (difference ${c.difference})`;
}

/** What qualifies the numbers; nothing where nothing does. */
function noteLines(input: ReportInput): string[] {
  const { snapshot, capture } = input;
  const notes: string[] = [];
  const { ring, mailbox, exact } = capture.lost;
  if (ring > 0) {
    notes.push(
      exact
        ? `${grouped(ring)} faults lost by the kernel for want of ring space (larger rings: -m)`
        : `up to ${grouped(ring)} faults lost by the kernel for want of ring space (larger rings: -m)`,
    );
  }
  if (mailbox > 0) notes.push(`${grouped(mailbox)} faults lost because output was too slow`);
  if (capture.records.mailboxRecords > 0) {
    notes.push('address-space records were lost: some labels come from later readings of /proc');
  }
  if (capture.records.unpairedCompletions > 0) {
    notes.push(
      `${grouped(capture.records.unpairedCompletions)} faults without entry record: latency and access not known`,
    );
  }
  if (capture.records.malformed > 0) {
    notes.push(`${grouped(capture.records.malformed)} records were malformed and left out`);
  }
  if (snapshot.swapInUse) {
    notes.push('swap is in use: demand-zero includes pages that came back from the swap cache');
  }
  notes.push(...snapshot.caps);
  return notes.map((note) => `Note        ${note}`);
}

function causeLines(snapshot: Snapshot): string[] {
  const { totals } = snapshot;
  return CAUSE_NAMES.map((name, index) => ({ name, count: totals.byCause[index] ?? 0 }))
    .filter((cause) => cause.count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => {
      const share = percent(count / totals.faults);
      return `  ${name.padEnd(12)} ${grouped(count).padStart(11)} ${share.padStart(5)} %  ${CAUSE_TEXT[name].means}`;
    });
}
