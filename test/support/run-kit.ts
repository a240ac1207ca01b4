import { Batch } from '../../src/core/wire/batch';
import { NO_COUNTERS } from '../../src/core/facts/capture-facts';
import type { KernelCounts, RecordCounters } from '../../src/core/facts/capture-facts';
import type { NoticeFacts } from '../../src/core/facts/notices';
import { Resolved } from '../../src/core/wire/resolved';
import { Run } from '../../src/app/run';
import type { CaptureSession, Clock, RunPorts } from '../../src/app/run';
import type { OpenFault } from '../../src/app/unfinished';
import { captureFacts } from './facts';

/** A session that hands out what a test queued: each entry is the completions of one batch. */
export class FakeSession implements CaptureSession {
  queue: number[][] = [];
  /** What comes out only after stop(). */
  tail: number[][] = [];
  open: OpenFault[] = [];
  lost: Partial<RecordCounters> = {};
  kernel = { minor: 0, major: 0, exact: true };
  notices: NoticeFacts[] = [];
  over = false;
  stops = 0;
  drains = 0;
  full = false;
  constructor(private readonly batch: Batch) {}
  signalTracepoint = true;
  get info() {
    const { signalTracepoint, notices } = this;
    return { ...captureFacts(0, 0).mode, signalTracepoint, notices };
  }
  crowded(): boolean {
    return this.full;
  }
  drain(buffer: ArrayBuffer): boolean {
    expect(buffer).toBe(this.batch.buffer);
    this.drains += 1;
    const next = this.queue.shift();
    if (next === undefined) return false;
    this.batch.faults = next.length;
    this.batch.records = 0;
    next.forEach((how, i) => {
      this.batch.flags[i] = how;
      this.batch.counted[i] = 1;
    });
    return true;
  }
  counters(): RecordCounters & { kernel: KernelCounts } {
    return { ...NO_COUNTERS, ...this.lost, kernel: this.kernel };
  }
  pending(max: number): OpenFault[] {
    return this.open.slice(0, max);
  }
  stop(): void {
    this.stops += 1;
    this.queue.push(...this.tail);
    this.tail = [];
  }
  ended(): boolean {
    return this.over;
  }
}

/** Time moves when the test says so; turns of the event loop are real. */
export class FakeClock implements Clock {
  time = 0;
  private beats: (() => void)[] = [];
  /** Of a recording, where nothing is read from it. */
  stoodStillAt: number | null = null;
  now(): number {
    return this.stoodStillAt ?? this.time;
  }
  passed(): number {
    return this.time;
  }
  /** Takes what an action throws; otherwise that goes where it would in the program. */
  onThrow: ((error: unknown) => void) | null = null;
  soon(action: () => void): void {
    setImmediate(() => {
      try {
        action();
      } catch (error) {
        if (this.onThrow === null) throw error;
        this.onThrow(error);
      }
    });
  }
  every(_ms: number, action: () => void): () => void {
    this.beats.push(action);
    return () => {
      this.beats = this.beats.filter((beat) => beat !== action);
    };
  }
  advance(ns: number): void {
    this.time += ns;
    for (const beat of this.beats) beat();
  }
  get running(): number {
    return this.beats.length;
  }
}

export class FakeWriter {
  ready = true;
  failure: object | null = null;
  written = 0;
  private waiter: (() => void) | null = null;
  whenReady(action: () => void): void {
    if (this.ready) action();
    else this.waiter = action;
  }
  release(): void {
    this.ready = true;
    const action = this.waiter;
    this.waiter = null;
    action?.();
  }
  abandon(): void {
    this.failure ??= { kind: 'stalled' };
    this.release();
  }
}

export interface Setup {
  readonly session: FakeSession;
  readonly clock: FakeClock;
  readonly writer: FakeWriter;
  readonly run: Run;
  /** Completions as they reached the model and the stream. */
  readonly consumed: number[];
  readonly written: number[];
  readonly said: string[];
}

export function setup(ports: Partial<RunPorts> = {}, writes = Infinity): Setup {
  const batch = new Batch();
  const session = new FakeSession(batch);
  const clock = new FakeClock();
  const writer = new FakeWriter();
  const consumed: number[] = [];
  const written: number[] = [];
  const said: string[] = [];
  let room = writes;
  const run = new Run(
    {
      session,
      consumer: {
        consume: (b) => {
          for (let i = 0; i < b.faults; i++) consumed.push(b.flags[i]!);
          return true;
        },
      },
      output: {
        writer,
        sink: {
          write: (from, end) => {
            for (let i = from; i < end; i++) {
              if (room === 0 && writer.failure === null) {
                writer.ready = false;
                room = writes;
                return i;
              }
              room -= 1;
              if (writer.failure === null) written.push(batch.flags[i]!);
            }
            return end;
          },
        },
      },
      whenReady: (action) => {
        clock.soon(action);
      },
      clock,
      limitReached: () => false,
      filtered: false,
      durationNs: null,
      askBlocked: (faults, told) => {
        told(faults.map(() => false));
      },
      onNotice: (notice) => said.push(notice.code),
      ...ports,
    },
    batch,
    new Resolved(),
  );
  return { session, clock, writer, run, consumed, written, said };
}

export const turns = async (n = 20): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

export async function isDone(run: Run): Promise<boolean> {
  const later = turns().then(() => null);
  return (await Promise.race([run.done, later])) !== null;
}
