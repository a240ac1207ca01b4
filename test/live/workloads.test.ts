import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  analyze,
  captureAttached,
  captureCommand,
  readFaults,
  reportIn,
  startAnalyzer,
  waiting,
} from '../support/analyzer';
import { workload } from '../support/build';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, jsonLines, truthRows } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

// Those that fault from several tasks, or on a disk, or in the kernel: what a range must show.
const CASES: readonly (readonly [name: string, ...args: string[]])[] = [
  ['brkheap', '--pages', '64', '--rounds', '10'],
  ['cow', '--pages', '100'],
  ['execer', '--depth', '4', '--pages', '32'],
  ['forkstorm', '--children', '60', '--pages', '8'],
  ['kernelread', '--pages', '64'],
  ['majors', '--pages', '200'],
  ['migrate', '--threads', '4', '--pages', '150'],
  ['segv', '--times', '100'],
  ['sharedvm', '--pages', '20'],
  ['stacks', '--pages', '100'],
  ['storm', '--threads', '2', '--faults', '20000', '--pages', '1024'],
  ['stuck', '--ms', '200'],
  ['sysvshm', '--pages', '20'],
  ['threads', '--sleepers', '100', '--faulting', '20', '--pages', '16'],
  ['vsyscall', '--calls', '1000'],
];

// Of what code is called nothing is read: half of them are captured without.
const captureUnnamed: typeof captureAttached = (command, directory) =>
  captureAttached(command, directory, ['--no-symbols']);

describe.each([
  ['started', captureCommand],
  ['attached to', captureUnnamed],
])('%s', (_, capture) => {
  test.each(CASES)('%s: every range has its faults', async (name, ...args) => {
    const { ended, rows, faults, report } = await capture(
      [workload(name), '--dir', scratch, ...args],
      scratch,
    );
    expect(ended.status).toBe(0);
    expect(rows.length).toBeGreaterThan(0);
    const { expected, captured } = compare(rows, faults);
    expect(captured).toEqual(expected);
    expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  });
});

test('a heap of as many mappings as the kernel allows, and back', async () => {
  const ended = await analyze([
    ...['-q', '--no-symbols', '--report-format', 'json'],
    ...['--', workload('brkholes'), '--pages', '150000'],
  ]);
  const { report, rows } = { report: reportIn(ended), rows: truthRows(ended.stdout) };
  expect(jsonLines(ended.stdout).find((line) => 'resets' in line)!.resets).toBeGreaterThan(0);
  const faults = (kind: string): number =>
    report.regions
      .filter((row) => row.kind === kind)
      .reduce((sum, row) => sum + Number(row.faults), 0);
  expect(faults('unknown')).toBe(0);
  expect(faults('heap')).toBeGreaterThanOrEqual(rows[0]!.faults);
});

test('processes that share memory without being threads are a number', async () => {
  const { report } = await captureCommand([workload('sharedvm')], scratch);
  expect(report.capture.records).toBeDefined();
  expect(report.completeness).toMatchObject({ memory_sharing_processes: 1 });
});

test('calls through the vsyscall page are counted apart', async () => {
  const { ended, report } = await captureCommand([workload('vsyscall')], scratch);
  const [told] = jsonLines(ended.stdout).filter((line) => 'calls' in line);
  expect(report.capture.records).toMatchObject({ vsyscalls: told!.calls });
  expect(report.summary).toMatchObject({ error: 0 });
});

test.each(['100000', '-10'])('in a time namespace, %s s from ours', async (shift) => {
  const begun = performance.now();
  const { rows, faults } = await captureCommand([workload('stacks'), '--pages', '20'], scratch, {
    within: ['unshare', '--time', '--monotonic', shift, '--fork'],
  });
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  // Times count from the start of capture, and none is longer ago than the run.
  const times = faults.map(({ time_ns }) => time_ns);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(0);
  expect(times.at(-1)).toBeLessThan((performance.now() - begun) * 1e6);
});

/** R, S, T ... of the first thread, as proc_pid_stat(5) has it. */
function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .slice(0, 1);
}

test("in a pid namespace, whose numbers are not the kernel's", async () => {
  const { ended, rows, faults, report } = await captureCommand(
    [workload('threads'), '--sleepers', '20', '--faulting', '10', '--pages', '16'],
    scratch,
    { within: ['unshare', '--pid', '--fork', '--mount-proc'] },
  );
  expect(ended.status).toBe(0);
  expect(rows[0]!.tid).toBeLessThan(100);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  expect(faults.every((fault) => fault.latency_ns !== null && fault.latency_ns > 0)).toBe(true);
});

test('a fault that is answered late has the latency of its wait', async () => {
  const { rows, faults } = await captureCommand([workload('stuck'), '--ms', '300'], scratch);
  const row = rows[0]!;
  const fault = faults.find(({ address }) => address === row.start)!;
  expect(fault.latency_ns).toBeGreaterThan(300e6);
  expect(fault.latency_ns).toBeLessThan(1000e6);
});

test('a fault that is still waiting at the end is in flight, and no error', async () => {
  const { report, faults } = await captureCommand([workload('stuck'), '--forever'], scratch, {
    args: ['-d', '0.7'],
  });
  expect(report.completeness.in_flight).toBe(1);
  expect(faults.filter((fault) => fault.class === 'ERROR')).toEqual([]);
  // What it has waited until then is in the time stalled, and in the rows of its thread and region.
  const waited = report.completeness.in_flight_stall_ns;
  expect(waited).toBeGreaterThan(0.3e9);
  for (const rows of [report.threads, report.regions]) {
    const most = Math.max(...rows.map((row) => Number(row.stall_ns)));
    expect(most / waited).toBeGreaterThan(0.9);
    expect(most / waited).toBeLessThan(1.1);
  }
});

test('a fault that a stop interrupts is one fault, of unknown latency', async () => {
  const target = await waiting([workload('stuck'), '--ms', '500']);
  const file = join(scratch, 'stopped.ndjson');
  const args = ['--format', 'ndjson', '--report-format', 'json', '-o', file];
  const tracer = startAnalyzer([...args, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('the fault', () => target.stdout.includes('"stuck"'));
  target.kill('SIGSTOP');
  await until('the stop', () => stateOf(target.pid) === 'T');
  target.kill('SIGCONT');
  const [row] = truthRows((await target.ended).stdout);
  const report = reportIn(await tracer.ended);
  const own = (await readFaults(file)).filter(({ address }) => address === row!.start);
  expect(own).toMatchObject([{ class: row!.class, latency_ns: null }]);
  expect(report.summary).toMatchObject({ error: 0 });
  expect(report.capture.records).toMatchObject({ retried: 1, interrupted: 0 });
});

test('a fault that SIGKILL interrupts is none', async () => {
  const target = await waiting([workload('stuck'), '--forever']);
  const tracer = startAnalyzer(['-q', '--report-format', 'json', '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('the fault', () => target.stdout.includes('"stuck"'));
  target.kill('SIGKILL');
  const report = reportIn(await tracer.ended);
  expect(report.summary).toMatchObject({ error: 0 });
  expect(report.capture.records).toMatchObject({ retried: 0, interrupted: 1 });
});

test('names of threads and files that are no text arrive as they are, in one record each', async () => {
  const { rows, faults, ended } = await captureCommand(
    [workload('hostile'), '--dir', scratch],
    scratch,
  );
  const latin1 = (text: string): string => Buffer.from(text, 'latin1').toString();
  for (const row of rows) {
    const own = faults.filter(
      ({ address, pid }) =>
        pid === row.pid &&
        Number(address) >= Number(row.start) &&
        Number(address) < Number(row.end),
    );
    expect(own).toHaveLength(row.faults);
    for (const fault of own) {
      expect(fault.class).toBe('COW');
      expect(fault.file).toBe(`${scratch}/${latin1(row.region)}`);
      expect(fault.comm).toBe('\u001b[31m\n,"x\u001bc');
    }
  }
  expect(ended.stderr.split('\n').filter((line) => hasControlCharacter(line))).toEqual([]);
});

function hasControlCharacter(text: string): boolean {
  const codes = Array.from(text, (character) => character.charCodeAt(0));
  return codes.some((code) => code < 0x20 || (code >= 0x7f && code <= 0x9f));
}

test('the text stream of hostile names has no control character but the newline', async () => {
  const ended = await analyze(['--report', '--', workload('hostile'), '--dir', scratch]);
  const ours = ended.stdout.split('\n').filter((line) => !line.startsWith('{'));
  expect(ours.filter((line) => hasControlCharacter(line))).toEqual([]);
  expect(ours.filter((line) => line.includes('two words.dat'))).not.toEqual([]);
});
