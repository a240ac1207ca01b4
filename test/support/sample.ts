import {
  CAUSE_COUNT,
  CAUSE_NAMES,
  CLASS_COUNT,
  CLASS_NAMES,
} from '../../src/core/classify/classes';
import { UNKNOWN_OWNER } from '../../src/core/facts/owner';
import type {
  ProcessRow,
  RegionRow,
  SharedRow,
  SiteRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../../src/core/snapshot/snapshot';

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** How a row with the history of `part` adds it to sums. */
function historyOf({ history = [] }: Partial<StatRow>): SharedRow['addHistory'] {
  return (sums) => {
    history.forEach((faults, k) => (sums[sums.length - history.length + k]! += faults));
    return history.length;
  };
}

/** Snapshot rows for tests: everything zero except what is given. */
export function stat(part: Partial<StatRow> = {}): StatRow {
  const byClass = part.byClass ?? zeros(CLASS_COUNT);
  return {
    id: 1,
    faults: byClass.reduce((a, b) => a + b, 0),
    byCause: zeros(CAUSE_COUNT),
    causeNs: zeros(CAUSE_COUNT),
    uniquePages: 0,
    undecided: 0,
    refaults: 0,
    stallNs: 0,
    maxNs: 0,
    p50Ns: NaN,
    p90Ns: NaN,
    p99Ns: NaN,
    stallShare: 0,
    stalled: 0,
    rate: 0,
    classRate: zeros(CLASS_COUNT),
    history: [],
    lastTime: 0,
    ...part,
    byClass,
  };
}

export function region(part: Partial<RegionRow> = {}): RegionRow {
  return {
    ...stat(part),
    kind: 'anon',
    label: '[anon]',
    path: '',
    section: '',
    permissions: 'rw-p',
    pid: 100,
    comm: 'prog',
    size: 65536,
    startPage: 0x7f0000000,
    endPage: 0x7f0000010,
    maker: '',
    members: 1,
    addLatencies: () => 0,
    addHistory: historyOf(part),
    sumsUp: '',
    revision: 0,
    identity: 0,
    ...part,
  };
}

export function site(part: Partial<SiteRow> = {}): SiteRow {
  return {
    ...stat(part),
    label: 'prog+0x1000',
    function: '',
    inlined: '',
    file: '',
    line: 0,
    object: 'prog',
    path: '/usr/bin/prog',
    offset: '0x1000',
    members: 1,
    addLatencies: () => 0,
    addHistory: historyOf(part),
    sumsUp: '',
    revision: 0,
    identity: 0,
    ...part,
  };
}

export function thread(part: Partial<ThreadRow> = {}): ThreadRow {
  return {
    ...stat(part),
    tid: 100,
    pid: 100,
    comm: 'prog',
    alive: true,
    members: 1,
    addLatencies: () => 0,
    addHistory: historyOf(part),
    sumsUp: '',
    revision: 0,
    identity: 0,
    ...part,
  };
}

export function process(part: Partial<ProcessRow> = {}): ProcessRow {
  return {
    ...stat(part),
    pid: 100,
    ppid: 1,
    nsPid: 0,
    comm: 'prog',
    owner: UNKNOWN_OWNER,
    alive: true,
    members: 1,
    addLatencies: () => 0,
    addHistory: historyOf(part),
    sumsUp: '',
    revision: 0,
    identity: 0,
    threads: 1,
    worstThreadShare: 0,
    worstTid: 100,
    leftOut: 0,
    ...part,
  };
}

export function snapshot(part: Partial<Snapshot> = {}): Snapshot {
  return {
    now: 10e9,
    since: 0,
    elapsed: 10e9,
    totals: stat(),
    regions: [],
    threads: [],
    processes: [],
    sites: [],
    latency: CLASS_NAMES.map((faultClass) => ({
      faultClass,
      count: 0,
      totalNs: 0,
      maxNs: 0,
      p50Ns: NaN,
      p90Ns: NaN,
      p99Ns: NaN,
      p999Ns: NaN,
      buckets: [],
    })),
    changes: {},
    causeLatency: CAUSE_NAMES.map(() => ({ p50Ns: NaN, p99Ns: NaN })),
    latencyOverTime: () => ({ times: [], columns: [], count: 0 }),
    pairs: () => ({ regions: [], threads: [], faults: [] }),
    siteRegions: () => [],
    rowSites: () => [],
    stacks: () => [],
    siteStacks: () => [],
    mappedBy: () => [],
    hugePages: () => null,
    server: () => '',
    causeFacts: {
      swapInUse: false,
      numaBalancing: false,
      rereadShare: 0,
      answerer: 'unknown',
      busReasons: [],
    },
    caps: [],
    ...part,
  };
}
