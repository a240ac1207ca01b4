import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  analyze,
  captureCommand,
  readFaults,
  reportIn,
  startAnalyzer,
  waiting,
} from '../support/analyzer';
import { ANALYZER, workload } from '../support/build';
import { faulting } from '../support/processes';
import { attached, Running, sleep, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, truthRows } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const SUMMARY = /^Summary: major=\d+ minor=\d+ cow=\d+/m;

function state(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

test('the target exits: the summary, status 0', async () => {
  const target = await waiting([workload('brkheap')]);
  const tracer = startAnalyzer(['-q', '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await target.ended;
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(SUMMARY);
});

test('the target is killed: the summary, status 0, nothing in flight', async () => {
  const target = await waiting([workload('storm'), '--seconds', '60', '--threads', '2']);
  const tracer = startAnalyzer([
    ...['-q', '--no-symbols', '--report-format', 'json'],
    ...['-p', String(target.pid)],
  ]);
  await attached(tracer);
  target.write('\n');
  await faulting(target.pid, 20_000);
  target.kill('SIGKILL');
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  const { completeness } = reportIn(ended);
  expect(completeness).toMatchObject({ lost: 0, difference: 0, in_flight: 0 });
  expect(completeness.captured).toBeGreaterThan(1000);
});

test('the target dies of a SIGSEGV of its own: its fault is the last ERROR', async () => {
  const { ended, faults } = await captureCommand(
    [workload('segv'), '--dir', scratch, '--times', '3', '--die'],
    scratch,
    { args: ['--no-symbols'] },
  );
  expect(ended.status).toBe(0);
  expect(ended.stderr).toContain('SIGSEGV');
  const errors = faults.filter((fault) => fault.class === 'ERROR');
  expect(errors).toHaveLength(3 * 3 + 1);
  expect(errors.at(-1)).toMatchObject({ region: '[anon]', address: errors[0]!.address });
});

test('the target becomes another program: the old map is forgotten', async () => {
  const { ended, faults, rows } = await captureCommand(
    [workload('execer'), '--depth', '2', '--', 'cat', '/dev/null'],
    scratch,
    { args: ['--no-symbols'] },
  );
  expect(ended.status).toBe(0);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  const cat = faults.filter((fault) => fault.comm === 'cat');
  expect(cat.some((fault) => fault.region === 'cat' && fault.section === '.text')).toBe(true);
  expect(cat.filter((fault) => fault.region.includes('execer'))).toEqual([]);
});

test('the target becomes a set-uid program: capture goes on, or says that it does not', async () => {
  const mode = execFileSync('stat', ['-L', '-c', '%A', '/usr/bin/passwd'], { encoding: 'utf8' });
  expect(mode).toMatch(/^-..s/);
  const { ended, faults } = await captureCommand(['sh', '-c', 'exec passwd --help'], scratch);
  expect(ended.status).toBe(0);
  const seen = faults.filter((fault) => fault.comm === 'passwd').length;
  // Root is not detached by a set-uid exec. Whoever is must be told.
  if (!ended.stderr.includes('credentials')) expect(seen).toBeGreaterThan(50);
});

test('an attached target is stopped and continued: no fault is missed, the capture goes on', async () => {
  const target = await waiting([workload('storm'), '--faults', '200000']);
  const file = join(scratch, 'stopped.ndjson');
  const tracer = startAnalyzer([
    ...['--format', 'ndjson', '-o', file, '--report-format', 'json', '--no-symbols'],
    ...['-p', String(target.pid)],
  ]);
  await attached(tracer);
  target.write('\n');
  target.kill('SIGSTOP');
  await until('the stop', () => state(target.pid) === 'T');
  await sleep(200);
  target.kill('SIGCONT');
  const { stdout } = await target.ended;
  expect((await tracer.ended).status).toBe(0);
  const { expected, captured } = compare(truthRows(stdout), await readFaults(file));
  expect(captured).toEqual(expected);
});

test('attaching to a stopped target waits for it, and -d ends the wait', async () => {
  const target = await waiting([workload('brkheap')]);
  target.kill('SIGSTOP');
  await until('the stop', () => state(target.pid) === 'T');
  const ended = await analyze(['-q', '-d', '0.3', '-p', String(target.pid)]);
  expect(ended.status).toBe(0);
  expect(ended.stdout).toBe('Summary: major=0 minor=0 cow=0\n');
  expect(state(target.pid)).toBe('T');
  target.kill('SIGKILL');
  await target.ended;
});

test('a process id that is used again does not inherit the map of the dead', async () => {
  // A pid namespace of its own makes the reuse certain: ns_last_pid is set back before each fork.
  const script = [
    'for i in 1 2 3 4 5; do',
    'echo 100 > /proc/sys/kernel/ns_last_pid;',
    `${workload('cow')} --dir ${scratch} --pages 20; ${workload('kernelread')} --dir ${scratch};`,
    'done',
  ].join(' ');
  const { ended, faults, report } = await captureCommand(
    ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', script],
    scratch,
  );
  expect(ended.status).toBe(0);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0 });
  const files = new Set(
    faults.filter((fault) => fault.comm === 'kernelread').map((fault) => fault.region),
  );
  expect(files).toContain('kernelread');
  expect(files).not.toContain('cow.dat');
  expect(faults.filter((fault) => fault.region_kind === 'unknown')).toEqual([]);
});

test('the pid of a thread: its process is traced, and that is said', async () => {
  const target = await waiting([workload('threads'), '--sleepers', '5', '--faulting', '5']);
  const tids = execFileSync('ls', [`/proc/${target.pid}/task`], { encoding: 'utf8' });
  const tid = Math.max(...tids.trim().split('\n').map(Number));
  expect(tid).not.toBe(target.pid);
  const file = join(scratch, 'thread.ndjson');
  const tracer = startAnalyzer(['--format', 'ndjson', '-o', file, '-p', String(tid)]);
  await attached(tracer);
  target.write('\n');
  const { stdout } = await target.ended;
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  expect(ended.stderr).toContain(String(target.pid));
  const { expected, captured } = compare(truthRows(stdout), await readFaults(file));
  expect(captured).toEqual(expected);
});

test('a kernel thread: one line, status 2', async () => {
  const ended = await analyze(['-p', '2']);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: .*kernel thread.*\n$/);
});

test('a zombie: one line, status 2', async () => {
  // sh starts a child and becomes a program that never waits for it.
  const parent = new Running(['sh', '-c', 'sleep 0.3 & echo $!; exec sleep 60']);
  const pid = Number(await until('a pid', () => /^\d+\n/.exec(parent.stdout)?.[0]));
  await until('the zombie', () => state(pid) === 'Z');
  const ended = await analyze(['-p', String(pid)]);
  parent.kill('SIGKILL');
  await parent.ended;
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: .*zombie.*\n$/);
});

test('oneself: one line, status 2', async () => {
  // The shell's pid stays the same through exec: the analyzer is told its own.
  const script = 'exec "$0" -p $$';
  const ended = await new Running(['sh', '-c', script, ANALYZER]).ended;
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: .*itself.*\n$/);
});

test('a process that does not exist: one line, status 2', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.on('exit', resolve));
  const ended = await analyze(['-p', String(child.pid)]);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: .*no such process.*\n$/);
});

test('several processes at once, one of which ends early', async () => {
  const first = await waiting([workload('brkheap'), '--rounds', '2']);
  const second = await waiting([workload('brkheap'), '--rounds', '3']);
  const file = join(scratch, 'both.ndjson');
  const tracer = startAnalyzer([
    ...['--format', 'ndjson', '-o', file],
    ...['-p', `${first.pid},${second.pid}`],
  ]);
  await attached(tracer);
  first.write('\n');
  const one = await first.ended;
  second.write('\n');
  const two = await second.ended;
  expect((await tracer.ended).status).toBe(0);
  const rows = [...truthRows(one.stdout), ...truthRows(two.stdout)];
  expect(rows).toHaveLength(2);
  const { expected, captured } = compare(rows, await readFaults(file));
  expect(captured).toEqual(expected);
});

test('--no-children leaves the children out', async () => {
  const { ended, faults, rows } = await captureCommand(
    [workload('forkstorm'), '--children', '10'],
    scratch,
    { args: ['--no-children', '--no-symbols'] },
  );
  expect(ended.status).toBe(0);
  const parent = rows.find((row) => row.cause === 'demand-zero')!;
  const { expected, captured } = compare([parent], faults);
  expect(captured).toEqual(expected);
  expect(new Set(faults.map((fault) => fault.pid))).toEqual(new Set([parent.pid]));
});
