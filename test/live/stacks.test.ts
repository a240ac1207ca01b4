import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  analyze,
  analyzerCommand,
  captureAttached,
  captureCommand,
  reportIn,
} from '../support/analyzer';
import { withFramelessLeaves, withFrames } from '../support/build';
import { besidePerfStat } from '../support/perf';
import {
  DEEP,
  HANDLER,
  inOrder,
  MADE,
  madeBy,
  ownPart,
  RECURSION,
  stacksIn,
  THREAD,
  THREADS,
} from '../support/stacks-kit';
import { expectChains } from '../support/stacks-kit';
import type { Mapped, WithStack } from '../support/stacks-kit';
import { Running } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, jsonLines, truthRows } from '../support/truth';

const PAGES = 300;
const BPF = ['--engine', 'bpf'];
const EVERY = ['--stacks', 'fp', '--stack-every', '1'];

let scratch: string;
let program: readonly string[];
beforeAll(() => {
  scratch = scratchDirectory();
  program = [withFrames('chains'), '--pages', String(PAGES)];
});
afterAll(() => {
  removeScratch(scratch);
});

/** Whom a signal interrupts is not found by frame pointers: behind main comes what returns from it. */
function expectHandler(stacks: readonly string[][]): void {
  for (const stack of stacks) {
    const own = ownPart(stack);
    expect([own[0], own.slice(2)]).toEqual(['main', HANDLER]);
    expect(own[1]).toMatch(/^libc|^chains.*\+0x|restore/);
  }
}

test.each([
  ['started', () => captureCommand(program, scratch, { args: EVERY })],
  ['attached to', () => captureAttached(program, scratch, EVERY)],
  ['started, BPF', () => captureCommand(program, scratch, { args: [...BPF, ...EVERY] })],
  ['attached to, BPF', () => captureAttached(program, scratch, [...BPF, ...EVERY])],
])('%s: a stack of every fault, its functions from root to leaf', async (_, capture) => {
  const { rows, faults, report } = await capture();
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  expectHandler(expectChains(inOrder(rows), faults, PAGES));
});

// Where gcc optimises a function that calls nothing has no frame: below.
const OPTIMISED = ['-O2', '-fno-inline', '-fno-optimize-sibling-calls'];

test.each([
  ['clang', []],
  ['gcc', ['-no-pie']],
  ['gcc', ['-static']],
  ['clang', ['-static-pie']],
  ['gcc', ['-gdwarf-4']],
  ['clang', OPTIMISED],
])('%s %s with frame pointers: every frame of every fault', async (compiler, flags) => {
  const built = [withFrames('chains', flags, compiler), '--pages', '60'];
  const { rows, faults } = await captureCommand(built, scratch, { args: EVERY });
  expectHandler(expectChains(inOrder(rows), faults, 60));
});

/** What tells it of those that have one, too: neither .eh_frame nor .debug_frame. */
const NO_TABLES = ['-g0', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];

test('that a function has a frame is seen where no table tells', async () => {
  const framed = [withFrames('chains', NO_TABLES), '--pages', '60'];
  const { rows, faults } = await captureCommand(framed, scratch, { args: EVERY });
  expectHandler(expectChains(inOrder(rows), faults, 60));
});

test.each([
  ['with unwind tables', []],
  ['without', NO_TABLES],
])('the caller of a function without a frame is said to be unknown: %s', async (_, flags) => {
  const leaves = [withFramelessLeaves('chains', flags), '--pages', '60'];
  const { rows, faults } = await captureCommand(leaves, scratch, { args: EVERY });
  const [deep, recursion, , , ...threads] = stacksIn(inOrder(rows), faults);
  const all = (chain: readonly string[]): string[][] =>
    Array.from({ length: 60 }, () => [...chain]);
  expect(deep!.map(ownPart)).toEqual(all(['main', ...DEEP.slice(0, -2), '[unknown]', 'd1']));
  for (const thread of threads)
    expect(thread.map(ownPart)).toEqual(all(['t_main', '[unknown]', 't_touch']));
  // It calls itself, and has a frame.
  expect(recursion!.map(ownPart)).toEqual(all(['main', ...RECURSION]));
});

interface StackCells {
  readonly frames: readonly string[];
  readonly faults: number;
  readonly sampled: number;
  readonly weight: number;
  readonly stall_ns: number;
}

test('the report has the stacks, with the faults and the time of each', async () => {
  const { report, faults } = await captureCommand(program, scratch, { args: EVERY });
  const { stacks } = report as unknown as { readonly stacks: readonly StackCells[] };
  const deep = stacks.filter(({ frames }) => frames.at(-1) === 'd1');
  expect(deep).toHaveLength(1);
  expect(ownPart(deep[0]!.frames)).toEqual(['main', ...DEEP]);
  expect(deep[0]).toMatchObject({ faults: PAGES, sampled: PAGES, weight: 1 });
  const stall = (faults as readonly WithStack[])
    .filter(({ stack }) => stack?.at(-1) === 'd1')
    .reduce((sum, { latency_ns: ns }) => sum + (ns ?? 0), 0);
  expect(deep[0]!.stall_ns).toBe(stall);
});

test('the report for a person has them as a tree', async () => {
  const ended = await analyze(['-q', '--report', ...EVERY, '--', ...program], { cwd: scratch });
  expect(ended.status).toBe(0);
  const tree = /\nStacks\n([^]*?)\n\n/.exec(ended.stdout)![1]!.split('\n');
  expect(tree[0]).toMatch(/^ +STALL +ALL +STACK, root first$/);
  const line = (end: string): string => tree.find((text) => text.endsWith(end))!;
  expect(line('d20;d19;d18;d17;... 13 more ...;d3;d2;d1')).toMatch(/ 300 {4,}d20/);
  expect(line('recurse x12')).toMatch(/ 300 {4,}recurse/);
  expect(line(THREAD.join(';'))).toMatch(/ 1,200 /);
});

describe('who made a mapping', () => {
  const PAGES_MAPPED = 400;
  let makers: readonly string[];
  beforeAll(() => {
    makers = [withFrames('makers'), '--pages', String(PAGES_MAPPED)];
  });

  it.each([
    ['started', () => captureCommand(makers, scratch, { args: EVERY })],
    ['attached to', () => captureAttached(makers, scratch, ['--stacks', 'fp'])],
  ])('%s: mmap, mremap and brk, whoever touches it', async (_, capture) => {
    const { rows, report } = await capture();
    expect(madeBy(rows, report)).toEqual(MADE);
  });

  it('is not told where it was made before, nor without stacks', async () => {
    const { report } = await captureAttached(program, scratch, EVERY);
    // The memory of chains is there when it says that it is ready.
    const { regions } = report as unknown as { readonly regions: readonly Mapped[] };
    const anon = regions.filter(({ kind }) => kind === 'anon');
    expect(anon.length).toBeGreaterThan(0);
    expect(anon.some(({ mapped_by: by }) => by?.includes('main') === true)).toBe(false);
    const plain = await captureCommand(makers, scratch, {});
    const mapped = (plain.report as unknown as { readonly regions: readonly Mapped[] }).regions;
    for (const region of mapped) expect(region.mapped_by).toBeNull();
  });

  it('stands in the report for a person', async () => {
    const ended = await analyze(['-q', '--report', ...EVERY, '--', ...makers], { cwd: scratch });
    expect(ended.status).toBe(0);
    const heading = /\nRegions\n(.*)\n/.exec(ended.stdout)![1]!;
    expect(heading).toMatch(/MAPPED BY$/);
    // Both that it has made are one row.
    const made = ended.stdout.split('\n').filter((line) => line.includes('m_outer;m_middle'));
    expect(made.filter((line) => line.endsWith('main;m_outer;m_middle;m_map;call'))).toEqual([
      expect.stringMatching(/^ {2}\[anon\] x2 .* 800 /),
    ]);
  });
});

/** Faults, or microseconds, by folded line. */
function folded(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    const at = line.lastIndexOf(' ');
    lines.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return lines;
}

test('folded: a line per stack, and nothing else', async () => {
  const file = join(scratch, 'folded');
  const ended = await analyze(
    ['--format', 'folded', '--stack-every', '1', '-o', file, '--', ...program],
    { cwd: scratch },
  );
  expect(ended.status).toBe(0);
  const text = readFileSync(file, 'utf8');
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^[^;]+(;[^;]+)* [1-9]\d*$/);
  const by = (leaf: string): [string, number][] =>
    [...folded(text)].filter(([line]) => line.endsWith(`;${leaf}`));
  expect(by('d1').map(([, n]) => n)).toEqual([PAGES]);
  expect(by('d1')[0]![0]).toContain(`;main;${DEEP.join(';')}`);
  expect(by('d1')[0]![0]).toMatch(/^chains-frames;/);
  expect(by('t_touch').map(([, n]) => n)).toEqual([THREADS * PAGES]);
  expect(by('recurse').map(([, n]) => n)).toEqual([PAGES]);
});

test('faults are counted exactly with stacks of some of them, as perf stat counts', async () => {
  const { target, tracer, perf } = await besidePerfStat(
    program,
    scratch,
    (pid) =>
      new Running(
        analyzerCommand([
          ...[
            '--ready-fd',
            '3',
            '-q',
            '--report-format',
            'json',
            '--stacks',
            'fp',
            '--stack-every',
            '7',
          ],
          ...['-p', String(pid)],
        ]),
        { tellsReady: true },
      ),
  );
  expect(target.status).toBe(0);
  const report = reportIn(tracer);
  expect(report.summary).toMatchObject({ major: perf.major, lost: 0 });
  expect(report.summary.minor! + report.summary.cow!).toBe(perf.minor);
  const { stacks } = report as unknown as { readonly stacks: readonly StackCells[] };
  for (const { sampled, faults, weight } of stacks)
    expect([faults, weight]).toEqual([7 * sampled, 7]);
  const deep = stacks.find(({ frames }) => frames.at(-1) === 'd1')!;
  // A thread's every seventh fault: of PAGES in a row one more or less.
  expect(Math.abs(deep.sampled - PAGES / 7)).toBeLessThanOrEqual(1);
  expect(truthRows(target.stdout)).toHaveLength(4 + THREADS);
});

test('without --stack-every the stacks stand for all faults, however many there are', async () => {
  const many = [program[0]!, '--pages', '20000'];
  const ended = await analyze(['-q', '--report-format', 'json', '--stacks', 'fp', '--', ...many], {
    cwd: scratch,
  });
  const report = reportIn(ended);
  expect(jsonLines(ended.stdout).length).toBeGreaterThan(0);
  const { stacks } = report as unknown as { readonly stacks: readonly StackCells[] };
  const sum = (of: 'faults' | 'sampled'): number => stacks.reduce((n, row) => n + row[of], 0);
  expect(sum('sampled')).toBeGreaterThan(0);
  expect(sum('sampled')).toBeLessThan(report.summary.faults!);
  expect(sum('faults') / report.summary.faults!).toBeGreaterThan(0.5);
  expect(sum('faults') / report.summary.faults!).toBeLessThan(1.5);
  // Half of all faults are those of its four threads.
  const { findings } = report as unknown as { readonly findings: readonly FoundCode[] };
  expect(findings[0]).toMatchObject({ id: 'first-touch', regions: ['[anon]'] });
  expect(findings[0]!.call_sites[0]).toBe('t_touch');
  expect(findings[0]!.called_by!.slice(-2)).toEqual(THREAD.slice(0, -1));
  expect(findings[0]!.text).toMatch(
    / in \[anon\] \(mapped by [^)]*main;[^)]+\), by t_touch, called by [^ ]*t_main;t_middle; /,
  );
});

interface FoundCode {
  readonly text: string;
  readonly call_sites: readonly string[];
  readonly called_by: readonly string[] | null;
}

/** Chains that `perf record -g` has of a program, root first, each once: functions of the program alone. */
function perfChains(command: readonly string[]): Set<string> {
  const data = join(scratch, 'perf.data');
  const within = (args: readonly string[]): string =>
    execFileSync('unshare', ['--mount', 'perf', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
  within([
    ...['record', '-q', '-e', 'page-faults:u', '-c', '1', '-m', '8M', '-g', '-o', data, '--'],
    ...command,
  ]);
  const chains = new Set<string>();
  for (const event of within(['script', '-i', data, '-F', 'ip,sym,dso']).split('\n\n')) {
    const names = event
      .split('\n')
      .filter((line) => line.includes('chains-frames'))
      .map((line) => line.trim().split(/\s+/)[1]!);
    chains.add(names.reverse().join(';'));
  }
  return chains;
}

test('the functions are those of perf record -g', async () => {
  const { rows, faults } = await captureCommand(program, scratch, { args: EVERY });
  const ours = new Set<string>();
  for (const stacks of stacksIn(
    rows.filter(({ mode }) => mode === 'user'),
    faults,
  )) {
    for (const stack of stacks)
      ours.add(
        ownPart(stack)
          .filter((name) => !name.startsWith('libc'))
          .join(';'),
      );
  }
  expect(ours.size).toBe(4);
  const perf = perfChains(program);
  for (const chain of ours) expect([...perf]).toContain(chain);
});
