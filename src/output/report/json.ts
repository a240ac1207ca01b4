import { CAUSE_NAMES } from '../../core/classify/classes';
import { completeness, knowsCow } from '../../core/facts/capture-facts';
import type { CaptureMode } from '../../core/facts/capture-facts';
import {
  PROCESS_COLUMNS,
  REGION_COLUMNS,
  SITE_COLUMNS,
  THREAD_COLUMNS,
} from '../../core/columns/row-columns';
import type { Column } from '../../core/columns/column';
import { ownedColumns } from '../../core/columns/owned-columns';
import { unitOf } from '../../core/facts/owner';
import { labelWithoutSection } from '../../core/columns/fault-fields';
import { alignedBytes } from '../../core/facts/huge-pages';
import type { HugePageFacts } from '../../core/facts/huge-pages';
import { findings } from '../../core/findings/findings';
import type { Finding } from '../../core/findings/findings';
import { pageAddress } from '../../core/text/format';
import type { FixedNames } from '../../core/columns/stable-names';
import { jsonValue, rowTable, tableObjects } from '../../core/columns/table-export';
import type {
  LatencyHistogram,
  PairedRow,
  RegionRow,
  SharedRow,
  SiteRow,
  StatRow,
} from '../../core/snapshot/snapshot';
import type { ProcessGrouping } from '../../core/snapshot/process-groups';
import { faultsByLabel } from '../../core/snapshot/site-pairs';
import { safeJson } from '../../core/text/printable';
import {
  fixedProcess,
  fixedRegion,
  fixedThread,
  orderedRows,
  ownedRows,
  shownColumns,
} from './report';
import type { ReportInput } from './report';
import { byName } from './by-name';
import { capturePart } from './capture-part';
import { estimatesOf, withMore } from './estimates';
import type { Json } from './json-value';

/** Rises when a key changes its meaning or goes away; new keys do not raise it. */
const REPORT_SCHEMA_VERSION = 2;

/** Rows that are made one by one: all of them, and their text, would be a hundred megabytes. */
type Rows = () => Iterable<Json>;

/** The report as one JSON document on one line, with a newline at its end; in pieces. */
export function* reportJson(input: ReportInput): Generator<string> {
  let before = '{';
  for (const [key, value] of Object.entries(documentOf(input))) {
    yield `${before}${JSON.stringify(key)}:`;
    if (typeof value === 'function') yield* arrayOf(value());
    else yield jsonText(value);
    before = ',';
  }
  yield '}\n';
}

function* arrayOf(rows: Iterable<Json>): Generator<string> {
  let before = '[';
  for (const row of rows) {
    yield before + jsonText(row);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function jsonText(value: Json): string {
  return safeJson(JSON.stringify(value));
}

function documentOf(input: ReportInput): Readonly<Record<string, Json | Rows>> {
  const { snapshot, capture, fixed, summary } = input;
  const isKnown = ({ faultClass }: LatencyHistogram): boolean =>
    faultClass !== 'COW' || knowsCow(capture.mode);
  return {
    schema_version: REPORT_SCHEMA_VERSION,
    tool: { name: 'pagefault-analyzer', version: input.version },
    target: targetPart(input),
    filter: input.filter === '' ? null : input.filter,
    elapsed_ns: fixed ? null : Math.round(snapshot.elapsed),
    summary: {
      faults: snapshot.totals.faults,
      ...summary,
      ...(knowsCow(capture.mode) ? {} : { cow: null }),
      ...estimatesOf(capture.mode, capture.mode.filtered === true ? FILTERED_SUMS : SUMS),
    },
    completeness: completenessPart(input),
    capture: capturePart(input),
    swap_in_use: snapshot.causeFacts.swapInUse,
    sigbus_reasons: snapshot.causeFacts.busReasons,
    caps: snapshot.caps,
    causes: byCause(snapshot.totals),
    ...estimatesOf(capture.mode, ['causes', 'findings']),
    totals: { ...totals(snapshot.totals, fixed !== null), ...estimatesOf(capture.mode, TOTALS) },
    findings: fixed ? [] : findings(snapshot).map(findingPart),
    ...tableParts(input),
    ...groupParts(input),
    by_name: () => byName(input),
    stacks: () => stacks(input),
    latency: fixed ? [] : snapshot.latency.filter(isKnown).map((h) => histogram(h, capture.mode)),
  };
}

/** What is an estimate where MINOR and COW faults are sampled: of the summary, and where not every fault is counted. */
const SUMS = ['minor', 'cow'];
const FILTERED_SUMS = ['faults', ...SUMS];
const TOTALS = ['minor_or_cow', 'stall_ns', 'stall_share', 'max_ns'];

function targetPart({ target, fixed }: ReportInput): Json {
  const { command, pids, whole, recording = null } = target;
  const captured = whole?.kind ?? (command === null ? 'pid' : 'command');
  return {
    kind: recording === null ? captured : 'recording',
    command,
    pids: fixed ? pids.map((pid) => fixed.number(pid)) : pids,
    name: whole?.name ?? null,
    cgroup: whole?.cgroup ?? null,
    ...(recording === null ? {} : { recording }),
  };
}

function completenessPart({ capture, beyond, fixed, machine = null }: ReportInput): Json {
  const counted = completeness(capture);
  return {
    captured: counted.captured,
    lost: counted.lost,
    kernel: counted.kernel,
    difference: counted.difference,
    comparable: counted.comparable,
    lost_in_rings: capture.lost.ring,
    lost_in_mailbox: capture.lost.mailbox,
    in_flight: capture.inFlight,
    in_flight_stall_ns: fixed ? null : capture.inFlightNs,
    beyond:
      beyond === null || fixed
        ? null
        : { at_least: beyond.low, at_most: beyond.high, processes_gone: beyond.gone },
    machine:
      machine === null || fixed
        ? null
        : { pgfault: machine.pgfault, pgmajfault: machine.pgmajfault, own: machine.own },
    cpus_not_watched: capture.records.unwatchedCpus,
    credentials_changed: capture.records.credentialsLost,
    memory_sharing_processes: capture.records.memorySharers,
  };
}

function findingPart(finding: Finding): Json {
  const { id, text, hugePages, regions, callSites, calledBy, mappedBy } = finding;
  const { faults, stallNs, stallShare } = finding.figures;
  return {
    id,
    text,
    figures: { faults, stall_ns: Math.round(stallNs), stall_share: stallShare },
    huge_pages: hugePages === null ? null : hugePagePart(hugePages),
    regions,
    call_sites: callSites,
    called_by: frames(calledBy),
    mapped_by: frames(mappedBy),
  };
}

function hugePagePart(facts: HugePageFacts): Json {
  return {
    mapping_bytes: facts.end - facts.start,
    aligned_bytes: alignedBytes(facts),
    resident_bytes: facts.resident,
    huge_bytes: facts.huge,
    thp_eligible: facts.eligible,
    advised: facts.advised,
    refused: facts.refused,
    enabled: facts.enabled,
    defrag: facts.defrag,
    page_bytes: facts.pageSize,
  };
}

/** The rows of each table: its columns, and what only the report has. */
function tableParts(input: ReportInput): Readonly<Record<string, Rows>> {
  const { snapshot, fixed } = input;
  const objects = <Row extends StatRow & SharedRow>(
    rows: readonly Row[],
    renamed: (row: Row, fixed: FixedNames | null) => Row,
    all: readonly Column<Row>[],
    extras: (row: Row) => Record<string, Json>,
  ): Rows => {
    const columns = shownColumns(all, input);
    return function* made() {
      for (const raw of orderedRows(rows, fixed !== null)) {
        const row = renamed(raw, fixed);
        const [cells] = tableObjects(rowTable('', columns, [row]));
        yield withMore(row, cells!, { ...extras(row), ...sharing(row) });
      }
    };
  };
  const codeOf =
    (table: 'threads' | 'processes') =>
    (row: StatRow): Record<string, Json> => ({
      causes: byCause(row),
      call_sites: labels(snapshot.rowSites(table, row.id)),
    });
  return {
    regions: objects(snapshot.regions, fixedRegion, REGION_COLUMNS, (row) => ({
      ...regionExtras(row),
      mapped_by: frames(snapshot.mappedBy(row.id)),
    })),
    threads: objects(snapshot.threads, fixedThread, THREAD_COLUMNS, codeOf('threads')),
    processes: objects(snapshot.processes, fixedProcess, PROCESS_COLUMNS, (row) => ({
      ...(fixed ? {} : { unit: known(unitOf(row.owner.cgroup)) }),
      ...codeOf('processes')(row),
      minor_or_cow: row.undecided,
      not_in_detail: row.leftOut,
    })),
    call_sites: objects(
      snapshot.sites,
      (row) => row,
      SITE_CELLS,
      (row) => ({
        ...siteNames(row),
        regions: labels(snapshot.siteRegions(row.id)),
      }),
    ),
  };
}

/** Processes by their cgroups, and by what was asked for. */
function groupParts(input: ReportInput): Readonly<Record<string, Json | Rows>> {
  const { by } = input;
  const groups = (grouping: ProcessGrouping): Rows => {
    const columns = shownColumns(ownedColumns(grouping), input);
    return function* made() {
      for (const row of ownedRows(input, grouping)) {
        const [cells] = tableObjects(rowTable('', columns, [row]));
        const unit = grouping === 'cgroup' ? { unit: known(unitOf(row.label)) } : {};
        yield withMore(row, cells!, { ...unit, causes: byCause(row) });
      }
    };
  };
  return {
    cgroups: groups('cgroup'),
    group_by: by ?? 'process',
    groups: by === null || by === 'process' ? [] : groups(by),
  };
}

function known(text: string): string | null {
  return text === '' ? null : text;
}

/** Most faults first. */
function labels(rows: readonly PairedRow[]): Json {
  return faultsByLabel(rows).map(({ label, weight }) => ({ label, faults: weight }));
}

/** null where none were seen. */
function frames(stack: readonly string[]): Json {
  return stack.length === 0 ? null : stack;
}

function regionExtras(row: RegionRow): Record<string, Json> {
  return {
    region: labelWithoutSection(row.label, row.section),
    section: row.section === '' ? null : row.section,
    file: row.path === '' ? null : row.path,
    // In the stream's form of an address, instead of the column's with leading zeros.
    start: `0x${pageAddress(row.startPage)}`,
    end: `0x${pageAddress(row.endPage)}`,
    causes: byCause(row),
  };
}

/** Without the columns that are made for reading. */
const SITE_CELLS = SITE_COLUMNS.filter(({ align }) => align === 'right');

function siteNames(row: SiteRow): Record<string, Json> {
  return {
    function: known(row.function),
    inlined: known(row.inlined),
    source_file: known(row.file),
    source_line: row.line === 0 ? null : row.line,
    object: row.path === '' ? row.object : row.path,
    offset: row.offset,
  };
}

function* stacks({ snapshot, fixed }: ReportInput): Generator<Json> {
  for (const { comm, frames, faults, stallNs, sampled } of snapshot.stacks()) {
    yield {
      comm,
      frames,
      faults,
      stall_ns: fixed ? null : Math.round(stallNs),
      sampled,
      weight: faults / sampled,
    };
  }
}

function sharing({ members, sumsUp }: SharedRow): Record<string, Json> {
  return { members, sums_up: sumsUp === '' ? null : sumsUp };
}

function byCause(row: StatRow): Record<string, Json> {
  return Object.fromEntries(CAUSE_NAMES.map((name, index) => [name, row.byCause[index] ?? 0]));
}

function totals(row: StatRow, fixed: boolean): Record<string, Json> {
  return {
    unique_pages: row.uniquePages,
    minor_or_cow: row.undecided,
    refaults: row.refaults,
    stall_ns: fixed ? null : row.stallNs,
    stall_share: fixed ? null : jsonValue(row.stallShare),
    max_ns: fixed ? null : row.maxNs,
  };
}

const PERCENTILES = ['p50_ns', 'p90_ns', 'p99_ns', 'p999_ns'];
const HISTOGRAM = ['count', 'total_ns', 'max_ns', ...PERCENTILES, 'buckets'];

function histogram(h: LatencyHistogram, mode: CaptureMode): Json {
  const isOfSamples = h.faultClass === 'MINOR' || h.faultClass === 'COW';
  return {
    class: h.faultClass,
    count: h.count,
    total_ns: h.totalNs,
    max_ns: h.maxNs,
    p50_ns: jsonValue(h.p50Ns),
    p90_ns: jsonValue(h.p90Ns),
    p99_ns: jsonValue(h.p99Ns),
    p999_ns: jsonValue(h.p999Ns),
    buckets: h.buckets.map(({ lowNs, highNs, count }) => ({
      low_ns: lowNs,
      high_ns: highNs,
      count,
    })),
    ...estimatesOf(mode, isOfSamples ? HISTOGRAM : []),
  };
}
