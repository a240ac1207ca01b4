import { Batch, FaultFlag } from '../../src/core/wire/batch';
import { Cause, CAUSE_COUNT, RegionKind } from '../../src/core/classify/classes';
import type { RegionDetail } from '../../src/core/snapshot/region-detail';
import { Resolved } from '../../src/core/wire/resolved';
import type { Snapshot } from '../../src/core/snapshot/snapshot';
import { LATENCY_ROWS } from '../../src/core/stats/over-time';
import { EventLog, type EventNames } from '../../src/tui/state/event-log';
import type { CommandOutput, DashboardSource, HeaderInfo } from '../../src/tui/state/source';
import { FakeShown } from './fake-shown';
import { captureFacts } from './facts';
import { fill } from './fault-kit';
import { process, region, site, snapshot, stat, thread } from './sample';

const FACTS = captureFacts(57221, 12);

export const HEADER: HeaderInfo = {
  targets: [
    {
      pid: 4321,
      comm: 'postgres',
      commandLine: 'postgres: checkpointer -D main',
      threads: 14,
      state: 'S',
    },
  ],
  ended: null,
  failed: false,
  elapsedNs: 192e9,
  startedAt: Date.UTC(2026, 0, 1, 12, 0, 0),
  capture: { ...FACTS, mode: { ...FACTS.mode, threads: 14, descriptors: 112 } },
  limits: [],
  rssBytes: 1.21 * 2 ** 30,
  inFlight: [],
  captureFilter: '',
};

/** The picture of the sketch: a database that waits for its data file. */
// A table of what the views show.
// oxlint-disable-next-line max-lines-per-function
export function samplePicture(scale = 1): Snapshot {
  const history = Array.from({ length: 20 }, (_, k) => k * scale);
  const causes = (part: Record<number, number>): number[] =>
    Array.from({ length: CAUSE_COUNT }, (_, k) => part[k] ?? 0);
  return snapshot({
    now: 192e9 + scale * 1e9,
    elapsed: 192e9,
    totals: stat({
      byClass: [12 * scale, 31598, 213, 0],
      byCause: causes({
        [Cause.DEMAND_ZERO]: 31118,
        [Cause.PAGE_CACHE]: 480,
        [Cause.FILE_READ]: 12 * scale,
        [Cause.COW_ANON]: 210,
        [Cause.COW_FILE]: 3,
      }),
      causeNs: causes({
        [Cause.DEMAND_ZERO]: 0.4e9,
        [Cause.PAGE_CACHE]: 0.1e9,
        [Cause.FILE_READ]: 5.6e9,
        [Cause.COW_ANON]: 4e5,
        [Cause.COW_FILE]: 5e3,
      }),
      stallNs: 6.1e9,
      stallShare: 0.032,
    }),
    regions: [
      region({
        id: 1,
        label: 'data.db',
        path: '/srv/pg/data.db',
        kind: 'file',
        permissions: 'r--s',
        size: 2 * 2 ** 30,
        byClass: [11 * scale, 480, 0, 0],
        byCause: causes({ [Cause.PAGE_CACHE]: 480, [Cause.FILE_READ]: 11 }),
        causeNs: causes({ [Cause.PAGE_CACHE]: 0.1e9, [Cause.FILE_READ]: 5.5e9 }),
        stalled: 0.0313,
        rate: 14,
        uniquePages: 491,
        p50Ns: 112e3,
        p90Ns: 5e6,
        p99Ns: 8.1e6,
        maxNs: 812e6,
        stallNs: 5.6e9,
        stallShare: 0.029,
        history,
      }),
      region({
        id: 2,
        label: '[heap]',
        kind: 'heap',
        size: 412 * 2 ** 20,
        byClass: [0, 31000, 210, 0],
        byCause: causes({ [Cause.DEMAND_ZERO]: 31000, [Cause.COW_ANON]: 210 }),
        stalled: 0.00062,
        rate: 690,
        uniquePages: 29800,
        refaults: 1410,
        p50Ns: 900,
        p90Ns: 2000,
        p99Ns: 3100,
        maxNs: 44e3,
        stallNs: 0.4e9,
        stallShare: 0.002,
        history,
      }),
      region({
        id: 3,
        label: 'libc.so.6 .data',
        path: '/usr/lib/libc.so.6',
        section: '.data',
        kind: 'file',
        size: 16384,
        byClass: [1, 0, 3, 0],
        byCause: causes({ [Cause.FILE_READ]: 1, [Cause.COW_FILE]: 3 }),
        uniquePages: 4,
        p50Ns: 1200,
        p90Ns: 1900,
        p99Ns: 2000,
        maxNs: 2000,
        stallNs: 5e3,
      }),
      region({
        id: 4,
        label: '[stack:4329]',
        kind: 'stack',
        size: 8 * 2 ** 20,
        byClass: [0, 118, 0, 0],
        byCause: causes({ [Cause.DEMAND_ZERO]: 118 }),
        stalled: 1e-6,
        rate: 1,
        uniquePages: 118,
        p50Ns: 800,
        p90Ns: 1500,
        p99Ns: 1900,
        maxNs: 7700,
        stallNs: 1e5,
        stallShare: 1e-5,
      }),
    ],
    threads: [
      thread({
        id: 11,
        tid: 4329,
        pid: 4321,
        comm: 'checkpointer',
        byClass: [12, 600, 3, 0],
        stallShare: 0.41,
        stallNs: 5.5e9,
      }),
      thread({
        id: 12,
        tid: 4330,
        pid: 4321,
        comm: 'writer',
        byClass: [0, 30998, 210, 0],
        stallShare: 0.01,
      }),
    ],
    processes: [
      process({
        id: 21,
        pid: 4321,
        comm: 'postgres',
        byClass: [12, 31598, 213, 0],
        threads: 14,
        worstThreadShare: 0.41,
        worstTid: 4329,
        leftOut: 0,
      }),
    ],
    latencyOverTime: () => ({
      count: 30,
      times: Array.from({ length: 30 }, (_, k) => (163 + k) * 1e9),
      // MINOR about 1 us all the time, MAJOR at some ms now and then.
      columns: Array.from({ length: 30 }, (_, k) =>
        Array.from({ length: 4 * LATENCY_ROWS }, (_, row) =>
          row === LATENCY_ROWS + 9
            ? 800
            : row === LATENCY_ROWS + 10
              ? 150
              : row === 22 && k % 7 === 0
                ? 2
                : 0,
        ),
      ),
    }),
    sites: [
      site({
        id: 31,
        label: 'mdread',
        function: 'mdread',
        file: '/build/postgresql/src/storage/smgr/md.c',
        line: 664,
        object: 'postgres',
        path: '/usr/lib/postgresql/bin/postgres',
        offset: '0x41f2c0',
        byClass: [11 * scale, 480, 0, 0],
        byCause: causes({ [Cause.PAGE_CACHE]: 480, [Cause.FILE_READ]: 11 }),
        stalled: 0.0313,
        rate: 14,
        uniquePages: 491,
        p50Ns: 112e3,
        p99Ns: 8.1e6,
        maxNs: 812e6,
        stallNs: 5.6e9,
        stallShare: 0.029,
        history,
      }),
      site({
        id: 32,
        label: 'std::vector<int>::reserve(unsigned long) (in LoadIndex(char const*))',
        function: 'LoadIndex(char const*)',
        inlined: 'std::vector<int>::reserve(unsigned long)',
        file: '/usr/include/c++/12/bits/vector.tcc',
        line: 73,
        object: 'index.so',
        path: '/usr/lib/index.so',
        offset: '0x1f20',
        byClass: [1, 31118, 213, 0],
        byCause: causes({ [Cause.DEMAND_ZERO]: 31118, [Cause.COW_ANON]: 213 }),
        stalled: 0.00062,
        rate: 690,
        uniquePages: 30001,
        p50Ns: 900,
        p99Ns: 3100,
        maxNs: 44e3,
        stallNs: 0.4e9,
        stallShare: 0.002,
        history,
      }),
    ],
    siteRegions: (id) =>
      id === 31
        ? [{ id: 1, label: 'data.db', faults: 491 }]
        : [
            { id: 2, label: '[heap]', faults: 31210 },
            { id: 4, label: '[stack:4329]', faults: 118 },
          ],
    latency: [
      {
        faultClass: 'MAJOR',
        count: 12,
        totalNs: 5.5e9,
        maxNs: 812e6,
        p50Ns: 4e6,
        p90Ns: 8e6,
        p99Ns: 8e8,
        p999Ns: 8e8,
        buckets: [
          { lowNs: 4194304, highNs: 4456448, count: 9 },
          { lowNs: 805306368, highNs: 838860800, count: 3 },
        ],
      },
      {
        faultClass: 'MINOR',
        count: 31598,
        totalNs: 6e7,
        maxNs: 44e3,
        p50Ns: 900,
        p90Ns: 2000,
        p99Ns: 3100,
        p999Ns: 4e3,
        buckets: [
          { lowNs: 832, highNs: 896, count: 20000 },
          { lowNs: 1024, highNs: 1088, count: 11598 },
        ],
      },
      {
        faultClass: 'COW',
        count: 213,
        totalNs: 4e5,
        maxNs: 1900,
        p50Ns: 1200,
        p90Ns: 1500,
        p99Ns: 1800,
        p999Ns: 1900,
        buckets: [{ lowNs: 1024, highNs: 1088, count: 213 }],
      },
      {
        faultClass: 'ERROR',
        count: 0,
        totalNs: 0,
        maxNs: 0,
        p50Ns: NaN,
        p90Ns: NaN,
        p99Ns: NaN,
        p999Ns: NaN,
        buckets: [],
      },
    ],
  });
}

const LABELS = ['data.db', '[heap]', 'libc.so.6 .data', '[stack:4329]'];
const NAMES: EventNames = {
  regionLabel: (slot) => LABELS[slot]!,
  regionSection: (slot) => (slot === 2 ? '.data' : ''),
  regionPath: (slot) => (slot === 0 ? '/srv/pg/data.db' : ''),
  regionKind: (slot) =>
    [RegionKind.FILE, RegionKind.HEAP, RegionKind.FILE, RegionKind.STACK][slot]!,
  regionId: (slot) => slot + 1,
  commName: (id) => ['checkpointer', 'writer'][id]!,
  code: () => null,
  data: () => null,
  stack: () => [],
};

/** A world made of plain data that notes what it was asked. */
export class FakeSource implements DashboardSource {
  picture: Snapshot = samplePicture();
  info: HeaderInfo = HEADER;
  readonly events = new EventLog(() => 0.5);
  names: EventNames = NAMES;
  zeroed = 0;
  readonly saved = new Map<string, string>();
  saveError: string | null = null;
  commandOutput: CommandOutput | null = null;
  readonly shown = new FakeShown();

  snapshot: DashboardSource['snapshot'] = () => this.picture;

  header(): HeaderInfo {
    return this.info;
  }
  detail(id: number): RegionDetail | null {
    if (id !== 1) return null;
    const bins = Array.from({ length: 64 }, (_, k) => (k === 31 ? 400 : k < 4 ? k * 20 : 0));
    return {
      id,
      heat: { byFile: true, start: 0, width: 8192, bins },
      // A scan upwards, a slice of the file each second.
      overTime: {
        start: 0,
        width: 8192,
        since: 0,
        count: 40,
        times: Array.from({ length: 40 }, (_, k) => (153 + k) * 1e9),
        columns: Array.from({ length: 40 }, (_, k) =>
          bins.map((_, bin) => (bin === k ? 10 : bin === 31 && k > 35 ? 100 : 0)),
        ),
      },
      threads: [
        { tid: 4329, pid: 4321, comm: 'checkpointer', faults: 440 },
        { tid: 4330, pid: 4321, comm: 'writer', faults: 60 },
      ],
      mappedBy: [],
      sites: [
        { id: 31, label: 'mdread', faults: 480 },
        { id: 32, label: 'LoadIndex(char const*)', faults: 11 },
      ],
    };
  }
  latency: DashboardSource['latency'] = () => this.picture.latency;
  readonly opened = new Set<number>();
  apart: readonly number[] = [];
  readonly keepApart = (pids: readonly number[]): void => void (this.apart = pids);
  open(pids: Iterable<number>): void {
    for (const pid of pids) this.opened.add(pid);
  }
  zero(): void {
    this.zeroed++;
  }
  summaryLine(): string {
    return 'Summary: major=12 minor=31598 cow=213';
  }
  save(path: string, text: string): string | null {
    if (this.saveError === null) this.saved.set(path, text);
    return this.saveError;
  }
  output(): CommandOutput | null {
    return this.commandOutput;
  }

  /** Adds faults to the log: [seconds, class, cause, region, comm, tid, latency]. */
  faults(
    rows: readonly (readonly [number, number, number, number, number, number, number])[],
  ): void {
    const batch = new Batch();
    const resolved = new Resolved();
    fill(
      batch,
      resolved,
      rows.map(([seconds, faultClass, cause, region, comm, tid, latency]) => ({
        time: seconds * 1e9,
        address: 0x7f3a113f2000n,
        ip: 0n,
        latency,
        pid: 4321,
        tid,
        errorCode: 0,
        flags: FaultFlag.ENTRY | FaultFlag.ERROR_CODE,
        ...{ faultClass, cause, region, comm },
        fileOffset: region === 0 ? 0x3f2000 : -1,
      })),
    );
    this.events.add(batch, resolved, this.names);
  }
}
