import { Guard } from '../../../../src/core/classify/rules';
import { GuardedRanges } from '../../../../src/core/classify/guarded-ranges';
import type { HugePageFacts } from '../../../../src/core/facts/huge-pages';
import type { GuardAnswer, HugePageAnswer, Reached } from '../../../../src/core/ports';
import { FileTime } from '../../../../src/sources/live/file-time';
import { NotedGuards, NotedHugePages } from '../../../../src/sources/live/noted-looks';
import { factText } from '../../../../src/sources/recording/recorded-facts';
import { RecordedSource } from '../../../../src/sources/recording/recorded-source';

const RANGE = { start: 16, end: 32, guard: Guard.ABSENT };
const FACTS: HugePageFacts = {
  start: 0x10000,
  end: 0x20000,
  resident: 4096,
  huge: 0,
  eligible: null,
  advised: true,
  refused: false,
  enabled: 'madvise',
  defrag: 'defer+madvise',
  pageSize: 2 << 20,
};

/** Processes 1 and 2 are known by now. */
const at = (horizon: number, known: readonly number[] = [1, 2]): Reached => ({
  horizon,
  spaceOf: (pid) => (known.includes(pid) ? `${pid}.0` : undefined),
});

function guardAnswer(of: Partial<GuardAnswer> = {}): GuardAnswer {
  return { pid: 1, space: '1.0', asOf: 900, ranges: [RANGE], bySelf: true, ...of };
}

/** Capture's looks, and the replay that is told of them. */
class Bench {
  readonly source = new RecordedSource();
  guardAnswers: GuardAnswer[] = [];
  memoryAnswers: HugePageAnswer[] = [];
  private readonly note = (...[fact]: Parameters<typeof factText>): void => {
    this.source.add(factText(fact));
  };
  readonly time = new FileTime();
  readonly guards = new NotedGuards(
    { askGuards: () => undefined, takeGuards: () => this.guardAnswers.splice(0) },
    this.note,
    this.time,
  );
  readonly memory = new NotedHugePages(
    { askHugePages: () => true, takeHugePages: () => this.memoryAnswers.splice(0) },
    this.note,
    this.time,
  );
}

test('what a capture took over a replay takes over when it has come as far, once', () => {
  const bench = new Bench();
  bench.guardAnswers = [guardAnswer(), guardAnswer({ space: '1.9' })];
  expect(bench.guards.takeGuards(at(1000))).toHaveLength(2);
  bench.guardAnswers = [guardAnswer({ asOf: 1900, ranges: [], bySelf: false })];
  bench.guards.takeGuards(at(2000));
  const { guards } = bench.source;
  expect(guards.takeGuards(at(999))).toEqual([]);
  expect(guards.takeGuards(at(1000))).toEqual([guardAnswer()]);
  expect(guards.takeGuards(at(1999))).toEqual([]);
  expect(guards.takeGuards(at(5000))).toEqual([
    guardAnswer({ asOf: 1900, ranges: [], bySelf: false }),
  ]);
  expect(guards.takeGuards(at(6000))).toEqual([]);
});

test('more ranges than a record holds are one answer', () => {
  const bench = new Bench();
  const ranges = Array.from({ length: 4096 }, (_, k) => ({
    start: 2 ** 51 + 2 * k,
    end: 2 ** 51 + 2 * k + 1,
    guard: Guard.ABSENT | Guard.WRITE,
  }));
  const longest: number[] = [];
  const guards = new NotedGuards(
    { askGuards: () => undefined, takeGuards: () => [guardAnswer({ ranges })] },
    (fact) => {
      longest.push(factText(fact).length);
      bench.source.add(factText(fact));
    },
    bench.time,
  );
  guards.takeGuards(at(1000));
  expect(Math.max(...longest)).toBeLessThan(60_000);
  expect(bench.source.guards.takeGuards(at(1000))).toEqual([guardAnswer({ ranges })]);
});

test('a file that is not the first begins with what holds, of processes that its records tell of', () => {
  const bench = new Bench();
  bench.time.begin(1000);
  bench.guards.begin();
  bench.guards.tellAgain(2, new GuardedRanges([RANGE], 700, true));
  bench.guardAnswers = [guardAnswer({ asOf: 1200 })];
  bench.guards.takeGuards(at(1300));
  const { guards } = bench.source;
  expect(guards.takeGuards(at(0, []))).toEqual([]);
  expect(guards.takeGuards(at(50))).toEqual([guardAnswer({ pid: 2, space: '2.0', asOf: 1 })]);
  expect(guards.takeGuards(at(300))).toEqual([guardAnswer({ asOf: 200 })]);
});

test('what is known of memory answers who asks for a page of it', () => {
  const bench = new Bench();
  bench.memoryAnswers = [{ ticket: 5, pid: 1, space: '1.0', facts: FACTS }];
  bench.memory.takeHugePages(at(1000));
  const { hugePages } = bench.source;
  for (const [ticket, page] of [
    [7, 0x10],
    [8, 0x20],
  ] as const) {
    expect(hugePages.askHugePages({ ticket, pid: 1, space: '1.0', page })).toBe(true);
  }
  expect(hugePages.takeHugePages(at(999))).toEqual([]);
  expect(hugePages.takeHugePages(at(1000))).toEqual([
    { ticket: 7, pid: 1, space: '1.0', facts: FACTS },
  ]);
  expect(hugePages.takeHugePages(at(9000))).toEqual([]);
});

test('a row that is asked about again has what was told last', () => {
  const bench = new Bench();
  const question = { ticket: 7, pid: 1, space: '1.0', page: 0x10 };
  const later = { ...FACTS, resident: 8192 };
  for (const [horizon, facts] of [
    [1000, FACTS],
    [2000, later],
  ] as const) {
    bench.memoryAnswers = [{ ticket: 5, pid: 1, space: '1.0', facts }];
    bench.memory.takeHugePages(at(horizon));
  }
  const { hugePages } = bench.source;
  hugePages.askHugePages(question);
  const told = (horizon: number): unknown =>
    hugePages.takeHugePages(at(horizon)).map(({ ticket, facts }) => [ticket, facts]);
  expect(told(1000)).toEqual([[7, FACTS]]);
  hugePages.askHugePages(question);
  expect(told(1500)).toEqual([[7, FACTS]]);
  expect(told(2000)).toEqual([[7, later]]);
});

test.each([
  { ranges: [16, 32] },
  { ranges: [32, 16, 16] },
  { ranges: [16, 32, 16, 20, 40, 16] },
  { ranges: [16, 32, 1] },
  { ranges: ['16', 32, 16] },
  { ranges: [-1, 32, 16] },
  { pid: 1.5 },
  { asOf: null },
])('guards with %j tell nothing', (wrong) => {
  const source = new RecordedSource();
  const right = { kind: 'guards', pid: 1, after: 0, asOf: 0, bySelf: true, more: false };
  source.add(JSON.stringify({ ...right, ranges: [16, 32, 16], ...wrong }));
  expect(source.guards.takeGuards(at(1))).toEqual([]);
});

test.each([{ enabled: '\u001b[2J' }, { defrag: 7 }, { start: -1 }, { pageSize: '2' }])(
  'memory with %j tells nothing',
  (wrong) => {
    const source = new RecordedSource();
    source.add(JSON.stringify({ kind: 'memory', pid: 1, after: 0, facts: { ...FACTS, ...wrong } }));
    source.hugePages.askHugePages({ ticket: 7, pid: 1, space: '1.0', page: 0x10 });
    expect(source.hugePages.takeHugePages(at(1))).toEqual([]);
  },
);
