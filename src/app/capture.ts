import type { BeyondFaults } from '../core/facts/beyond';
import type { MachineFaults } from '../core/facts/machine-faults';
import type { WholeFacts } from '../core/facts/target';
import type { SystemFacts } from '../core/classify/cause-text';
import type {
  BusSource,
  GuardSource,
  HugePageSource,
  NameSource,
  OwnerSource,
  ProcSource,
  ServerSource,
  SpaceSource,
  TlsSource,
  UnwindSource,
} from '../core/ports';
import type { InitialProcess } from '../core/resolve/model-options';
import type { NoticeFacts } from '../core/facts/notices';
import type { CaptureSession, RunResult } from './run';
import type { AskBlocked } from './unfinished';
import type { OpenFaultSource } from './waiting';

/** Where the faults of a run come from: a capture that goes on, or a recording of one. */
export interface Capture {
  readonly session: CaptureSession & OpenFaultSource;
  readonly source: ProcSource;
  readonly guards: GuardSource | null;
  readonly hugePages: HugePageSource | null;
  readonly bus: BusSource | null;
  readonly servers: ServerSource | null;
  readonly owners: OwnerSource | null;
  readonly spaces: SpaceSource | null;
  readonly names: NameSource | null;
  readonly unwinder: UnwindSource | null;
  readonly tls: TlsSource | null;
  readonly system: SystemFacts;
  /** What the kernel counted of the whole machine, where that is what is watched; null where it cannot be known. */
  readonly machine: MachineFaults | null;
  /** What the user should know about what is looked at. */
  readonly notes: readonly string[];
  /** COMMAND with its arguments, null without one. */
  readonly command: readonly string[] | null;
  readonly pids: readonly number[];
  readonly whole: WholeFacts | null;
  /** The file of a recording, null for a capture. */
  readonly recording: string | null;
  /** COMMAND of the run that was recorded; left out for a capture. */
  readonly ran?: readonly string[] | null;
  /** The recording that is written; left out where none can be. */
  readonly written?: {
    /** Nobody reads it any more. */
    readonly isClosed: boolean;
  };
  /** What tells it what else is learnt; null without one. */
  readonly noted?: { noteNotice(notice: NoticeFacts): void } | null;
  /** The run is over: the recording that is written ends with what the run says of itself. */
  finishRecording?(result: Pick<RunResult, 'facts' | 'stoppedAt'>, take: () => void): void;
  /** The processes whose beginning is in no record. */
  initialProcesses(): readonly (InitialProcess & { readonly pid: number })[];
  /** ns since the session's start. */
  now(): number;
  /** See RunPorts. */
  readonly askBlocked: AskBlocked;
  /** Calls back once when Model.consume() is to be called again. */
  whenReady(action: () => void): void;
  /** Runs what ends the capture, with looks at the processes that live right before and after. */
  aroundStop(stop: () => void, living: Iterable<number>): void;
  /** How many faults the kernel's accounts have beyond `reported`, of `met` processes; null for unknown. */
  beyond(met: number, reported: number): BeyondFaults | null;
}
