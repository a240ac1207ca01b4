import {
  analyze,
  captureAttached,
  captureCommand,
  reportIn,
  startAnalyzer,
  waiting,
} from '../support/analyzer';
import type { Capture } from '../support/analyzer';
import { withFrames, workload } from '../support/build';
import type { Fault } from '../support/formats';
import { attached, Running, until } from '../support/running';
import { expectExact, STORM, STORM_FAULTS, sumOf, type TotalsRow } from '../support/sampled-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { truthRows } from '../support/truth';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const EVERY = 50;
/** Of what code is called nothing is read. */
const SAMPLED = ['--every', String(EVERY), '--no-symbols'];
const command = (name: string, ...args: readonly string[]): string[] => [
  workload(name),
  ...['--dir', scratch, ...args],
];
/** Everything that the kernel counts is in the totals, and in what threads and processes have together. */
function isExact(capture: Pick<Capture, 'report'>): void {
  expectExact(capture, { sampled_every: EVERY });
  expect(capture.report.capture.records).toMatchObject({ lost_samples: 0 });
}

/** Captured once for all who look at it. */
let started: Promise<Capture> | undefined;
function startedStorm(): Promise<Capture> {
  started ??= captureCommand(command('storm', ...STORM), scratch, { args: SAMPLED });
  return started;
}

test.each([
  ['started', startedStorm],
  ['attached to', () => captureAttached(command('storm', ...STORM), scratch, SAMPLED)],
])('%s: threads are counted to the fault, ranges are estimated', async (_, captured) => {
  const capture = await captured();
  isExact(capture);
  const { rows, report } = capture;
  expect(rows).toHaveLength(2);
  for (const { tid, start, faults } of rows) {
    const thread = report.threads.find((row) => row.tid === tid)!;
    // Beside what the workload counts a thread touches its stack and what it shares.
    expect(Number(thread.faults) - faults).toBeGreaterThanOrEqual(0);
    expect(Number(thread.faults) - faults).toBeLessThan(20);
    const region = report.regions.find((row) => row.start === start)!;
    // Half of all, of so many samples.
    const error = Math.sqrt(0.25 / ((2 * STORM_FAULTS) / EVERY));
    const share = Number(region.faults) / sumOf(report.regions, 'faults');
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * error);
  }
});

test('with each captured fault comes its stack, which stands for as many', async () => {
  const args = [...SAMPLED, '--stacks', 'fp', '--stack-every', '1'];
  const storm = [withFrames('storm'), '--dir', scratch, ...STORM];
  const capture = await captureCommand(storm, scratch, { args });
  isExact(capture);
  const { faults, report } = capture;
  const captured = faults as readonly (Fault & { weight: number; stack: string[] | null })[];
  const stacked = captured.filter(({ stack }) => stack !== null);
  // What the kernel touches for an exec has none.
  expect(captured.length - stacked.length).toBeLessThan(5);
  const { stacks } = report as unknown as { readonly stacks: readonly TotalsRow[] };
  expect(sumOf(stacks, 'sampled')).toBe(stacked.length);
  expect(sumOf(stacks, 'faults')).toBe(sumOf(stacked as unknown as readonly TotalsRow[], 'weight'));
});

test('processes of a few faults each are counted to the fault', async () => {
  const args = ['--children', '60', '--pages', '8'];
  isExact(await captureCommand(command('forkstorm', ...args), scratch, { args: SAMPLED }));
  isExact(await captureAttached(command('forkstorm', ...args), scratch, SAMPLED));
});

test('what threads that live on have left over is counted at the end', async () => {
  const storm = new Running(
    command('storm', '--threads', '3', '--pause', '20', '--seconds', '1000'),
  );
  try {
    await until('the storm', () => storm.pid > 0);
    const args = ['-d', '1', '-q', '--report-format', 'json', '-p', String(storm.pid)];
    const report = reportIn(await analyze([...SAMPLED, ...args]));
    isExact({ report });
    expect(report.completeness.captured).toBeGreaterThan(1000);
  } finally {
    storm.kill('SIGKILL');
    await storm.ended;
  }
});

test('who ends while nobody reads, and the rings are full, is counted to the fault', async () => {
  const target = await waiting(command('threads', '--sleepers', '300', '--faulting', '300'));
  // Room for what some sixty ends say.
  const args = ['-m', '1', '-q', '--report-format', 'json', '-p', String(target.pid)];
  const tracer = startAnalyzer([...SAMPLED, ...args]);
  await attached(tracer);
  tracer.kill('SIGSTOP');
  target.write('\n');
  const rows = truthRows((await target.ended).stdout);
  tracer.kill('SIGCONT');
  const { completeness, processes } = reportIn(await tracer.ended);
  expect(rows.reduce((sum, { faults }) => sum + faults, 0)).toBe(300 * 16);
  expect(completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  expect(sumOf(processes, 'faults')).toBe(completeness.kernel);
  expect(completeness.kernel).toBeGreaterThanOrEqual(300 * 16);
});

test('MAJOR and ERROR are all captured, with everything of each', async () => {
  const { report, faults, rows } = await captureCommand(
    command('majors', '--pages', '200'),
    scratch,
    { args: SAMPLED },
  );
  isExact({ report });
  const majors = rows.filter((row) => row.class === 'MAJOR');
  expect(majors.length).toBeGreaterThan(0);
  const captured = faults.filter((fault) => fault.class === 'MAJOR');
  for (const { start, end, faults: expected } of majors) {
    const within = captured.filter(
      ({ address }) => Number(address) >= Number(start) && Number(address) < Number(end),
    );
    expect(within).toHaveLength(expected);
  }
  const errors = await captureCommand(command('segv', '--times', '100'), scratch, {
    args: SAMPLED,
  });
  isExact(errors);
  expect(errors.report.summary.error).toBe(300);
});

test('a record says for how many it stands, a table what is an estimate', async () => {
  const { faults, report } = await startedStorm();
  expect(report.capture.limits).toContain(`sampled, 1 in ${EVERY}: ~ is an estimate`);
  expect(report.totals).toMatchObject({ unique_pages: null, refaults: null });
  const regions = report.regions as readonly { readonly estimates?: readonly string[] }[];
  expect(regions[0]!.estimates).toEqual(expect.arrayContaining(['minor', 'faults', 'causes']));
  const weights = faults as readonly (Fault & { readonly weight: number })[];
  expect(new Set(weights.map(({ v }) => v))).toEqual(new Set([2]));
  expect(new Set(weights.map(({ weight }) => weight))).toEqual(new Set([EVERY]));
  const { stdout } = await analyze([
    ...[...SAMPLED, '-q', '--report', '--'],
    ...command('storm', ...STORM),
  ]);
  expect(stdout).toMatch(/^Summary: major=\d+ minor=~\d+ cow=~?\d+$/m);
  const table = stdout.slice(stdout.indexOf('\nRegions'));
  expect(table).toMatch(/\[anon\] .* 0 +~\d[\d.k]* +0 +~\d[\d.k]* +n\/a +n\/a +~/);
  expect(table.slice(table.indexOf('\nThreads'))).toMatch(/storm +0 +~200\.\dk +0 +200\.\dk +n\/a/);
});

test('other engines cannot sample: one line, status 2', async () => {
  const ended = await analyze(['--every', '10', '--engine', 'software', '-q', '--', 'true']);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^.*--every needs --engine bpf.*\n/);
});

/** Touches pages of two mappings in turn, and says where these are. */
const IN_TURN = `
import ctypes, mmap
pages = 20000
both = [mmap.mmap(-1, pages * 4096) for _ in range(2)]
print(*[ctypes.addressof(ctypes.c_char.from_buffer(one)) for one in both], flush=True)
for i in range(pages):
  both[0][i * 4096] = 1
  both[1][i * 4096] = 1
`;

test.each([2, 3, 4, 7, 8])(
  'one fault in %i of a loop of two is not always the same one',
  async (every) => {
    const args = ['--every', String(every), '--no-symbols', '-q', '--report-format', 'json'];
    const ended = await analyze([...args, '--', 'python3', '-c', IN_TURN]);
    const starts = ended.stdout.split('\n')[0]!.split(' ').map(Number);
    const { regions } = reportIn(ended);
    for (const start of starts) {
      const { faults } = regions.find((row) => Number(row.start) === start)!;
      expect(Math.abs(Number(faults) - 20_000)).toBeLessThan(4000);
    }
  },
);
