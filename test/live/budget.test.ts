import {
  analyze,
  captureAttached,
  captureCommand,
  reportIn,
  startAnalyzer,
} from '../support/analyzer';
import type { Capture } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault } from '../support/formats';
import { besidePerfStat } from '../support/perf';
import { attached, Running, until } from '../support/running';
import { expectExact, STORM, STORM_FAULTS, sumOf } from '../support/sampled-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { truthRows } from '../support/truth';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Of what code is called nothing is read. */
const within = (budget: string): string[] => ['--budget', budget, '--no-symbols'];
const command = (name: string, ...args: readonly string[]): string[] => [
  workload(name),
  ...['--dir', scratch, ...args],
];

/** Threads and processes have together what the kernel counts. */
function addsUp(capture: Pick<Capture, 'report'>): void {
  expectExact(capture, { budget: { of: 'targets' } });
}

/** Each of the two threads has what it says of itself, and its region the half that it has. */
function isOfStorm(capture: Capture): void {
  const { rows, report } = capture;
  const weights = (capture.faults as readonly (Fault & { weight: number })[]).map(
    ({ weight }) => weight,
  );
  // How many one stands for follows the budget: the error of a share is that of the weights.
  const squares = weights.reduce((total, weight) => total + weight ** 2, 0);
  const error = Math.sqrt(0.25 * squares) / weights.reduce((total, weight) => total + weight, 0);
  const { windows } = (report.capture as unknown as { budget: { windows: boolean } }).budget;
  expect(rows).toHaveLength(2);
  for (const { tid, start, faults } of rows) {
    const thread = report.threads.find((row) => row.tid === tid)!;
    // Beside what the workload counts a thread touches its stack and what it shares.
    expect(Number(thread.faults) - faults).toBeGreaterThanOrEqual(0);
    expect(Number(thread.faults) - faults).toBeLessThan(20);
    // Those of windows: test/live/windows.
    if (windows) continue;
    const region = report.regions.find((row) => row.start === start)!;
    const share = Number(region.faults) / sumOf(report.regions, 'faults');
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * error);
  }
}

test.each(['50%', '1', '0.01'])(
  'a budget of %s: threads are counted to the fault, ranges are estimated',
  async (budget) => {
    const args = within(budget);
    for (const capture of [
      await captureCommand(command('storm', ...STORM), scratch, { args }),
      await captureAttached(command('storm', ...STORM), scratch, args),
    ]) {
      addsUp(capture);
      isOfStorm(capture);
      const percent = Number.parseFloat(budget);
      expect(capture.report.capture).toMatchObject({ budget: { percent } });
    }
  },
);

test('beside perf stat: the same totals', async () => {
  const { tracer, perf } = await besidePerfStat(command('storm', ...STORM), scratch, (pid) =>
    startAnalyzer([...within('20'), '-q', '--report-format', 'json', '-p', String(pid)]),
  );
  const { summary } = reportIn(tracer);
  expect({ minor: summary.minor! + summary.cow!, major: summary.major }).toEqual(perf);
  expect(perf.minor).toBeGreaterThan(2 * STORM_FAULTS);
});

test('processes of a few faults each, and those that exec, are counted to the fault', async () => {
  const forks = ['--children', '100', '--pages', '40'];
  for (const budget of ['0.01', '50']) {
    const args = within(budget);
    addsUp(await captureCommand(command('forkstorm', ...forks), scratch, { args }));
    addsUp(await captureAttached(command('forkstorm', ...forks), scratch, args));
    addsUp(await captureCommand(command('execer'), scratch, { args }));
  }
});

test('where the analyzer alone is beyond the budget it is said', async () => {
  const storm = new Running(
    command('storm', '--threads', '2', '--pause', '20', '--seconds', '1000'),
  );
  try {
    await until('the storm', () => storm.pid > 0);
    const args = ['-d', '3', '-q', '--report-format', 'json', '-p', String(storm.pid)];
    const report = reportIn(await analyze([...within('0.01'), ...args]));
    addsUp({ report });
    const { limits } = report.capture;
    expect(report.capture).toMatchObject({ budget: { percent: 0.01, met: false } });
    expect(limits).toContainEqual(
      expect.stringMatching(
        /^sampled, 1 in [\d,]+( to [\d,]+)? in windows, for [\d.]+ % of budget 0.01 % \(not met: counting is [\d.]+ %, the analyzer [\d.]+ %\): ~ is an estimate$/,
      ),
    );
    const budget = (report.capture as unknown as { budget: Record<string, number> }).budget;
    expect(budget.analyzer_percent).toBeGreaterThan(0.01);
    expect(budget.cost_percent).toBeGreaterThan(budget.analyzer_percent!);
  } finally {
    storm.kill('SIGKILL');
    await storm.ended;
  }
});

test('where more come than there is room for, fewer are captured, and all are counted', async () => {
  const args = ['--every', '2', '-m', '1', '--no-symbols', '-q', '--report-format', 'json', '--'];
  const report = reportIn(await analyze([...args, ...command('storm', ...STORM)]));
  const { completeness, summary, capture, threads } = report;
  expect(completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  expect(summary.major! + summary.minor! + summary.cow!).toBe(completeness.kernel);
  expect(sumOf(threads, 'faults')).toBe(completeness.kernel);
  expect(capture.limits[0]).toMatch(
    /^sampled, 1 in 2 \(up to 1 in [\d,]+ as more came than could be taken\): ~ is an estimate$/,
  );
});

test('of the whole machine: what a program says of itself', async () => {
  const tracer = startAnalyzer(['-a', ...within('5'), '-q', '--report-format', 'json']);
  await attached(tracer);
  const { stdout } = await new Running(command('storm', ...STORM)).ended;
  tracer.kill('SIGINT');
  const report = reportIn(await tracer.ended);
  const rows = truthRows(stdout);
  const { major, minor, cow } = report.summary;
  expect(major! + minor! + cow!).toBe(report.completeness.captured);
  expect(report.capture).toMatchObject({ budget: { percent: 5, of: 'machine' } });
  expect(rows).toHaveLength(2);
  for (const { tid, faults } of rows) {
    const thread = report.threads.find((row) => row.tid === tid)!;
    expect(Number(thread.faults) - faults).toBeGreaterThanOrEqual(0);
    expect(Number(thread.faults) - faults).toBeLessThan(100);
  }
});

test.each([
  [['--budget', '1%', '--every', '2'], '--every and --budget exclude each other'],
  [['--budget', '1%', '--engine', 'tracepoint'], '--budget needs --engine bpf'],
  [['--budget', '0'], "--budget: '0' is no share in percent"],
  [['--budget', '1%', '--fixed-ts'], '--budget and --fixed-ts exclude each other'],
])('%j: one line, status 2', async (args, said) => {
  const ended = await analyze([...args, '-q', '--', 'true']);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr.split('\n')[0]).toContain(said);
});
