import { compare, exceeds } from '../../../../src/core/compare/compare';
import { rankTest } from '../../../../src/core/compare/rank-test';
import { runFacts } from '../../../../src/core/compare/run-facts';
import type { RunFacts } from '../../../../src/core/compare/run-facts';

interface Row {
  readonly label: string;
  readonly faults: number;
  readonly stall_ns?: number;
}

/** A report of a command, as --report-format json has it. */
function run(rows: readonly Row[], more: object = {}, seconds = 1): RunFacts {
  const total = (of: (row: Row) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const report = {
    schema_version: 2,
    target: { kind: 'command' },
    elapsed_ns: seconds * 1e9,
    filter: null,
    summary: { faults: total(({ faults }) => faults), lost: 0 },
    totals: { stall_ns: total((row) => row.stall_ns ?? 1000 * row.faults) },
    capture: { limits: [] },
    regions: rows.map((row) => ({ stall_ns: 1000 * row.faults, p50_ns: 1, p99_ns: 2, ...row })),
    ...more,
  };
  return runFacts('run.json', report, 'region')!;
}

test.each([
  // Exact two-sided p of tables of U (n = m = 4, U = 0 and 1; n = m = 3, U = 0).
  [[1, 2, 3, 4], [5, 6, 7, 8], 2 / 70],
  [[1, 2, 3, 5], [4, 6, 7, 8], 4 / 70],
  [[1, 2, 3], [4, 5, 6], 0.1],
  [[1, 3, 5, 7], [1, 3, 5, 7], 1],
  [[7, 7, 7, 7], [7, 7, 7, 7], 1],
])('the rank test of %j and %j has p %d', (a, b, p) => {
  expect(rankTest(a, b)).toBeCloseTo(p, 10);
  expect(rankTest(b, a)).toBeCloseTo(p, 10);
});

test('rows go by their names, the largest change first; what is on one side only says so', () => {
  const a = run([
    { label: 'lib.so .text', faults: 500 },
    { label: '[anon]', faults: 300 },
    { label: '[anon]', faults: 100 },
    { label: 'gone.db', faults: 90 },
  ]);
  const b = run([
    { label: 'lib.so .text', faults: 500 },
    { label: '[anon]', faults: 4000 },
    { label: '[stack:77]', faults: 50 },
  ]);
  const { rows, total, perSecond } = compare([a], [b], 'faults');
  expect(perSecond).toBe(false);
  expect(rows.map(({ name, presence, same }) => [name, presence, same])).toEqual([
    ['[anon]', 'both', false],
    ['gone.db', 'gone', false],
    ['[stack of a thread]', 'new', false],
    ['lib.so .text', 'both', true],
  ]);
  expect(rows[0]).toMatchObject({
    faults: { a: 400, b: 4000, difference: 3600, percent: 900 },
    p50: [null, 1],
    p: null,
  });
  expect(total.faults).toMatchObject({ a: 990, b: 4550 });
});

test('a difference within twice the root of the counts is none', () => {
  const of = (b: number): boolean =>
    compare([run([{ label: 'x', faults: 100 }])], [run([{ label: 'x', faults: b }])], 'faults')
      .rows[0]!.same;
  // 2 * sqrt(100 + 130) = 30.3, 2 * sqrt(100 + 131) = 30.4
  expect(of(130)).toBe(true);
  expect(of(131)).toBe(false);
});

test('four runs a side are judged by ranks, three by counts', () => {
  const side = (...faults: number[]): RunFacts[] =>
    faults.map((count) => run([{ label: 'x', faults: count }]));
  const four = compare(side(100, 101, 102, 103), side(104, 105, 106, 107), 'faults').rows[0]!;
  expect(four.p).toBeCloseTo(2 / 70, 10);
  expect(four.same).toBe(false);
  expect(four.faults).toMatchObject({ a: 101.5, b: 105.5 });
  const mixed = compare(side(100, 103, 105, 106), side(101, 102, 104, 107), 'faults').rows[0]!;
  expect(mixed.same).toBe(true);
  const three = compare(side(100, 101, 102), side(104, 105, 106), 'faults').rows[0]!;
  expect(three).toMatchObject({ p: null, same: true });
});

test('--fail-over judges the total of B, and never what chance does', () => {
  const of = (a: number, b: number, percent: number): boolean =>
    exceeds(
      compare([run([{ label: 'x', faults: a }])], [run([{ label: 'x', faults: b }])], 'faults'),
      percent,
    );
  expect(of(1000, 1200, 10)).toBe(true);
  expect(of(1000, 1200, 20)).toBe(false);
  expect(of(1200, 1000, 0)).toBe(false);
  expect(of(10, 14, 10)).toBe(false);
  expect(of(0, 50, 10)).toBe(true);
});

test('where durations differ numbers are per second, but not of commands', () => {
  const attached = { target: { kind: 'pid' } };
  const [a, b] = [10, 20].map((seconds) =>
    run([{ label: 'x', faults: 100 * seconds }], attached, seconds),
  );
  const { rows, perSecond } = compare([a!], [b!], 'stall');
  expect(perSecond).toBe(true);
  expect(rows[0]).toMatchObject({
    faults: { a: 100, b: 100 },
    stall: { difference: 0 },
    same: true,
  });
  const commands = [10, 20].map((seconds) => run([{ label: 'x', faults: 100 }], {}, seconds));
  expect(compare([commands[0]!], [commands[1]!], 'stall').perSecond).toBe(false);
  for (const [command, perSecond] of [
    [['ls', '-l'], false],
    [null, true],
  ] as const) {
    const recorded = { target: { kind: 'recording', command } };
    const runs = [10, 20].map((seconds) => run([{ label: 'x', faults: 100 }], recorded, seconds));
    expect(compare([runs[0]!], [runs[1]!], 'stall')).toMatchObject({ perSecond });
  }
});

test('what differs in the captures is said', () => {
  const limited = { capture: { limits: ['no COW'] }, filter: 'class:major' };
  const { differs } = compare([run([])], [run([], limited)], 'stall');
  expect(differs).toEqual(['B only: no COW', 'B only: filter class:major']);
});

test.each([
  null,
  7,
  [],
  {},
  { schema_version: 1 },
  { schema_version: 2, summary: { faults: 'x' } },
])('%j is no report', (document) => {
  expect(runFacts('x', document, 'region')).toBeNull();
});

test('rows of any shape do no harm', () => {
  const report = {
    schema_version: 2,
    summary: { faults: 1 },
    regions: [null, 3, {}, { label: 7, faults: -1 }, { label: 'x', faults: Infinity }],
  };
  const facts = runFacts('x', report, 'region')!;
  expect([...facts.rows.keys()]).toEqual(['', 'x']);
  expect(compare([facts], [facts], 'stall').rows).toHaveLength(2);
});

test('numbers that no counter has are not taken', () => {
  const report = { schema_version: 2, summary: { faults: 1.7e308 } };
  expect(runFacts('x', report, 'region')).toBeNull();
  const rows = [
    { label: 'x', faults: 1e300 },
    { label: 'x', faults: 3 },
  ];
  const facts = runFacts('x', { ...report, summary: { faults: 3 }, regions: rows }, 'region')!;
  expect(facts.rows.get('x')?.faults).toBe(3);
});

test('with many runs p is that of scipy.stats.mannwhitneyu(method="asymptotic")', () => {
  const upTo = (n: number, value: (i: number) => number): number[] =>
    Array.from({ length: n }, (_, i) => value(i));
  const [a, b] = [upTo(30, (i) => i), upTo(30, (i) => i + 6.5)];
  expect(rankTest(a, b)).toBeCloseTo(0.0103146724, 6);
  expect(rankTest(b, a)).toBeCloseTo(0.0103146724, 6);
  const tied = [upTo(30, (i) => i % 5), upTo(26, (i) => (i % 5) + (i % 2))] as const;
  expect(rankTest(...tied)).toBeCloseTo(0.3192336795, 6);
  const same = upTo(500, () => 7);
  expect(rankTest(same, same)).toBe(1);
});
