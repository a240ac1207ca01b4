import { CAUSE_NAMES, CLASS_NAMES } from '../../src/core/classify/classes';
import type { CauseName, ClassName } from '../../src/core/classify/classes';
import type {
  ProcessRow,
  RegionRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../../src/core/snapshot/snapshot';
import { reportJson } from '../../src/output/report/json';
import type { ReportInput } from '../../src/output/report/report';
import { captureFacts } from './facts';
import * as sample from './sample';

/** The pieces put together. */
export const jsonOf = (report: ReportInput): string => [...reportJson(report)].join('');

export function stats(
  id: number,
  classes: Partial<Record<ClassName, number>>,
  causes: Partial<Record<CauseName, number>> = {},
  stallNs = 0,
): StatRow {
  const byClass = CLASS_NAMES.map((name) => classes[name] ?? 0);
  const faults = byClass.reduce((a, b) => a + b, 0);
  const percentile = stallNs === 0 ? NaN : 1500;
  return sample.stat({
    id,
    byClass,
    byCause: CAUSE_NAMES.map((name) => causes[name] ?? 0),
    uniquePages: faults,
    undecided: 0,
    stallNs,
    maxNs: stallNs,
    p50Ns: percentile,
    p90Ns: percentile,
    p99Ns: percentile,
    stallShare: stallNs / 2e9,
  });
}

export function region(
  id: number,
  label: string,
  more: Partial<RegionRow>,
  from: StatRow,
): RegionRow {
  const place = {
    kind: 'file',
    permissions: 'r-xp',
    size: 4096,
    startPage: 0x400,
    endPage: 0x401,
  } as const;
  return sample.region({ ...from, id, label, pid: 500, ...place, ...more });
}

export const thread = (tid: number, from: StatRow): ThreadRow =>
  sample.thread({ ...from, tid, pid: 500 });

export const process = (pid: number, from: StatRow): ProcessRow =>
  sample.process({ ...from, pid, worstThreadShare: 0.5, worstTid: pid });

export const FACTS = captureFacts(57_230, 3, 1);

const LATENCY: Snapshot['latency'] = [
  {
    faultClass: 'MAJOR',
    count: 3,
    totalNs: 4e6,
    maxNs: 2e6,
    p50Ns: 1e6,
    p90Ns: 2e6,
    p99Ns: 2e6,
    p999Ns: 2e6,
    buckets: [
      { lowNs: 1 << 19, highNs: (1 << 19) + 100, count: 1 },
      { lowNs: (1 << 19) + 100, highNs: 1 << 20, count: 1 },
      { lowNs: 1 << 21, highNs: 1 << 22, count: 1 },
    ],
  },
  sample.snapshot().latency[CLASS_NAMES.indexOf('COW')]!,
];

export function input(
  more: Partial<ReportInput> = {},
  snapshot: Partial<Snapshot> = {},
): ReportInput {
  const total = stats(
    0,
    { MAJOR: 3, MINOR: 9, ERROR: 1 },
    { 'file-read': 3, 'page-cache': 9, unresolved: 1 },
    5e6,
  );
  return {
    version: '1.2.3',
    target: { command: null, pids: [500] },
    summary: { major: 3, minor: 9, cow: 0, error: 1, lost: 0 },
    capture: FACTS,
    beyond: { low: 33, high: 33, gone: 0 },
    by: null,
    filter: '',
    fixed: null,
    snapshot: sample.snapshot({
      now: 2e9,
      elapsed: 2e9,
      totals: total,
      regions: [
        region(
          7,
          '[heap]',
          { kind: 'heap', permissions: 'rw-p' },
          stats(7, { MINOR: 9 }, { 'page-cache': 9 }, 1e6),
        ),
        region(
          8,
          'libc.so.6 .text',
          { section: '.text', path: '/lib/libc.so.6' },
          stats(8, { MAJOR: 3 }, { 'file-read': 3 }, 4e6),
        ),
        region(9, 'untouched', {}, stats(9, {})),
      ],
      threads: [thread(500, total)],
      processes: [process(500, total)],
      latency: LATENCY,
      ...snapshot,
    }),
    ...more,
  };
}

/** What the tests look into; the rest is compared as a whole. */
export interface ParsedReport {
  readonly regions: readonly Record<string, unknown>[];
  readonly threads: readonly Record<string, unknown>[];
  readonly latency: readonly { readonly p50_ns: number | null; readonly buckets: unknown[] }[];
}

export const parsed = (text: string): ParsedReport => JSON.parse(text) as ParsedReport;
