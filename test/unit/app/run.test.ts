import { Batch, FAULT_CAPACITY, FaultFlag } from '../../../src/core/wire/batch';
import { completeness, totalLost } from '../../../src/core/facts/capture-facts';
import type { KernelCounts, RecordCounters } from '../../../src/core/facts/capture-facts';
import type { NoticeCode, NoticeFacts } from '../../../src/core/facts/notices';
import { Resolved } from '../../../src/core/wire/resolved';
import { Run } from '../../../src/app/run';
import type { CaptureSession, Clock, RunPorts, RunResult } from '../../../src/app/run';
import type { OpenFault } from '../../../src/app/unfinished';
import { captureFacts, NO_COUNTERS } from '../../support/facts';
import { openFault } from '../../support/fault-kit';

/** A session that hands out what a test queued: each entry is the completions of one batch. */
class FakeSession implements CaptureSession {
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
  constructor(private readonly batch: Batch) {}
  signalTracepoint = true;
  get info() {
    const { signalTracepoint, notices } = this;
    return { ...captureFacts(0, 0).mode, signalTracepoint, notices };
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
class FakeClock implements Clock {
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

class FakeWriter {
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

interface Setup {
  readonly session: FakeSession;
  readonly clock: FakeClock;
  readonly writer: FakeWriter;
  readonly run: Run;
  /** Completions as they reached the model and the stream. */
  readonly consumed: number[];
  readonly written: number[];
  readonly said: string[];
}

function setup(ports: Partial<RunPorts> = {}, writes = Infinity): Setup {
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

const { MIN, MAJ, NONE } = FaultFlag;
const turns = async (n = 20): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function isDone(run: Run): Promise<boolean> {
  const later = turns().then(() => null);
  return (await Promise.race([run.done, later])) !== null;
}

test('the target ends: what came with the stop is drained before the books are closed', async () => {
  const t = setup();
  t.session.queue = [[MIN, MAJ], [MIN]];
  t.session.tail = [[MIN, NONE]];
  t.session.over = true;
  t.session.kernel = { minor: 3, major: 1, exact: true };
  t.run.start();
  const result = await t.run.done;
  expect(result.reason).toBe('target');
  expect(t.consumed).toEqual([MIN, MAJ, MIN, MIN, NONE]);
  expect(t.written).toEqual(t.consumed);
  expect(result.facts.received).toEqual({ minor: 3, major: 1, unresolved: 1 });
  expect(completeness(result.facts)).toMatchObject({ captured: 4, lost: 0, difference: 0 });
  expect([t.session.stops, t.clock.running]).toEqual([1, 0]);
});

test.each([
  [{ durationNs: 2e9 }, 'duration'],
  [{ limitReached: () => true }, 'count'],
] as const)('%j stops for %s', async (ports, reason) => {
  const t = setup(ports);
  t.run.start();
  t.clock.advance(2e9);
  expect((await t.run.done).reason).toBe(reason);
});

test('nothing happens before the duration is over, and a wake-up brings what there is', async () => {
  const t = setup({ durationNs: 2e9 });
  t.run.start();
  t.clock.advance(1.9e9);
  t.session.queue = [[MIN]];
  t.run.wake();
  expect(await isDone(t.run)).toBe(false);
  expect(t.consumed).toEqual([MIN]);
  t.run.stop('interrupt');
  t.run.stop('duration');
  expect(await t.run.done).toMatchObject({ reason: 'interrupt', stoppedAt: 1.9e9 });
  expect(t.session.stops).toBe(1);
});

test('a waiting writer stops the draining, in the middle of a batch too, and nothing is lost', async () => {
  const t = setup({}, 3);
  t.session.queue = [[MIN, MIN, MAJ, MIN, MAJ], [MAJ], [MIN]];
  t.session.over = true;
  t.run.start();
  await turns();
  expect(t.written).toEqual([MIN, MIN, MAJ]);
  expect(t.session.drains).toBe(1);
  while (!(await isDone(t.run))) t.writer.release();
  expect(t.written).toEqual([MIN, MIN, MAJ, MIN, MAJ, MAJ, MIN]);
});

test.each([
  ['an interrupt', {}],
  ['the end of the duration', { durationNs: 100e9 }],
])(
  'a reader that does not read holds up the end only until %s and two seconds',
  async (_, ports) => {
    const t = setup(ports, 1);
    t.session.queue = [[MIN, MIN], [MIN]];
    t.session.over = true;
    t.run.start();
    await turns();
    t.clock.advance(99e9);
    expect(await isDone(t.run)).toBe(false);
    if (!('durationNs' in ports)) t.run.stop('interrupt');
    t.clock.advance(1e9);
    await turns();
    // COMMAND is ended now, not when the reader reads.
    expect(await t.run.stopped).toBe('durationNs' in ports ? 'duration' : 'interrupt');
    expect(await isDone(t.run)).toBe(false);
    t.clock.advance(2e9);
    const result: RunResult = await t.run.done;
    expect(t.written).toEqual([MIN]);
    // What could not be written was captured and counted all the same.
    expect(result.facts.received.minor).toBe(3);
  },
);

test('it does so where the time of what is read stands still: a recording', async () => {
  const t = setup({}, 1);
  t.session.queue = [[MIN, MIN]];
  t.clock.stoodStillAt = 5;
  t.run.start();
  await turns();
  t.run.stop('interrupt');
  t.clock.advance(2e9);
  expect(await t.run.done).toMatchObject({ reason: 'interrupt', stoppedAt: 5 });
});

test('a reader that is slow is waited for after the end that was asked for', async () => {
  const t = setup({}, 1);
  t.session.queue = [[MIN, MIN]];
  t.run.start();
  await turns();
  t.run.stop('interrupt');
  for (let seconds = 0; seconds < 10; seconds++) {
    t.writer.written += 1;
    t.clock.advance(1e9);
  }
  expect(t.writer.failure).toBeNull();
  t.clock.advance(3e9);
  await t.run.done;
  expect(t.writer.failure).not.toBeNull();
});

test('what fails in a callback ends the run with what was counted, and nothing is touched again', async () => {
  const t = setup({
    consumer: {
      consume: () => {
        throw new Error('broken');
      },
    },
  });
  t.session.queue = [[MIN], [MIN]];
  const thrown = new Promise<unknown>((resolve) => {
    t.clock.onThrow = resolve;
  });
  t.run.start();
  expect(await thrown).toMatchObject({ message: 'broken' });
  t.run.fail();
  expect(await t.run.stopped).toBe('failure');
  expect(await t.run.done).toMatchObject({ reason: 'failure' });
  await turns();
  expect(t.session.drains).toBe(1);
  expect(t.clock.running).toBe(0);
});

test('a session that fails too does not keep the end waiting', async () => {
  const t = setup();
  t.run.start();
  t.session.counters = () => {
    throw new Error('closed');
  };
  t.run.fail();
  expect(await t.run.stopped).toBe('failure');
  await expect(t.run.done).rejects.toThrow('closed');
});

test('a failed writer ends the run', async () => {
  const t = setup();
  t.run.start();
  t.writer.failure = { kind: 'closed', errno: 'EPIPE' };
  t.clock.advance(50e6);
  expect((await t.run.done).reason).toBe('output');
});

test.each([
  ['interrupted where signals are seen', true, 0, 1],
  ['errors where they are not', false, 1, 0],
])(
  'faults open at the end: blocked and young ones are in flight, old ones %s',
  async (_, signalTracepoint, unresolved, interrupted) => {
    const t = setup({
      askBlocked: (faults, told) => {
        told(faults.map(({ tid }) => tid === 2));
      },
    });
    t.session.signalTracepoint = signalTracepoint;
    t.session.open = [openFault(2, 0), openFault(3, 0), openFault(4, 9.99e9)];
    t.run.start();
    t.clock.advance(10e9);
    t.run.stop('interrupt');
    const result = await t.run.done;
    expect(result.inFlight.map((f) => f.tid)).toEqual([2, 4]);
    expect(result.facts.inFlight).toBe(2);
    expect(result.facts.received.unresolved).toBe(unresolved);
    expect(result.facts.records.interrupted).toBe(interrupted);
    expect(t.written).toEqual(
      unresolved > 0 ? [FaultFlag.NONE | FaultFlag.ENTRY | FaultFlag.INFERRED] : [],
    );
  },
);

test('what waits to be counted makes it late, and old batches alone do not', async () => {
  let consumes = true;
  const consumer = { consume: () => consumes };
  const t = setup({ consumer });
  t.run.start();
  await turns();
  t.clock.advance(60e9);
  await turns();
  // Nothing has come for a minute.
  expect(t.run.behindNs).toBe(0);
  // A batch that waits for an answer, and one behind it.
  consumes = false;
  t.session.queue = [[MIN], [MIN]];
  t.run.wake();
  await turns();
  t.clock.advance(2e9);
  await turns();
  expect(t.run.behindNs).toBe(2e9);
  consumes = true;
  await turns();
  expect(t.run.behindNs).toBe(0);
});

test('losses of the rings and of the mailbox add up, and count towards completeness', async () => {
  const t = setup();
  t.session.queue = [[MIN]];
  t.session.over = true;
  t.session.lost = {
    lostMinor: 5,
    lostMajor: 1,
    mailboxMinor: 10,
    mailboxUnresolved: 2,
    lostRecords: 99,
  };
  t.session.kernel = { minor: 16, major: 1, exact: true };
  t.run.start();
  const { facts } = await t.run.done;
  expect(totalLost(facts.lost)).toBe(18);
  expect(completeness(facts)).toEqual({
    captured: 1,
    lost: 16,
    kernel: 17,
    difference: 0,
    comparable: true,
  });
});

test('where the kernel does not say what it lost, the number of lost records is a bound', async () => {
  const t = setup();
  t.session.over = true;
  t.session.lost = { lostMinor: -1, lostMajor: -1, lostRecords: 7 };
  t.run.start();
  const { facts } = await t.run.done;
  expect(facts.lost).toEqual({ ring: 7, mailbox: 0, exact: false });
  expect(completeness(facts).comparable).toBe(false);
});

test('each notice is said once, also one that comes late', async () => {
  const t = setup();
  const notice = (code: NoticeCode): NoticeFacts => ({ code, errno: 0, detail: '' });
  t.session.notices = [notice('USER_ONLY')];
  t.run.start();
  t.clock.advance(50e6);
  t.session.notices = [notice('USER_ONLY'), notice('RING_SHRUNK')];
  t.run.stop('interrupt');
  await t.run.done;
  expect(t.said).toEqual(['USER_ONLY', 'RING_SHRUNK']);
});

test('open faults beyond what a batch holds do not overrun it', async () => {
  const t = setup();
  t.session.signalTracepoint = false;
  t.session.open = Array.from({ length: FAULT_CAPACITY + 5 }, (_, tid) => ({
    pid: 1,
    tid,
    address: 0x1000n,
    ip: 0n,
    entered: 0,
  }));
  t.run.start();
  t.clock.advance(1e9);
  t.run.stop('interrupt');
  const result = await t.run.done;
  expect(result.facts.received.unresolved).toBe(FAULT_CAPACITY);
});
