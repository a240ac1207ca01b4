import { Guard } from '../../../../src/core/classify/rules';
import { GuardedRanges } from '../../../../src/core/classify/guarded-ranges';
import { PendingFaults, Waits } from '../../../../src/core/wire/pending-faults';
import { pend } from '../../../support/fault-kit';
import { HEAP_START, Rig } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';

const { ABSENT, WRITE } = Guard;
const ANON = 0x9000;
const SLOW = 2e6;

/** A process with anonymous memory of 256 pages at ANON. */
function rig(): Rig {
  const made = new Rig();
  made.attach(100, [vma(HEAP_START, HEAP_START + 64, '[heap]'), vma(ANON, ANON + 256)]);
  return made;
}

const causes = (of: Rig): string[] => of.run().map(({ cause }) => cause);
const touch = (of: Rig, from: number, n: number, latency = SLOW): void => {
  for (let k = 0; k < n; k++) of.fault({ page: from + k, latency });
};

describe('GuardedRanges', () => {
  const ranges = (): GuardedRanges =>
    new GuardedRanges(
      [
        { start: 10, end: 20, guard: ABSENT },
        { start: 20, end: 30, guard: WRITE },
        { start: 50, end: 60, guard: ABSENT },
      ],
      1000,
    );
  const shown = (of: GuardedRanges): string =>
    Array.from(
      { length: 70 },
      (_, page) => ({ 0: '.', [ABSENT]: 'a', [WRITE]: 'w' })[of.at(page)],
    ).join('');

  it('knows each page', () => {
    expect(shown(ranges())).toBe(
      `${'.'.repeat(10)}aaaaaaaaaawwwwwwwwww${'.'.repeat(20)}aaaaaaaaaa${'.'.repeat(10)}`,
    );
  });

  it('forgets what lost its mapping since, and cuts what did in part', () => {
    for (const [start, end] of [
      [12, 15],
      [0, 70],
      [15, 55],
      [30, 50],
      [10, 20],
    ] as const) {
      const of = ranges();
      const before = shown(of);
      of.forget(start, end, 1000);
      expect(shown(of)).toBe(before.slice(0, start) + '.'.repeat(end - start) + before.slice(end));
    }
  });

  it('keeps what lost its mapping before the look', () => {
    const of = ranges();
    of.forget(0, 70, 999);
    expect(shown(of)).toBe(shown(ranges()));
  });
});

describe('faults that a program may answer', () => {
  it('a very slow one makes it ask; those after the answer are told', () => {
    const of = rig();
    touch(of, ANON, 2);
    expect(causes(of)).toEqual(['demand-zero', 'demand-zero']);
    expect(of.guards.asked.map(({ pid }) => pid)).toEqual([100]);
    of.guards.answer(of.now, [{ start: ANON, end: ANON + 128, guard: ABSENT }]);
    touch(of, ANON + 2, 1);
    touch(of, ANON + 200, 1);
    of.fault({ page: ANON, code: 7 });
    of.fault({ page: ANON + 3, end: 'maj' });
    expect(of.run().map((v) => [v.class, v.cause])).toEqual([
      ['MINOR', 'userfaultfd'],
      ['MINOR', 'demand-zero'],
      ['COW', 'cow-anon'],
      ['MAJOR', 'userfaultfd'],
    ]);
    expect(of.model.snapshot(of.now).causeFacts.answerer).toBe('itself');
  });

  it.each([
    ['fast first touches', 1000, 6, 'min', 500, 0],
    ['some slow first touches', 30e3, 6, 'min', 20, 0],
    ['many slow first touches', 30e3, 6, 'min', 80, 1],
    ['some copies', 1000, 7, 'min', 20, 0],
    ['many copies', 1000, 7, 'min', 80, 1],
    ['a major fault where no swap is', 1000, 6, 'maj', 1, 1],
    ['faults without a latency', -1, 6, 'min', 500, 0],
  ] as const)('%s', (_, latency, code, end, n, asked) => {
    const of = rig();
    for (let k = 0; k < n; k++) of.fault({ page: ANON + (k % 256), latency, code, end });
    of.run();
    expect(of.guards.asked).toHaveLength(asked);
  });

  it('where swap is in use a major fault is nothing strange', () => {
    const of = rig();
    of.model.system = { swapInUse: true, numaBalancing: false };
    of.fault({ page: ANON, latency: 5e6, end: 'maj' });
    of.run();
    expect(of.guards.asked).toEqual([]);
  });

  it('slow reads of a file are no reason', () => {
    const of = new Rig().attach();
    for (let k = 0; k < 16; k++) of.fault({ page: 0x400 + k, code: 4, latency: 5e6, end: 'maj' });
    of.run();
    expect(of.guards.asked).toEqual([]);
  });

  it('asks again as long as there are such faults: it may be over', () => {
    const of = rig();
    touch(of, ANON, 1);
    of.run();
    of.guards.answer(of.now, [{ start: ANON, end: ANON + 256, guard: ABSENT }]);
    touch(of, ANON + 1, 1, 1000);
    expect(causes(of)).toEqual(['userfaultfd']);
    expect(of.guards.asked).toHaveLength(2);
    of.guards.answer(of.now, []);
    touch(of, ANON + 2, 1, 1000);
    expect(causes(of)).toEqual(['demand-zero']);
    expect(of.guards.asked).toHaveLength(2);
  });

  it('a mapping that is gone takes its registration with it', () => {
    const of = rig();
    touch(of, ANON, 1);
    of.run();
    of.guards.answer(of.now, [{ start: ANON, end: ANON + 256, guard: ABSENT }]);
    of.munmap(ANON, ANON + 64).mmap(vma(ANON, ANON + 64));
    of.mremap([ANON + 64, ANON + 128], [ANON + 0x1000, ANON + 0x1040]);
    for (const page of [ANON + 5, ANON + 0x1005, ANON + 130]) of.fault({ page });
    expect(causes(of)).toEqual(['demand-zero', 'demand-zero', 'userfaultfd']);
  });

  it('an answer about another program or process is not taken', () => {
    const of = rig();
    touch(of, ANON, 1);
    of.run();
    of.exec(100, 'other').mmap(vma(ANON, ANON + 256));
    of.run();
    of.guards.answer(of.now, [{ start: ANON, end: ANON + 256, guard: ABSENT }]);
    of.fault({ page: ANON });
    expect(causes(of)).toEqual(['demand-zero']);
  });

  it('a child does not take over what its parent registered', () => {
    const of = rig();
    touch(of, ANON, 1);
    of.run();
    of.guards.answer(of.now, [{ start: ANON, end: ANON + 256, guard: ABSENT }]);
    of.fork(100, 200)
      .fault({ page: ANON + 1, pid: 200 })
      .fault({ page: ANON + 1 });
    expect(causes(of)).toEqual(['demand-zero', 'userfaultfd']);
  });

  it('a fault that has not ended for long makes it ask', () => {
    const of = rig();
    const open = new PendingFaults();
    const stands = (waits: number, ns: number): number => {
      pend(open, 10e9, [{ entered: 10e9 - ns, address: ANON * 4096, waits }]);
      of.model.tick(10e9, open);
      return of.guards.asked.length;
    };
    expect(stands(Waits.YOUNG, 3e9)).toBe(0);
    expect(stands(Waits.BLOCKED, 50e6)).toBe(0);
    expect(stands(Waits.BLOCKED, 3e9)).toBe(1);
  });

  it('tells who answers', () => {
    const of = rig();
    const answered = (bySelf: boolean): string => {
      touch(of, ANON, 1);
      of.run();
      of.guards.answer(of.now, [{ start: ANON, end: ANON + 1, guard: ABSENT }], bySelf);
      of.run();
      return of.model.snapshot(of.now).causeFacts.answerer;
    };
    expect(of.model.snapshot(0).causeFacts.answerer).toBe('unknown');
    expect(answered(false)).toBe('another');
    expect(answered(true)).toBe('several');
  });
});
