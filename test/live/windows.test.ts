import { readFaults, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault } from '../support/formats';
import { attached } from '../support/running';
import type { Running } from '../support/running';
import { expectExact, sumOf } from '../support/sampled-kit';
import type { TotalsRow } from '../support/sampled-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { truthRows } from '../support/truth';
import type { TruthRow } from '../support/truth';

/**
 * Where to count each fault costs more than the budget: beside a storm, which is followed too, so that there are windows
 * all the time.
 */

let scratch: string;
let storm: Running;
beforeAll(() => {
  scratch = scratchDirectory();
});
beforeEach(async () => {
  storm = await waiting([workload('storm'), '--threads', '2', '--seconds', '100000']);
});
afterEach(async () => {
  storm.kill('SIGKILL');
  await storm.ended;
});
afterAll(() => {
  removeScratch(scratch);
});

interface Beside {
  readonly report: ReturnType<typeof reportIn>;
  readonly truth: readonly TruthRow[];
}

/** A workload that is followed beside the storm: `target` gives the options for both. */
async function beside(
  name: string,
  args: readonly string[],
  target = (pids: readonly number[]): string[] => ['-p', pids.join(',')],
): Promise<Beside> {
  const other = await waiting([workload(name), '--dir', scratch, ...args]);
  const asked = target([storm.pid, other.pid]);
  const tracer = startAnalyzer(['--budget', '1', '-q', '--report-format', 'json', ...asked]);
  await attached(tracer);
  storm.write('\n');
  other.write('\n');
  const { stdout } = await other.ended;
  tracer.kill('SIGINT');
  const report = reportIn(await tracer.ended);
  expect(report.capture).toMatchObject({ engine: 'bpf', budget: { percent: 1, windows: true } });
  expect(report.capture.limits[0]).toMatch(/^sampled, 1 in [\d,]+( to [\d,]+)? in windows, for /);
  return { report, truth: truthRows(stdout) };
}

const rowOf = (rows: readonly TotalsRow[], field: string, value: number): TotalsRow =>
  rows.find((row) => row[field] === value)!;

/** Beside what a workload counts a thread touches its stack and what it shares. */
function isAbout(faults: unknown, told: number, more = 30): void {
  expect(Number(faults) - told).toBeGreaterThanOrEqual(0);
  expect(Number(faults) - told).toBeLessThan(more);
}

test('threads are counted to the fault by what the kernel counts', async () => {
  const { report, truth } = await beside('storm', ['--threads', '3', '--faults', '100000']);
  expectExact({ report }, {});
  expect(truth).toHaveLength(3);
  for (const { tid, faults } of truth) isAbout(rowOf(report.threads, 'tid', tid).faults, faults);
});

test('processes that live between two windows are counted to the fault', async () => {
  const { report, truth } = await beside('forkstorm', ['--children', '100', '--pages', '200']);
  expectExact({ report }, {});
  expect(truth.length).toBeGreaterThan(100);
  // Of processes that have ended some are shown together.
  const told = truth.reduce((sum, { faults }) => sum + faults, 0);
  const stormRow = rowOf(report.processes, 'pid', storm.pid);
  const others = sumOf(report.processes, 'faults') - Number(stormRow.faults);
  isAbout(others, told, truth.length * 100);
  for (const { pid, faults } of truth) {
    const row = report.processes.find((process) => process.pid === pid);
    if (row !== undefined) isAbout(row.faults, faults, 300);
  }
});

test('MAJOR are captured each, also between windows', async () => {
  const { report, truth } = await beside('majors', ['--pages', '400']);
  const [{ tid, faults }] = truth as [TruthRow];
  const region = report.regions.find(({ region: name }) => name === 'cold file.dat')!;
  expect(region.major).toBe(faults);
  expect(rowOf(report.threads, 'tid', tid).major).toBe(faults);
});

test('ERROR is told by the signal, also between windows', async () => {
  const { report, truth } = await beside('segv', ['--times', '2000']);
  const [first] = truth;
  const told = truth.reduce((sum, { faults }) => sum + faults, 0);
  expect(told).toBe(6000);
  expect(rowOf(report.threads, 'tid', first!.tid).error).toBe(told);
  expect(report.summary.error).toBe(told);
  for (const { region: name, faults } of truth) {
    const rows = report.regions.filter(({ region }) => region === name);
    expect(sumOf(rows, 'error')).toBe(faults);
  }
});

test('of the whole machine: what a program says of itself', async () => {
  const { report, truth } = await beside('storm', ['--threads', '2', '--faults', '200000'], () => [
    '-a',
  ]);
  for (const { tid, faults } of truth) isAbout(rowOf(report.threads, 'tid', tid).faults, faults);
  expect(report.completeness.difference).toBe(0);
});

/** The standard error of a share that windows tell: faults of one of them are alike. */
function errorOf(faults: readonly Sampled[], share: number, isOf: (fault: Fault) => boolean) {
  const windows = new Map<number, number>();
  let weights = 0;
  let last = -Infinity;
  let window = 0;
  for (const fault of faults) {
    // No window is as long as half of the shortest pause between two.
    if (fault.time_ns - last > 50e6) window++;
    last = fault.time_ns;
    weights += fault.weight;
    const beyond = fault.weight * ((isOf(fault) ? 1 : 0) - share);
    windows.set(window, (windows.get(window) ?? 0) + beyond);
  }
  const squares = [...windows.values()].reduce((sum, beyond) => sum + beyond ** 2, 0);
  return { error: Math.sqrt(squares) / weights, windows: windows.size };
}

type Sampled = Fault & { weight: number };

test('regions are told by windows, and are as large together as all', async () => {
  const file = `${scratch}/windows.ndjson`;
  const args = ['--budget', '2', '--format', 'ndjson', '-o', file, '--report-format', 'json'];
  const tracer = startAnalyzer([...args, '-d', '20', '-p', String(storm.pid)]);
  await attached(tracer);
  storm.write('\n');
  const report = reportIn(await tracer.ended);
  const faults = (await readFaults(file)) as Sampled[];
  const inAll = sumOf(report.regions, 'faults');
  // Those behind the last window are in none.
  expect(inAll).toBeLessThanOrEqual(report.completeness.kernel);
  expect(inAll).toBeGreaterThan(0.7 * report.completeness.kernel);
  const [largest, second] = report.regions.toSorted((a, b) => Number(b.faults) - Number(a.faults));
  for (const region of [largest!, second!]) {
    const isOf = (fault: Fault): boolean =>
      Number(fault.address) >= Number(region.start) && Number(fault.address) < Number(region.end);
    const share = Number(region.faults) / inAll;
    const { error, windows } = errorOf(faults, share, isOf);
    expect(windows).toBeGreaterThan(10);
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * error);
  }
});
