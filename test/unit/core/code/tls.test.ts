import type { CodeFrame } from '../../../../src/core/code/address';
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

/** Answers when told to, by the ticket. */
class Tls implements TlsSource {
  readonly asked: { readonly pid: number; readonly tids: readonly number[]; ticket: number }[] = [];
  private answers: TlsAnswer[] = [];
  waited = false;
  private answered = 0;

  askTls(pid: number, tids: readonly number[], ticket: number): boolean {
    this.asked.push({ pid, tids, ticket });
    return true;
  }
  askAllTls(pid: number, ticket: number): boolean {
    this.asked.push({ pid, tids: [], ticket });
    return true;
  }
  /** Of the last question. */
  answer(told: Partial<TlsFacts> | null): void {
    const { ticket } = this.asked.at(-1)!;
    this.answered = this.asked.length;
    const all = { headersPage: TEXT, size: SIZE, starts: [FROM] };
    this.answers.push({ ticket, told: told === null ? null : { ...all, ...told } });
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
        tls.answer(round % 2 === 0 ? { starts: [0] } : null);
      }
      expect(hit(of)).toBe(null);
    }
    expect(rounds.length).toBeGreaterThan(4);
    expect(rounds.length).toBeLessThanOrEqual(9);
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
