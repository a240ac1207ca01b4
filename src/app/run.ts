import { FAULT_CAPACITY } from '../core/wire/batch';
import type { Batch } from '../core/wire/batch';
import type {
  CaptureFacts,
  CaptureMode,
  KernelCounts,
  RecordCounters,
} from '../core/facts/capture-facts';
import { lostFaults } from '../core/facts/capture-facts';
import type { NoticeFacts } from '../core/facts/notices';
import type { BudgetKeeper } from './budget-keeper';
import type { Resolved } from '../core/wire/resolved';
import { Pump } from './pump';
import type { BatchConsumer, BatchSource, SinkWriter, StreamSink } from './pump';
import { fillErrors, splitUnfinished } from './unfinished';
import type { AskBlocked, OpenFault, Unfinished } from './unfinished';

/** What a run needs of a capture session; the addon's Session has it. */
export interface CaptureSession extends BatchSource {
  readonly info: CaptureMode & { readonly notices: readonly NoticeFacts[] };
  counters(): RecordCounters & { readonly kernel: KernelCounts };
  pending(max: number): readonly OpenFault[];
  stop(): void;
  ended(): boolean;
}

/** Time and turns of the event loop; tests run their own. */
export interface Clock {
  /** ns since the session's start. */
  now(): number;
  /** ns that pass while nothing is drained, too: the time of a recording stands still then. */
  passed(): number;
  soon(action: () => void): void;
  /** Calls back every `ms` until the returned function is called; keeps the process alive. */
  every(ms: number, action: () => void): () => void;
}

export interface RunPorts {
  readonly session: CaptureSession;
  readonly consumer: BatchConsumer;
  /** See PumpPorts. */
  readonly whenReady: (action: () => void) => void;
  readonly gather?: (action: () => void) => void;
  readonly output: {
    readonly sink: StreamSink;
    readonly writer: SinkWriter & { readonly failure: object | null; abandon(): void };
  } | null;
  readonly clock: Clock;
  /** True when -n is reached. */
  readonly limitReached: () => boolean;
  /** What else is written has no reader any more. */
  readonly outputClosed?: () => boolean;
  /** Not every fault is counted. */
  readonly filtered: boolean;
  /** Captures as many faults as may be. */
  readonly budget?: BudgetKeeper | null;
  readonly durationNs: number | null;
  readonly askBlocked: AskBlocked;
  /** Runs what ends the capture: for looks at the targets right before and after. */
  readonly aroundStop?: (stop: () => void) => void;
  readonly onNotice: (notice: NoticeFacts) => void;
  /** It is over, and `done` resolves next. */
  readonly onEnd?: (result: RunResult) => void;
  /** After each batch: the dashboard's event log. */
  readonly onBatch?: () => void;
}

export type StopReason = 'target' | 'interrupt' | 'duration' | 'count' | 'output' | 'failure';

export interface RunResult {
  readonly reason: StopReason;
  /** Session time at which capture ended. */
  readonly stoppedAt: number;
  readonly facts: CaptureFacts;
  readonly inFlight: readonly OpenFault[];
}

/** Between two looks at what does not wake the run by itself. Each costs an idle machine a wake-up. */
const HEARTBEAT_MS = 500;
/** The same with a budget, which is kept meanwhile. */
const BUDGET_HEARTBEAT_MS = 250;
/** The same with -d, whose end is seen this late at most. */
const TIMED_HEARTBEAT_MS = 100;
/** Beats between two looks at the session's notices: they come up rarely, and cost an object each. */
const NOTICE_BEATS = 2;
/** How long an end that was asked for waits for a reader that does not read. */
const PATIENCE_NS = 2e9;

/** One capture from its start to its end: pumps, watches for the reasons to stop, and closes the books. */
export class Run {
  readonly done: Promise<RunResult>;
  /** Resolves when capture has ended; what was captured may still have to be written. */
  readonly stopped: Promise<StopReason>;
  private resolve!: (result: RunResult) => void;
  private reject!: (error: unknown) => void;
  private resolveStopped!: (reason: StopReason) => void;
  private readonly pump: Pump;
  private reason: StopReason | null = null;
  private stoppedAt = 0;
  private askedAt = Infinity;
  private lastProgress = 0;
  private writtenThen = 0;
  private noticesSeen = 0;
  private beats = 0;
  /** Faults that were open when capture ended, null until that is known; and of them those in flight once all else is through. */
  private open: Unfinished<OpenFault> | null = null;
  private unfinished: readonly OpenFault[] | null = null;
  /** Of those open at the end, the ones that a signal had interrupted. */
  private interrupted = 0;
  private cancelHeartbeat: (() => void) | null = null;
  /** When there was nothing left to take the last time, ns. */
  private caughtUpAt = 0;

  constructor(
    private readonly ports: RunPorts,
    private readonly batch: Batch,
    resolved: Resolved,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.stopped = new Promise((resolve) => {
      this.resolveStopped = resolve;
    });
    this.pump = new Pump(
      {
        source: ports.session,
        consumer: ports.consumer,
        whenReady: ports.whenReady,
        output: ports.output,
        soon: (action) => {
          ports.clock.soon(action);
        },
        ...(ports.gather === undefined ? {} : { gather: ports.gather }),
        onBatch: () => {
          this.lastProgress = ports.clock.passed();
          ports.onBatch?.();
        },
        onIdle: () => {
          this.idle();
        },
      },
      batch,
      resolved,
    );
  }

  start(): void {
    this.cancelHeartbeat = this.ports.clock.every(this.heartbeatMs, () => {
      this.beat();
    });
    this.beat();
  }

  private get heartbeatMs(): number {
    const { durationNs, budget } = this.ports;
    if (durationNs !== null) return TIMED_HEARTBEAT_MS;
    return budget ? BUDGET_HEARTBEAT_MS : HEARTBEAT_MS;
  }

  /** The session has something to drain. */
  wake(): void {
    this.check();
    this.pump.notify();
  }

  /** Ends capture; what was captured is still written, then `done` resolves. Later calls do nothing. */
  stop(reason: StopReason): void {
    if (reason === 'interrupt' || reason === 'duration')
      this.askedAt = Math.min(this.askedAt, this.ports.clock.passed());
    if (this.reason !== null) return;
    this.endCapture(reason);
    this.pump.wake();
  }

  /**
   * Something of ours has failed: capture ends, and `done` resolves with what was counted so far, without touching
   * again what may have failed. It rejects where not even that can be told.
   */
  fail(): void {
    this.pump.halt();
    try {
      if (this.reason === null) this.endCapture('failure');
      this.resolveStopped(this.reason!);
      this.finish();
    } catch (error) {
      this.resolveStopped('failure');
      this.reject(error);
    }
  }

  private endCapture(reason: StopReason): void {
    this.reason = reason;
    const stop = (): void => {
      this.ports.session.stop();
    };
    if (this.ports.aroundStop === undefined) stop();
    else this.ports.aroundStop(stop);
    this.stoppedAt = this.ports.clock.now();
    const { session, askBlocked } = this.ports;
    const pending = session.pending(FAULT_CAPACITY);
    splitUnfinished(pending, this.stoppedAt, askBlocked, (open) => {
      this.open = open;
      // Not before: COMMAND is ended next, and then nobody can tell any more who waited.
      this.resolveStopped(reason);
      this.pump.wake();
    });
  }

  /** How old what was taken last is while more waits behind it, ns; next to nothing where the run keeps up. */
  get behindNs(): number {
    const now = this.ports.clock.now();
    // A batch is old, too, where nothing came after it.
    return Math.max(0, now - Math.max(this.caughtUpAt, this.batch.horizon));
  }

  /** What the run knows of itself now. */
  facts(): CaptureFacts {
    const { session } = this.ports;
    const { kernel, ...records } = session.counters();
    return {
      mode: this.mode(),
      received: { ...this.pump.counts },
      lost: lostFaults(records),
      kernel,
      inFlight: this.unfinished?.length ?? 0,
      inFlightNs: (this.unfinished ?? []).reduce(
        (ns, { entered }) => ns + this.stoppedAt - entered,
        0,
      ),
      records: { ...records, interrupted: records.interrupted + this.interrupted },
    };
  }

  private mode(): CaptureMode {
    const { session, filtered, budget } = this.ports;
    const { info } = session;
    if (!filtered && !budget) return info;
    const kept = budget ? { budget: budget.facts(this.reason !== null) } : {};
    return { ...info, ...(filtered ? { filtered } : {}), ...kept };
  }

  private beat(): void {
    if (this.reason === null) this.ports.budget?.beat();
    if (this.beats++ % NOTICE_BEATS === 0) this.notices();
    this.check();
    if (this.pump.blocked) this.giveUpIfStalled();
    else if (!this.pump.gathers) this.pump.wake();
  }

  private check(idle = false): void {
    const { ports } = this;
    if (this.reason !== null) return;
    if (ports.output !== null && ports.output.writer.failure !== null) this.stop('output');
    else if (ports.outputClosed?.() === true) this.stop('output');
    else if (ports.limitReached()) this.stop('count');
    else if (ports.durationNs !== null && ports.clock.now() >= ports.durationNs)
      this.stop('duration');
    else if (idle && ports.session.ended()) this.stop('target');
  }

  /** An end that was asked for outranks a reader that has stopped reading (a pager, a stopped process). */
  private giveUpIfStalled(): void {
    const { clock, output } = this.ports;
    if (output === null) return;
    if (output.writer.written !== this.writtenThen) {
      this.writtenThen = output.writer.written;
      this.lastProgress = clock.passed();
    }
    const since = Math.max(this.askedAt, this.lastProgress);
    if (clock.passed() - since >= PATIENCE_NS) output.writer.abandon();
  }

  private idle(): void {
    this.caughtUpAt = this.ports.clock.now();
    if (this.reason === null) {
      // Whatever stops us here leads to one more pass: the last records come out of a stopped session.
      this.check(true);
      return;
    }
    if (this.unfinished !== null) this.finish();
    else if (this.open !== null) this.closeBooks(this.open);
  }

  /** Everything captured is through: what was entered and never completed is decided now. */
  private closeBooks({ inFlight, left }: Unfinished<OpenFault>): void {
    const { session } = this.ports;
    this.unfinished = inFlight;
    // What sent a signal is no longer open: the addon has seen it, where it can see signals.
    if (session.info.signalTracepoint) this.interrupted = left.length;
    else if (left.length > 0) {
      fillErrors(this.batch, left, this.stoppedAt);
      this.pump.inject();
    }
    this.pump.wake();
  }

  private finish(): void {
    this.cancelHeartbeat?.();
    this.cancelHeartbeat = null;
    // What wakes it late finds the session closed.
    this.pump.halt();
    this.notices();
    const result = {
      reason: this.reason!,
      stoppedAt: this.stoppedAt,
      facts: this.facts(),
      inFlight: this.unfinished ?? [],
    };
    this.ports.onEnd?.(result);
    this.resolve(result);
  }

  private notices(): void {
    const { notices } = this.ports.session.info;
    for (const notice of notices.slice(this.noticesSeen)) this.ports.onNotice(notice);
    this.noticesSeen = notices.length;
  }
}
