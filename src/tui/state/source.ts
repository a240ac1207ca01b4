import type { Comparison } from '../../core/compare/compare';
import type { Compared } from '../../core/compare/run-facts';
import type { CgroupFacts, ProcessMemory } from '../../core/facts/cgroup-facts';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import type { MachineMemory } from '../../core/facts/machine-memory';
import type { RegionDetail } from '../../core/snapshot/region-detail';
import type { LatencyHistogram, Snapshot, TableName } from '../../core/snapshot/snapshot';
import type { RateSample } from '../layout/rates';
import type { EventLog, EventNames } from './event-log';

/** The world as the dashboard sees it. src/app implements it; tests with plain data. */
export interface DashboardSource {
  /**
   * The counters now. One call per refresh: the model samples its rates and histories here (tick). With
   * `reuse` the rows of the last snapshot made so may be filled again: it is no longer shown.
   */
  snapshot(reuse: boolean): Snapshot;
  header(): HeaderInfo;
  /** Where in a region (by the id of its row) its faults fall, and who made them; null when it is gone. */
  detail(regionId: number): RegionDetail | null;
  /** Latencies of rows (by id) of a table together, as they are now; one histogram per class. */
  latency(table: TableName, ids: ReadonlySet<number>): readonly LatencyHistogram[];
  /** The faults as they come; every batch is added to it, with `names` to name them. */
  readonly events: EventLog;
  readonly names: EventNames;
  /** Somebody looks at these processes: their regions, threads and code are told apart from now on. */
  open(pids: Iterable<number>): void;
  /** These, and no others, keep rows of their own however long ago they have ended. */
  keepApart(pids: readonly number[]): void;
  /** Sets the counters to zero. */
  zero(): void;
  /** `Summary: major=...`, without a newline. */
  summaryLine(): string;
  /**
   * Writes a file at once and completely or not at all (temporary file, then rename). Returns null, or
   * what went wrong in one line.
   */
  save(path: string, text: string): string | null;
  /** What is read of the rows that are on the screen. */
  readonly shown: ShownSource;
  /** The last lines COMMAND wrote to its stdout and stderr; null when there is no COMMAND. */
  output(): CommandOutput | null;
  /** A recording that is played; left out for a capture. */
  readonly replay?: ReplayControls;
  /** Two runs, in the place of one: left out where it is one. */
  readonly comparisons?: Comparisons;
  /** Of a recording: what was counted from tick to tick since this was last asked. */
  takeSamples?(): readonly RateSample[];
}

/** Two runs compared, by each of what they can be. */
export type Comparisons = Readonly<Record<Compared, Comparison>>;

/** Where a recording is, and where it goes. Times are ns from its start. */
export interface ReplayState {
  readonly position: number;
  /** null where the recording does not say how long it is. */
  readonly length: number | null;
  readonly playing: boolean;
  /** Times as fast as it was; 0: as fast as it can. */
  readonly speed: number;
  /** What is counted begins there. */
  readonly since: number;
  /** It is on its way there; null while it plays or stands. */
  readonly movingTo: number | null;
}

/** What can be done with a recording that is played. */
export interface ReplayControls {
  readonly state: ReplayState;
  /** The interval of the dashboard, ns. */
  intervalNs: number;
  /** Plays, or stands. */
  toggle(): void;
  /** On by so many intervals, or back; it stands then. As with seek(). */
  step(intervals: number): string;
  /** To a time. Returns what keeps it from there, '' for nothing. */
  seek(ns: number): string;
  faster(): void;
  slower(): void;
  /** It has come to where it was to go; `anew`: what was known before is gone. */
  onMoved(listener: (anew: boolean) => void): void;
}

/** Facts that are read of what somebody looks at alone. They come later: what is told is what came last. */
export interface ShownSource {
  /** These are on the screen now. */
  lookAtProcesses(pids: readonly number[]): void;
  /** The same of cgroups, by their paths. */
  lookAtCgroups(paths: readonly string[]): void;
  memory(pid: number): ProcessMemory | null;
  cgroup(path: string): CgroupFacts | null;
}

/** The memory around the faults. */
export interface MemoryInfo {
  /** Of the targets, in swap, bytes; NaN where it is not known. */
  readonly swap: number;
  /** Faults of the targets that were attached, from their beginning until capture began; null where there are none. */
  readonly before: { readonly minor: number; readonly major: number } | null;
  /** null as long as nothing was read. */
  readonly machine: MachineMemory | null;
}

export interface HeaderInfo {
  readonly targets: readonly TargetInfo[];
  /** The machine or the part of it that is watched, in place of targets. */
  readonly whole?: string;
  /** It is the demo: what it prints says where it is. */
  readonly isDemo?: boolean;
  /** What two runs are compared as, in place of all others. */
  readonly comparison?: Comparison;
  /** Of a recording: where it is. */
  readonly replay?: ReplayState;
  /** The target is gone: how it ended, in words. null while it lives. */
  readonly ended: string | null;
  /** It was a COMMAND, and its status says that it failed. */
  readonly failed: boolean;
  /** ns since capture began. */
  readonly elapsedNs: number;
  /** The time of the day at which capture began, ms since 1970; null where that is not known. */
  readonly startedAt: number | null;
  readonly capture: CaptureFacts;
  /** How old the newest faults are that were counted, while more wait; left out where that is never so. ns. */
  readonly behindNs?: number;
  /** What the capture cannot see or had to do differently, in words; empty for a full capture. */
  readonly limits: readonly string[];
  /** Resident memory of all targets, bytes; NaN where it cannot be read. */
  readonly rssBytes: number;
  /** Left out where nothing is read of it. */
  readonly memory?: MemoryInfo;
  /** User-mode faults that have not completed, oldest first. */
  readonly inFlight: readonly InFlightFault[];
  /** --filter as it was given, '' without one: faults it drops are in no counter. */
  readonly captureFilter: string;
}

export interface TargetInfo {
  readonly pid: number;
  readonly comm: string;
  readonly commandLine: string;
  readonly threads: number;
  /** One letter as in /proc/PID/stat, '' when gone. */
  readonly state: string;
}

export interface InFlightFault {
  readonly tid: number;
  /** Hexadecimal with 0x. */
  readonly address: string;
  readonly region: string;
  readonly forNs: number;
}

export interface CommandOutput {
  /** Raw; the dashboard cleans them. */
  readonly lines: readonly string[];
  /** Lines that were dropped because only so many are kept. */
  readonly dropped: number;
}
