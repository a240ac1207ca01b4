import type { Engine } from '../core/facts/capture-facts';
import type { GroupedBy } from '../core/snapshot/process-groups';
import type { Recording, Target } from '../core/facts/target';
import type { StackOptions } from '../native/contract';

/** What options ask for, and which have an effect where. */
export interface Effects {
  /** 'auto': the dashboard where stdin and stdout are terminals. */
  readonly view: 'auto' | 'tui' | 'stream';
  /** Given options that have no effect should there be no terminal, as they are written. */
  readonly dashboardOnly: readonly string[];
}

/** What a run is asked for, checked and complete. */
export interface Options extends Effects {
  readonly target: Target | Recording;
  readonly children: boolean;
  readonly format: 'text' | 'csv' | 'ndjson' | 'folded';
  readonly output: string | null;
  readonly quiet: boolean;
  /** Of a recording the faults of this time, ns from its start. */
  readonly fromNs: number;
  readonly toNs: number;
  /** A recording is played so many times as fast as it was; 0: as fast as it can. */
  readonly speed: number;
  /** Where what is captured goes, too, '-' for standard output; null for nowhere. */
  readonly record: string | null;
  /** The recording is compressed. */
  readonly compress: boolean;
  /** Bytes that it keeps, the last, in files that take turns; null: all, in one. */
  readonly recordLimit: number | null;
  readonly report: 'none' | 'text' | 'json';
  /** What report and tables group processes by; null where it was not asked. */
  readonly by: GroupedBy | null;
  /** A table of processes every interval, in place of the stream of faults. */
  readonly batch: boolean;
  /** Counters for a collector, every interval; null for none. */
  readonly openmetrics: string | null;
  readonly latency: boolean;
  /** Every fault of the stream with the names of its code and data. */
  readonly symbols: boolean;
  /** User call stacks; null for none. */
  readonly stacks: StackOptions | null;
  /** What folded stacks are weighed by. */
  readonly weigh: 'count' | 'stall';
  /** Code is named at all. */
  readonly naming: boolean;
  readonly fixedTs: boolean;
  readonly durationNs: number | null;
  readonly count: number | null;
  readonly filter: string | null;
  readonly dump: string | null;
  readonly intervalMs: number;
  /** The dashboard's looks that were asked for, by the names of their options: settings do not overrule them. */
  readonly chosen: ReadonlySet<'interval' | 'theme' | 'mouse'>;
  readonly ascii: boolean;
  readonly theme: 'dark' | 'light' | 'none';
  readonly mouse: boolean;
  readonly exitWithTarget: boolean;
  readonly commandOutput: string | null;
  /** Data pages per ring, a power of two; 0 lets the addon choose. */
  readonly ringPages: number;
  /** The only way of capture to be used; null for the best that can be had. */
  readonly engine: Engine | null;
  /** So manyth minor fault is captured, on average, and the others are counted; 1: each. */
  readonly every: number;
  /** As many are captured as may cost that share of CPU time, in percent; null: no matter what. */
  readonly budget: number | null;
  /** Descriptor that is told when capture is on. */
  readonly readyFd: number | null;
}

/** Of a run that captures. */
export interface CaptureOptions extends Options {
  readonly target: Target;
}
