import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Buffer } from 'node:buffer';
import { NO_COUNTERS } from '../../core/facts/capture-facts';
import type { CaptureMode, KernelCounts, RecordCounters } from '../../core/facts/capture-facts';
import { AnalyzerError } from '../../core/facts/errors';
import type { NoticeFacts } from '../../core/facts/notices';
import { recordingTrouble } from '../../core/facts/recordings';
import { Batch } from '../../core/wire/batch';
import { NO_BUFFER } from '../../core/wire/columns';
import { replayPath } from '../../native/load';
import type { EndFact, RecordedMode } from './run-facts';
import { AnswerParser } from '../reader/frame';
import type { Frame } from '../reader/frame';
import { horizonOf, recordsFit, ReplayFacts, ReplayFrame, unpackBatch } from './replay-frames';

/** Batches that wait here before the reading one is made to wait. */
const MAX_WAITING = 4;
/** The same of batches from before the first fault: the mappings of 65,530 files and more. */
const MAX_BEFORE_BEGIN = 32;
/** Of x86; no recording says it. */
const PAGE_SIZE = 4096;

export interface ReplayRequest {
  /** '-' for standard input. */
  readonly file: string;
  /** There is something to drain. */
  readonly onWake: () => void;
  /** What the recording holds beside its records: all of it before it is open. */
  readonly onFact: (text: string) => void;
  /** Ends the waiting for its head, which may never come: what is open then has nothing in it. */
  readonly interrupt?: AbortSignal;
  /** What the run has said of itself, as far as it has been read. */
  readonly recorded?: RecordedRun;
  /** Of a file: faults are handed on from so many before a time on; left out, all. */
  readonly entrance?: Entrance;
}

export interface RecordedRun {
  readonly mode: RecordedMode | null;
  readonly notices: readonly NoticeFacts[];
  readonly end: EndFact | null;
}

export interface Entrance {
  /** ns from the recording's start. */
  readonly toNs: number;
  readonly faults: number;
}

/** What became of the process that reads. */
interface Ending {
  readonly facts: ReplayFacts;
  /** It did not come to its end. */
  readonly died: boolean;
}

/**
 * A recording as a session: batches come from a process that has given up all rights before it reads a byte
 * (addon/replay). It is made to wait where nobody drains.
 */
export class ReplaySession {
  private readonly mode: CaptureMode & { readonly notices: readonly NoticeFacts[] };
  /** ns: what comes later is not handed on. */
  until = Infinity;
  private asOf = 0;
  private batch = new Batch(NO_BUFFER);
  private stopped = false;

  private constructor(
    private readonly reading: Reading,
    /** What the recording says of itself; null where it was interrupted before that. */
    readonly head: ReplayFacts | null,
    private readonly recorded: RecordedRun | null,
  ) {
    const notices = recorded?.notices ?? [];
    this.mode = { ...modeOf(head ?? NOTHING), ...recorded?.mode, notices };
  }

  get info(): CaptureMode & { readonly notices: readonly NoticeFacts[] } {
    const { mode, ofRun } = this;
    return ofRun === null ? mode : { ...mode, threads: ofRun.threads };
  }

  /** How the run ended: where all of it is in the recording, and has been read. */
  private get ofRun(): EndFact | null {
    const whole = this.end?.facts.text('endNs') !== '' && this.end !== null && this.beginsNs === 0;
    return whole && this.reading.empty ? (this.recorded?.end ?? null) : null;
  }

  /** Throws AnalyzerError RECORDING where it cannot be read. */
  static async open(request: ReplayRequest): Promise<ReplaySession> {
    const { file, onWake, onFact, interrupt } = request;
    const reading = new Reading(file, onFact, request.entrance);
    interrupt?.addEventListener('abort', () => {
      reading.stop();
    });
    const head = await reading.head;
    if (head === null && interrupt?.aborted !== true) {
      const { facts } = await reading.ending;
      reading.kill();
      const why = recordingTrouble(facts.text('trouble'), facts.text('errno'));
      throw new AnalyzerError('RECORDING', `${file}: ${why}`);
    }
    reading.onNews = onWake;
    return new ReplaySession(reading, head, request.recorded ?? null);
  }

  /** Fills the batch buffer (core/wire/batch.ts). False when nothing was waiting. */
  drain(buffer: ArrayBuffer): boolean {
    const frame = this.isAhead ? undefined : this.reading.nextBatch();
    if (frame === undefined) return false;
    if (this.batch.buffer !== buffer) this.batch = new Batch(buffer);
    if (!unpackBatch(frame, buffer) || !recordsFit(this.batch)) {
      this.reading.fail();
      return false;
    }
    this.asOf = Math.max(this.asOf, this.batch.horizon);
    return true;
  }

  /** All up to `until` has been drained: what comes next is later, or nothing. */
  get isAhead(): boolean {
    const { next, end } = this.reading;
    return next === undefined ? end !== null : horizonOf(next) > this.until;
  }

  /** ns: how long the recording is; null where it does not say so. */
  get lengthNs(): number | null {
    const length = this.head?.number('lengthNs') ?? 0;
    return length === 0 ? null : length;
  }

  /** Faults of the whole recording, as far as is known before they have been read. */
  get faults(): number {
    return this.reading.begin?.number('faults') ?? 0;
  }

  /** ns from the recording's start: faults before it are not handed on. */
  get beginsNs(): number {
    return this.reading.begin?.number('beginsNs') ?? 0;
  }

  /** ns from the recording's start up to which all has been drained. */
  get now(): number {
    const { end, empty } = this.reading;
    const { ofRun } = this;
    if (ofRun !== null) return Math.max(this.asOf, ofRun.stoppedNs);
    return end !== null && empty ? end.facts.number('endNs', this.asOf) : this.asOf;
  }

  /** What was counted, complete once it has ended. */
  counters(): RecordCounters & { readonly kernel: KernelCounts } {
    const facts = this.reading.end?.facts ?? NOTHING;
    const { ofRun } = this;
    if (ofRun !== null) return { ...NO_COUNTERS, ...ofRun.records, kernel: ofRun.kernel };
    const lostKnown = facts.text('lostMinor') !== '';
    const counted = Object.fromEntries(
      COUNTED.map((name) => [name, facts.number(name)]),
    ) as unknown as Record<(typeof COUNTED)[number], number>;
    return {
      ...NO_COUNTERS,
      ...counted,
      lostMinor: lostKnown ? facts.number('lostMinor') : -1,
      lostMajor: lostKnown ? facts.number('lostMajor') : -1,
      kernel: { minor: facts.number('minor'), major: facts.number('major'), exact: false },
    };
  }

  /** How reading ended; null before that. */
  get end(): Ending | null {
    return this.reading.end;
  }

  /** Of faults that never completed nobody can be asked any more what became of them. */
  pending(): [] {
    return [];
  }

  pendingFaults(buffer: ArrayBuffer): void {
    const header = new DataView(buffer);
    header.setFloat64(0, this.asOf, true);
    header.setUint32(8, 0, true);
    header.setUint32(12, 0, true);
  }

  ended(): boolean {
    return this.stopped || (this.reading.end !== null && this.reading.empty);
  }

  /** Nothing more is read, nor drained. */
  stop(): void {
    this.stopped = true;
    this.reading.stop();
  }
}

/** Counters that a recording has. */
const COUNTED = [
  'lostRecords',
  'unpairedCompletions',
  'kernelEntries',
  'vsyscalls',
  'interrupted',
  'retried',
  'taintedEntries',
  'malformed',
  'foreign',
  'memorySharers',
] as const;

function modeOf(head: ReplayFacts): CaptureMode {
  return {
    entrySource: head.number('entries') === 1 ? 'tracepoint' : 'software',
    unmapTracepoints: head.number('unmaps') === 1,
    signalTracepoint: head.number('signals') === 1,
    userOnly: head.number('userOnly') === 1,
    wide: false,
    cpus: head.number('cpus'),
    threads: 0,
    descriptors: 0,
    ringBytes: 0,
    pageSize: PAGE_SIZE,
    recorded: true,
  };
}

const NOTHING = new ReplayFacts('');

function entranceArguments(entrance: Entrance | undefined): string[] {
  if (entrance === undefined) return [];
  const to = Math.min(Math.max(Math.round(entrance.toNs), 0), Number.MAX_SAFE_INTEGER);
  return [String(to), String(entrance.faults)];
}

/** The process that reads, and what it has said so far. */
class Reading {
  /** What the recording says of itself; null where it cannot be read. */
  readonly head: Promise<ReplayFacts | null>;
  readonly ending: Promise<Ending>;
  /** What it said before the first fault; null before that. */
  begin: ReplayFacts | null = null;
  end: Ending | null = null;
  /** There is a batch, or it has ended. */
  onNews: () => void = () => undefined;
  private readonly waiting: Buffer[] = [];
  private told: ReplayFacts | null = null;
  private readonly child: ChildProcess;
  private readonly parser = new AnswerParser();
  private tellHead!: (facts: ReplayFacts | null) => void;
  private tellEnd!: (end: Ending) => void;

  constructor(
    file: string,
    private readonly onFact: (text: string) => void,
    entrance?: Entrance,
  ) {
    this.head = new Promise((resolve) => {
      this.tellHead = resolve;
    });
    this.ending = new Promise((resolve) => {
      this.tellEnd = resolve;
    });
    // Where it lies is for the process to open: a FIFO whose writer has not come yet holds up nobody else.
    const args = file === '-' ? [] : [file, ...entranceArguments(entrance)];
    const stdin = file === '-' ? 'inherit' : 'ignore';
    // Of a group of its own: what a terminal or timeout(1) sends to ours is for us to answer.
    this.child = spawn(replayPath(), args, {
      stdio: [stdin, 'pipe', 'ignore'],
      detached: true,
      env: {},
    });
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.hear(bytes);
    });
    this.child.on('error', () => {
      this.finish(NOTHING, true);
    });
    this.child.on('close', () => {
      this.finish(NOTHING, true);
    });
  }

  get empty(): boolean {
    return this.waiting.length === 0;
  }

  get next(): Buffer | undefined {
    return this.waiting[0];
  }

  nextBatch(): Buffer | undefined {
    const frame = this.waiting.shift();
    if (!this.isFull) this.child.stdout?.resume();
    return frame;
  }

  private get isFull(): boolean {
    return this.waiting.length >= (this.begin === null ? MAX_BEFORE_BEGIN : MAX_WAITING);
  }

  /** What it said was nothing that it can have meant. */
  fail(): void {
    this.kill();
    this.finish(NOTHING, true);
  }

  /** Nobody wants more of it: that it does not come to its end is no trouble. */
  stop(): void {
    this.kill();
    this.finish(NOTHING, false);
  }

  kill(): void {
    this.waiting.length = 0;
    this.child.kill('SIGKILL');
    this.child.stdout?.destroy();
  }

  private hear(bytes: Buffer): void {
    const frames = this.parser.push(bytes);
    if (frames === null) this.fail();
    else for (const frame of frames) this.take(frame);
  }

  private take({ operation, payload }: Frame): void {
    switch (operation) {
      case ReplayFrame.HEAD:
        this.told = new ReplayFacts(payload.toString());
        return;
      case ReplayFrame.FACT:
        this.onFact(payload.toString());
        return;
      case ReplayFrame.BEGIN:
        this.begin = new ReplayFacts(payload.toString());
        if (!this.empty) this.tellHead(this.told);
        return;
      case ReplayFrame.BATCH:
        this.waiting.push(payload);
        if (this.begin !== null || this.isFull) this.tellHead(this.told);
        if (this.isFull) this.child.stdout?.pause();
        this.onNews();
        return;
      case ReplayFrame.END:
        this.finish(new ReplayFacts(payload.toString()), false);
    }
  }

  private finish(facts: ReplayFacts, died: boolean): void {
    if (this.end !== null) return;
    this.end = { facts, died };
    this.tellHead(this.told);
    this.tellEnd(this.end);
    this.onNews();
  }
}
