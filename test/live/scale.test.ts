import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { captureAttached, readFaults, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { minorFaults } from '../support/processes';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, truthRows } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const MEGABYTE = 1 << 20;

function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

const STORM = 10_000_000;

test('10 million faults on all CPUs: none is lost with -q, and memory stays flat', async () => {
  const each = Math.floor(STORM / cpus().length);
  const storm = [workload('storm'), '--threads', '0', '--read', '--faults', String(each)];
  const target = await waiting(storm);
  const tracer = startAnalyzer(['-q', '--report-format', 'json', '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  // When it has all the tables that it needs.
  const early = await until('the first tenth of the storm', () =>
    minorFaults(target.pid) > STORM / 10 ? peakMemory(tracer.pid) : undefined,
  );
  let late = early;
  const sampled = setInterval(() => {
    late = peakMemory(tracer.pid);
  }, 200);
  const rows = truthRows((await target.ended).stdout);
  clearInterval(sampled);
  const { completeness } = reportIn(await tracer.ended);
  expect(completeness).toMatchObject({ lost: 0, difference: 0 });
  const touched = rows.reduce((sum, { faults }) => sum + faults, 0);
  expect(touched).toBe(each * cpus().length);
  expect(completeness.captured).toBeGreaterThanOrEqual(touched);
  expect(late).toBeLessThan(150 * MEGABYTE);
  expect(late - early).toBeLessThan(8 * MEGABYTE);
}, 600_000);

test('a storm as text to a file: every fault is a line, or is counted as lost', async () => {
  const file = join(scratch, 'storm.txt');
  const storm = [workload('storm'), '--threads', '0', '--read', '--faults', '300000'];
  const target = await waiting(storm);
  // The report follows the stream, into the same file.
  const tracer = startAnalyzer(['--report-format', 'json', '-o', file, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await target.ended;
  const ended = await tracer.ended;
  const text = readFileSync(file, 'latin1');
  const report = reportIn({ ...ended, stdout: text });
  const { completeness } = report;
  expect(completeness.difference).toBe(0);
  expect(completeness.captured).toBeGreaterThanOrEqual(600_000 - completeness.lost);
  const lines = text.split('\n').filter((line) => line.startsWith('['));
  expect(lines.length).toBe(report.summary.faults);
});

test('1,000 threads: none missed', async () => {
  const { rows, faults, report } = await captureAttached(
    [workload('threads'), '--sleepers', '1000', '--faulting', '1000', '--pages', '4'],
    scratch,
    ['--no-symbols'],
  );
  expect(rows).toHaveLength(1000);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0 });
}, 600_000);

test('4,000 threads: captured, or refused with a line that says why and what to do', async () => {
  const target = await waiting([workload('threads'), '--sleepers', '4000', '--faulting', '100']);
  const file = join(scratch, 'many.ndjson');
  const args = ['--no-symbols', '--format', 'ndjson', '-o', file, '-p', String(target.pid)];
  const tracer = startAnalyzer(args);
  const first = await Promise.race([tracer.ready.then(() => null), tracer.ended]);
  target.write('\n');
  await target.ended;
  if (first !== null) {
    expect(first.status).toBe(2);
    expect(first.stderr).toMatch(/^error: .*descriptors.*threads.*\n$/);
    return;
  }
  expect((await tracer.ended).status).toBe(0);
  const own = (await readFaults(file)).filter((fault) => fault.pid === target.pid);
  expect(own.filter((fault) => fault.cause === 'demand-zero').length).toBeGreaterThanOrEqual(1600);
}, 600_000);
