import { CAUSE_NAMES } from '../../core/classify/classes';
import { captureLimits, completeness, knowsCow } from '../../core/facts/capture-facts';
import type { RecordCounters } from '../../core/facts/capture-facts';
import { PROCESS_COLUMNS, REGION_COLUMNS, THREAD_COLUMNS } from '../../core/columns/row-columns';
import type { Column } from '../../core/columns/row-columns';
import { labelWithoutSection } from '../../core/columns/fault-fields';
import { pageAddress } from '../../core/text/format';
import type { LatencyHistogram, RegionRow, SharedRow, StatRow } from '../../core/snapshot/snapshot';
import { safeJson } from '../../core/text/printable';
import { fixedProcess, fixedRegion, fixedThread, orderedRows, shownColumns } from './report';
import type { ReportInput } from './report';

/** Rises when a key changes its meaning or goes away; new keys do not raise it. */
const REPORT_SCHEMA_VERSION = 1;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The report as one JSON document on one line, with a newline at its end. */
export function reportJson(input: ReportInput): string {
  const { snapshot, capture, fixed, summary, beyond } = input;
  const counted = completeness(capture);
  const isKnown = ({ faultClass }: LatencyHistogram): boolean =>
    faultClass !== 'COW' || knowsCow(capture.mode);
  const document: Json = {
    schema_version: REPORT_SCHEMA_VERSION,
    tool: { name: 'pagefault-analyzer', version: input.version },
    target: {
      command: input.target.command,
      pids: fixed ? input.target.pids.map((pid) => fixed.number(pid)) : input.target.pids,
    },
    filter: input.filter === '' ? null : input.filter,
    elapsed_ns: fixed ? null : Math.round(snapshot.elapsed),
    summary: {
      faults: snapshot.totals.faults,
      ...summary,
      ...(knowsCow(capture.mode) ? {} : { cow: null }),
    },
    completeness: {
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
      cpus_not_watched: capture.records.unwatchedCpus,
      credentials_changed: capture.records.credentialsLost,
      memory_sharing_processes: capture.records.memorySharers,
    },
    capture: {
      entry_source: capture.mode.entrySource,
      unmap_tracepoints: capture.mode.unmapTracepoints,
      signal_tracepoint: capture.mode.signalTracepoint,
      user_only: capture.mode.userOnly,
      wide: capture.mode.wide,
      cpus: capture.mode.cpus,
      threads: capture.mode.threads,
      descriptors: capture.mode.descriptors,
      ring_bytes: capture.mode.ringBytes,
      page_size: capture.mode.pageSize,
      limits: captureLimits(capture.mode),
      records: fixed ? null : recordCounters(input.capture.records),
    },
    swap_in_use: snapshot.causeFacts.swapInUse,
    sigbus_reasons: snapshot.causeFacts.busReasons,
    caps: snapshot.caps,
    causes: byCause(snapshot.totals),
    totals: totals(snapshot.totals, fixed !== null),
    regions: orderedRows(snapshot.regions, fixed !== null).map((raw) => {
      const row = fixedRegion(raw, fixed);
      return {
        ...cells(row, shownColumns(REGION_COLUMNS, input)),
        ...regionExtras(row),
        ...sharing(row),
      };
    }),
    threads: orderedRows(snapshot.threads, fixed !== null).map((raw) => {
      const row = fixedThread(raw, fixed);
      return {
        ...cells(row, shownColumns(THREAD_COLUMNS, input)),
        causes: byCause(row),
        ...sharing(row),
      };
    }),
    processes: orderedRows(snapshot.processes, fixed !== null).map((raw) => {
      const row = fixedProcess(raw, fixed);
      return {
        ...cells(row, shownColumns(PROCESS_COLUMNS, input)),
        causes: byCause(row),
        ...sharing(row),
      };
    }),
    latency: fixed ? [] : snapshot.latency.filter(isKnown).map(histogram),
  };
  return `${safeJson(JSON.stringify(document))}\n`;
}

function cells<Row extends StatRow>(
  row: Row,
  columns: readonly Column<Row>[],
): Record<string, Json> {
  return Object.fromEntries(columns.map((column) => [column.id, finite(column.value(row))]));
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

function sharing({ members, sumsUp }: SharedRow): Record<string, Json> {
  return { members, sums_up: sumsUp === '' ? null : sumsUp };
}

function byCause(row: StatRow): Record<string, Json> {
  return Object.fromEntries(CAUSE_NAMES.map((name, index) => [name, row.byCause[index] ?? 0]));
}

function recordCounters(records: RecordCounters): Json {
  return {
    lost: records.lostRecords,
    mailbox: records.mailboxRecords,
    unpaired_completions: records.unpairedCompletions,
    kernel_entries: records.kernelEntries,
    vsyscalls: records.vsyscalls,
    interrupted: records.interrupted,
    retried: records.retried,
    tainted_entries: records.taintedEntries,
    malformed: records.malformed,
    late: records.late,
    duplicates: records.duplicates,
    foreign: records.foreign,
    borrowed_stamps: records.borrowedStamps,
    cut_off: records.cutOff,
  };
}

function totals(row: StatRow, fixed: boolean): Json {
  return {
    unique_pages: row.uniquePages,
    refaults: row.refaults,
    stall_ns: fixed ? null : row.stallNs,
    stall_share: fixed ? null : finite(row.stallShare),
    max_ns: fixed ? null : row.maxNs,
  };
}

function histogram(h: LatencyHistogram): Json {
  return {
    class: h.faultClass,
    count: h.count,
    total_ns: h.totalNs,
    max_ns: h.maxNs,
    p50_ns: finite(h.p50Ns),
    p90_ns: finite(h.p90Ns),
    p99_ns: finite(h.p99Ns),
    p999_ns: finite(h.p999Ns),
    buckets: h.buckets.map(({ lowNs, highNs, count }) => ({
      low_ns: lowNs,
      high_ns: highNs,
      count,
    })),
  };
}

/** JSON has no NaN: what was not measured is null. */
function finite(value: number | string): Json {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}
