import type { CodeFrame } from '../../../../src/core/code/address';
import { TLS_ENDED, TLS_STARTING, TLS_UNKNOWN } from '../../../../src/core/ports';
import type { TlsAnswer, TlsFacts, TlsSource } from '../../../../src/core/ports';
import { FakeNames } from '../../../support/fake-names';
import { ORDINARY, Rig } from '../../../support/model-kit';
import { backing, R, vma, W, X } from '../../../support/vma-kit';

const PAGE = 4096;
const TEXT = 0x5000;
const PROGRAM = vma(TEXT, TEXT + 16, '/usr/bin/prog', {
  prot: R | X,
  backing: backing('/usr/bin/prog', '77'),
});
const MEMORY = 0x70000;
const anon = (start: number, end: number): ReturnType<typeof vma> =>
  vma(start, end, '', { prot: R | W });
/** The variables begin in the middle of a page and fill two more. */
const FROM = MEMORY * PAGE + 0x800;
const SIZE = 2 * PAGE;

interface Question {
  readonly pid: number;
  readonly tids: readonly number[];
  readonly ticket: number;
  /** ms, 0 for at once. */
  readonly later: number;
}

/** Answers when told to, by the ticket. */
class Tls implements TlsSource {
  readonly asked: Question[] = [];
  private answers: TlsAnswer[] = [];
  waited = false;
  private answered = 0;

  askTls(pid: number, tids: readonly number[], ticket: number): boolean {
    this.asked.push({ pid, tids, ticket, later: 0 });
    return true;
  }
  askTlsLater(pid: number, tids: readonly number[] | null, ticket: number, later: number): boolean {
    this.asked.push({ pid, tids: tids ?? [], ticket, later });
    return true;
  }
  /** Of the last question. */
  answer(told: Partial<TlsFacts> | null, tids?: readonly number[]): void {
    const { ticket } = this.asked.at(-1)!;
    this.answered = this.asked.length;
    const all = { headersPage: TEXT, size: SIZE, starts: [FROM] };
    const facts = told === null ? null : { ...all, ...told };
    this.answers.push({ ticket, told: facts, ...(tids === undefined ? {} : { tids }) });
  }
  takeTls(): readonly TlsAnswer[] {
    return this.answers.splice(0);
  }
  expectsTls(): boolean {
    return this.waited && this.asked.length > this.answered;
  }
}

const frame = (name: string): CodeFrame => ({ function: name, offset: 0, file: '', line: 0 });

function rig(): { of: Rig; tls: Tls } {
  const tls = new Tls();
  const names = new FakeNames({ 'prog+0': [frame('first')], 'prog+1000': [frame('second')] });
  const of = new Rig({}, 'detail', { symbols: 'faults', names, tls });
  return { of: of.attach(100, [...ORDINARY, PROGRAM]), tls };
}

/** The place among the variables that fault i has hit; null for none. */
function hit(of: Rig, i = 0): number | null {
  return of.model.data(of.resolved.data[i]!)?.low ?? null;
}

describe('thread-local variables', () => {
  it('are waited for, and found at the place that their thread has them at', () => {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8));
    of.fault({ page: MEMORY, low: 0x800 }).fault({ page: MEMORY + 1, low: 0x810 });
    of.fault({ page: MEMORY, low: 0x7ff }).fault({ page: MEMORY + 2, low: 0x800 });
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    expect(tls.asked).toMatchObject([{ pid: 100, tids: [100] }]);
    tls.answer({});
    tls.waited = false;
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    expect([0, 1, 2, 3].map((i) => hit(of, i))).toEqual([0, 0x1010, null, null]);
    const address = of.model.data(of.resolved.data[0]!)!;
    expect(address.place).toMatchObject({ object: 'prog', path: '/usr/bin/prog' });
    // Known from then on.
    of.clear();
    of.fault({ page: MEMORY + 1, low: 0 });
    of.run();
    expect(hit(of)).toBe(0x800);
    expect(tls.asked).toHaveLength(1);
  });

  it('are asked for again, ever less often, where a thread has none yet', () => {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8));
    of.run();
    const rounds: number[] = [];
    for (let round = 0; round < 600; round++) {
      const before = tls.asked.length;
      of.clear();
      of.fault({ page: MEMORY + 1 });
      of.run();
      if (tls.asked.length > before) {
        rounds.push(round);
        tls.answer(round % 2 === 0 ? { starts: [TLS_UNKNOWN] } : null);
      }
      expect(hit(of)).toBe(null);
    }
    expect(rounds.length).toBeGreaterThan(4);
    expect(rounds.length).toBeLessThanOrEqual(9);
  });

  /** A thread that has faulted, and whose faults wait. */
  function starting(tid = 101): { of: Rig; tls: Tls } {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8)).thread(100, tid);
    of.fault({ page: MEMORY + 1, tid });
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    return { of, tls };
  }

  /** How often a batch is held up by answers, until it is consumed. */
  function heldUp({ of, tls }: ReturnType<typeof starting>, told: Partial<TlsFacts>): number {
    let times = 0;
    tls.answer(told);
    while (!of.model.consume(of.batch, of.resolved)) {
      tls.answer(told);
      times++;
    }
    return times;
  }

  it('of a thread that starts name its first fault, however often it has none yet', () => {
    for (let early = 1; early <= 8; early++) {
      const { of, tls } = starting();
      for (let n = 0; n < early; n++) {
        tls.answer({ starts: [TLS_STARTING] });
        expect(of.model.consume(of.batch, of.resolved)).toBe(false);
        expect(tls.asked.at(-1)).toMatchObject({ pid: 100, tids: [101], later: 3 * 2 ** n });
      }
      tls.answer({});
      expect(of.model.consume(of.batch, of.resolved)).toBe(true);
      expect([early, hit(of), tls.asked.length]).toEqual([early, 0x800, early + 1]);
    }
  });

  it('of a thread that has ended are not waited for', () => {
    expect(heldUp(starting(), { starts: [TLS_ENDED] })).toBe(0);
    // The records say so before the answer.
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8)).thread(100, 101);
    of.fault({ page: MEMORY + 1, tid: 101 }).exit(100, 101);
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    expect(heldUp({ of, tls }, { starts: [TLS_STARTING] })).toBe(0);
    expect(tls.asked).toHaveLength(1);
  });

  it('are not waited for again and again of a program whose threads have none', () => {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8));
    tls.waited = true;
    const times: number[] = [];
    for (let tid = 101; tid < 110; tid++) {
      of.thread(100, tid).fault({ page: MEMORY + 1, tid });
      expect(of.model.consume(of.batch, of.resolved)).toBe(false);
      times.push(heldUp({ of, tls }, { starts: [TLS_STARTING] }));
      of.clear();
    }
    expect(times).toEqual([8, 8, 8, 0, 0, 0, 0, 0, 0]);
    // Nor where one of them is mapped by another process.
    of.attach(200, [...ORDINARY, PROGRAM]).mmap(anon(MEMORY, MEMORY + 8), 200);
    of.fault({ page: MEMORY + 1, pid: 200, tid: 200 });
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    expect(heldUp({ of, tls }, { starts: [TLS_STARTING] })).toBe(0);
  });

  it('are known when the records come to where their memory is mapped', () => {
    const { of, tls } = rig();
    const heap = MEMORY + 0x100;
    of.mmap(anon(heap, heap + 1)).fault({ page: heap });
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    // It is of later than the batch.
    expect(heldUp({ of, tls }, {})).toBe(0);
    for (let n = 0; n < 20; n++) {
      of.clear();
      of.fault({ page: heap });
      of.run();
    }
    of.clear();
    of.mmap(anon(MEMORY, MEMORY + 8)).fault({ page: MEMORY + 1 });
    of.run();
    expect([hit(of), tls.asked.length]).toEqual([0x800, 1]);
  });

  it('are asked for again of a thread whose memory shows something else', () => {
    const { of, tls } = starting();
    tls.answer({});
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    of.clear();
    of.munmap(MEMORY, MEMORY + 8).mmap(anon(MEMORY, MEMORY + 8));
    of.run();
    of.clear();
    of.fault({ page: MEMORY + 1, tid: 101 });
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    tls.answer({});
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    expect(hit(of)).toBe(0x800);
  });

  it('are not asked for because of the stack that the kernel has made', () => {
    const { of, tls } = rig();
    of.mmap(vma(MEMORY, MEMORY + 8, '[stack]', { prot: R | W })).fault({ page: MEMORY + 1 });
    of.run();
    expect(tls.asked).toEqual([]);
  });

  /** A stack with its guard, whose variables are filled by who makes it. */
  function prepared(): { of: Rig; tls: Tls } {
    const { of, tls } = rig();
    of.mmap(vma(MEMORY - 1, MEMORY, '', { prot: 0 })).mmap(anon(MEMORY, MEMORY + 8));
    of.fault({ page: MEMORY + 1 });
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    // The thread that fills them has its own elsewhere.
    tls.answer({ starts: [(MEMORY - 0x100) * PAGE] });
    return { of, tls };
  }

  it('are those of a thread that is prepared: it is looked for until it is there', () => {
    const { of, tls } = prepared();
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    expect(tls.asked.at(-1)).toMatchObject({ pid: 100, tids: [] });
    tls.answer({ starts: [(MEMORY - 0x100) * PAGE] });
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    tls.answer({ starts: [0, FROM] });
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    expect(hit(of)).toBe(0x800);
    expect(tls.asked).toHaveLength(3);
    // It is not known yet: in the next batch it speaks for itself.
    tls.waited = false;
    of.clear();
    of.thread(100, 101).fault({ page: MEMORY + 1, tid: 101 });
    of.run();
    expect(tls.asked[3]).toMatchObject({ pid: 100, tids: [101] });
  });

  it('are known of a thread that was prepared, also if it has ended by then', () => {
    for (const [batches, known] of [
      [0, 0x800],
      [20, null],
    ]) {
      const { of, tls } = prepared();
      expect(of.model.consume(of.batch, of.resolved)).toBe(false);
      tls.answer({ starts: [0, FROM] }, [100, 101]);
      expect(of.model.consume(of.batch, of.resolved)).toBe(true);
      tls.waited = false;
      for (let n = 0; n < batches!; n++) {
        of.clear();
        of.run();
      }
      of.clear();
      // Nobody answers any more.
      of.thread(100, 101)
        .fault({ page: MEMORY + 1, tid: 101 })
        .exit(100, 101);
      of.run();
      expect([batches, hit(of)]).toEqual([batches, known]);
    }
  });

  it('are not looked for again and again where no thread comes', () => {
    const { of, tls } = prepared();
    for (let round = 0; round < 100; round++) {
      if (of.model.consume(of.batch, of.resolved)) break;
      tls.answer({ starts: [] });
    }
    expect([hit(of), tls.asked.length]).toEqual([null, 21]);
    for (let stack = 1; stack < 10; stack++) {
      const start = MEMORY + 0x100 * stack;
      of.clear();
      of.mmap(vma(start - 1, start, '', { prot: 0 })).mmap(anon(start, start + 8));
      of.fault({ page: start + 1 });
      while (!of.model.consume(of.batch, of.resolved)) tls.answer({ starts: [] });
    }
    expect(tls.asked.filter(({ tids }) => tids.length === 0)).toHaveLength(4 * 20);
  });

  it('are not asked for of programs that have none', () => {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8));
    of.run();
    for (let round = 0; round < 5; round++) {
      of.clear();
      of.fault({ page: MEMORY + 1 });
      of.run();
      if (round === 0) tls.answer({ size: 0, starts: [0] });
    }
    expect(tls.asked).toHaveLength(1);
  });

  it('are not what the memory held before it was theirs', () => {
    const { of, tls } = rig();
    of.mmap(anon(MEMORY, MEMORY + 8)).fault({ page: MEMORY + 1 });
    of.munmap(MEMORY, MEMORY + 8).mmap(anon(MEMORY, MEMORY + 8));
    of.fault({ page: MEMORY + 1 });
    tls.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    tls.answer({});
    tls.waited = false;
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    expect([hit(of, 0), hit(of, 1)]).toEqual([null, 0x800]);
  });

  it('are forgotten with their mapping, their thread and their program', () => {
    for (const end of ['munmap', 'exit', 'exec']) {
      const { of, tls } = rig();
      of.thread(100, 101);
      of.mmap(anon(MEMORY, MEMORY + 8)).fault({ page: MEMORY + 1, tid: 101 });
      of.run();
      tls.answer({});
      of.clear();
      of.fault({ page: MEMORY + 1, tid: 101 });
      of.run();
      expect([end, hit(of)]).toEqual([end, 0x800]);
      of.clear();
      if (end === 'munmap') of.munmap(MEMORY, MEMORY + 8).mmap(anon(MEMORY, MEMORY + 8));
      if (end === 'exit') of.exit(100, 101);
      if (end === 'exec') of.exec(100, 'other').mmap(anon(MEMORY, MEMORY + 8));
      of.run();
      of.clear();
      of.fault({ page: MEMORY + 1 });
      of.run();
      expect([end, hit(of)]).toEqual([end, null]);
    }
  });
});
