import type { CauseFacts } from '../classify/cause-text';
import type { TimeGrid } from '../stats/over-time';
import type { ClassName, KindName } from '../classify/classes';
import type { Counted } from '../stats/cells';
import type { HugePageFacts } from '../facts/huge-pages';
import type { Owner } from '../facts/owner';
import type { Change } from './row-changes';

/**
 * A picture of the model at one moment: what the dashboard and the reports show. Plain data, made on
 * demand (a refresh, the end), never per fault. All times in ns, all rates per second.
 */
export interface Snapshot {
  /** ns since the session's start. */
  readonly now: number;
  /** ns since the session's start from which the counters run: 0, or when they were zeroed. */
  readonly since: number;
  /** ns over which the counters have run. */
  readonly elapsed: number;
  readonly totals: StatRow;
  readonly regions: readonly RegionRow[];
  readonly threads: readonly ThreadRow[];
  readonly processes: readonly ProcessRow[];
  /** The code that causes the faults; empty where nobody asked for it. */
  readonly sites: readonly SiteRow[];
  /** What is known of its rows beside those of the snapshot before; of none where they are not all that there are. */
  readonly changes: Readonly<Partial<Record<TableName, Change>>>;
  /** Latency histogram per class, in the order of CLASS_NAMES; ascending bounds, empty buckets left out. */
  readonly latency: readonly LatencyHistogram[];
  /** What half and what 99 % of the faults of each cause took no longer than, ns, in the order of CAUSE_NAMES; NaN without one. */
  readonly causeLatency: readonly { readonly p50Ns: number; readonly p99Ns: number }[];
  /** How long faults took from refresh to refresh (OverTime.latency). As with `pairs`, asked before the next batch. */
  readonly latencyOverTime: () => TimeGrid;
  /**
   * Who faulted where. Made when it is first asked for, because few do: whoever keeps a snapshot beyond the
   * next batch asks for it before. `region`: those of this one are wanted, by the id of its row.
   */
  readonly pairs: (region?: number) => PairRows;
  /** The regions that a call site hits, by its id, most faults first. As with `pairs`, asked before the next batch. */
  readonly siteRegions: (id: number) => readonly PairedRow[];
  /** The code that causes the faults of a thread or process, by the id of its row. As with `siteRegions`. */
  readonly rowSites: (table: 'threads' | 'processes', id: number) => readonly PairedRow[];
  /** Call stacks, most faults first; none where nobody asked for them. To be asked before the next batch. */
  readonly stacks: () => readonly StackRow[];
  /** Those of a call site, by its id: the ones with the most faults. As with `siteRegions`, asked before the next batch. */
  readonly siteStacks: (id: number) => readonly StackRow[];
  /** The call stack that mapped most of a region, by its id, root first; empty where none was seen. As with `stacks`. */
  readonly mappedBy: (id: number) => readonly string[];
  /** What of huge pages is known of a region, by its id; null where nothing is. */
  readonly hugePages: (id: number) => HugePageFacts | null;
  /** Who answers for a region's file, or its faults by userfaultfd, by its id, in words; '' where nothing is known for certain. */
  readonly server: (id: number, of: Served) => string;
  /** What qualifies the causes. */
  readonly causeFacts: CauseFacts;
  /** Why some numbers are bounds: tables that reached their cap, in words for a person. */
  readonly caps: readonly string[];
}

/** What faults wait for that is neither a disk nor the kernel. */
export type Served = 'file' | 'userfaultfd';

/** A row that may stand for several things. */
export interface SharedRow {
  /** Things that the row stands for. */
  readonly members: number;
  /** Why it stands for several, in words; '' for a row that stands for one thing. */
  readonly sumsUp: string;
  /**
   * Rises whenever something of this very row is another than before, but for its history and for what is a share of
   * the time since the counters run.
   */
  readonly revision: number;
  /** Rises with it where what is another is not counted: a name, where it lies, what it stands for. */
  readonly identity: number;
  /**
   * Adds its latencies by bucket (stats/histogram.ts) to `counts`; returns how many they are. Those of a
   * model's row are as they are when it is asked.
   */
  addLatencies(counts: Float64Array): number;
  /**
   * Adds its history to `sums`, HISTORY_TICKS numbers that end with the last tick; returns how many ticks it has. As it
   * is when it is asked: nothing is kept of it.
   */
  addHistory(sums: number[]): number;
}

/** Counters every row has: what is counted, as CELLS (core/stats/cells.ts) says, and what follows from it. */
export interface StatRow extends Counted {
  /** Stable while the row lives; a selection follows it. */
  readonly id: number;
  readonly faults: number;
  /** Resolved faults on pages that had faulted before: faults minus ERROR faults minus unique pages. */
  readonly refaults: number;
  /** NaN without a measured fault. Rows of a model make the percentiles when one is asked for, as with the history. */
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  /** stallNs as a share of `elapsed` (0..1; above 1 where several threads wait at once). */
  readonly stallShare: number;
  /**
   * Faults per tick, oldest first, at most HISTORY_TICKS of them. Only for the time until the next tick,
   * unless it was asked for before: rows of a model copy it then.
   */
  readonly history: readonly number[];
}

export interface RegionRow extends StatRow, SharedRow {
  readonly kind: KindName;
  /** What a person reads: `libc.so.6 .text`. Raw: outputs strip control characters. */
  readonly label: string;
  /** File path where there is one, '' otherwise. */
  readonly path: string;
  readonly section: string;
  readonly permissions: string;
  /** pid of the address space, 0 for rows folded from several. */
  readonly pid: number;
  readonly comm: string;
  /** Bytes mapped now, 0 when gone. */
  readonly size: number;
  /** Lowest and highest (exclusive) page seen mapped or faulted; 4 KiB units. */
  readonly startPage: number;
  readonly endPage: number;
  /** Of memory without a name who mapped most of it: the innermost frames of the call stack. '' where nobody knows. */
  readonly maker: string;
}

export interface ThreadRow extends StatRow, SharedRow {
  /** tid and pid are 0 for rows folded from several. */
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  readonly alive: boolean;
}

export interface ProcessRow extends StatRow, SharedRow {
  /** 0 for rows folded from several. */
  readonly pid: number;
  readonly ppid: number;
  /** Its number in its own pid namespace; 0 where that is ours, or not known. */
  readonly nsPid: number;
  readonly comm: string;
  /** Whose it is, as far as that is known. */
  readonly owner: Owner;
  readonly alive: boolean;
  readonly threads: number;
  /** Share of wall time of the thread that waits most. */
  readonly worstThreadShare: number;
  readonly worstTid: number;
  /** Of its faults those that are in no region, thread or place of code, but those of all processes that are not in detail. */
  readonly leftOut: number;
}

/** A line of a function, or one instruction where that is all that is known. */
export interface SiteRow extends StatRow, SharedRow {
  /** What a person reads: `reserve (in LoadIndex)`, `LoadIndex`, `libc.so.6+0x1a2b`. Raw, as all text here. */
  readonly label: string;
  /** '' where it is not known, as the others; 0 for the line. */
  readonly function: string;
  readonly inlined: string;
  readonly file: string;
  readonly line: number;
  /** `libc.so.6`, `[kernel]`; and its path where that is a file. */
  readonly object: string;
  readonly path: string;
  /** Of the first instruction that was met, in the file or, where that is none, in memory: hexadecimal. */
  readonly offset: string;
}

/** Faults with one call stack. */
export interface StackRow {
  /** Name of the thread. Raw. */
  readonly comm: string;
  /** Root first, without control characters or `;`. */
  readonly frames: readonly string[];
  /** What the sampled ones stand for. */
  readonly faults: number;
  /** ns, of the same. */
  readonly stallNs: number;
  /** Faults whose stack was taken. */
  readonly sampled: number;
}

/** Faults that a row of another table has in common with the one at hand. */
export interface PairedRow {
  readonly id: number;
  readonly label: string;
  readonly faults: number;
}

/** Faults of each region row by each thread row, by the ids of the rows. */
export interface PairRows {
  readonly regions: readonly number[];
  readonly threads: readonly number[];
  readonly faults: readonly number[];
}

/** The tables of a snapshot. */
export type TableName = 'regions' | 'threads' | 'processes' | 'sites';

export interface LatencyHistogram {
  readonly faultClass: ClassName;
  readonly count: number;
  readonly totalNs: number;
  readonly maxNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  /** Buckets with counts: lower bound (inclusive) and upper bound (exclusive), ns. */
  readonly buckets: readonly {
    readonly lowNs: number;
    readonly highNs: number;
    readonly count: number;
  }[];
}
