import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { Running } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { truthRows } from '../support/truth';
import { isUp } from './support/captures';
import type { Finished, Info } from './support/captures';
import { answer, startScript } from './support/script';

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const withCapabilities = (names: string): string[] => [
  ...NOBODY,
  ...['--inh-caps', names, '--ambient-caps', names],
];

interface Failure {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly text: string;
}
const codes = (info: Info): string[] => info.notices.map(({ code }) => code).sort();

const command = (...argv: string[]): string =>
  `command: { file: ${JSON.stringify(argv[0])}, argv: ${JSON.stringify(argv)}, fixedLayout: false, captureOutput: false }`;
const FAILURE = (options: string): string =>
  `const before = descriptors(); const failure = outcome(() => new Capture({ ${options} }).session.info);
   failure.leaked = descriptors() - before; print(failure);`;
const RUN = (options: string): string =>
  `const capture = new Capture({ ${options} });
   await until(() => capture.session.ended()); print(capture.finish());`;
const ATTACH = `const capture = new Capture({ pids: [+target] });
   process.stdout.write('up\\n');
   await until(() => capture.session.ended(), 40000); print(capture.finish());`;

async function finished(running: Running): Promise<Finished> {
  const ended = await running.ended;
  expect(ended).toMatchObject({ status: 0, signal: null, stderr: '' });
  return JSON.parse(ended.stdout.split('\n')[1]!) as Finished;
}

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
  expect(process.getuid?.()).toBe(0);
});
afterAll(() => {
  removeScratch(scratch);
});

describe('errors have a code, an errno and the call that failed, and leak nothing', () => {
  test.each([
    ['no such process', 'pids: [999999]', 'ESRCH', 3, 'open'],
    ['no process number', 'pids: [-1]', 'ESRCH', 3, 'open'],
    ['process 0', 'pids: [0]', 'ESRCH', 3, 'open'],
    ['no such command', command('no-such-program-anywhere'), 'EXEC_ENOENT', 2, 'execvp'],
    ['a command that is no program', command('/etc/passwd'), 'EXEC_EACCES', 13, 'execvp'],
    ['a command that is a directory', command('/tmp'), 'EXEC_EACCES', 13, 'execvp'],
  ])('%s', async (_, options, code, errno, syscall) => {
    const failure = await answer<Failure & { leaked: number }>(FAILURE(options));
    expect(failure).toMatchObject({ code, errno, syscall, leaked: 0 });
  });

  test("another user's process", async () => {
    const failure = await answer<Failure>(FAILURE('pids: [1]'), { prefix: NOBODY });
    expect(failure).toMatchObject({ code: 'EACCES', syscall: 'perf_event_open' });
    expect(failure.text).toContain('belongs to user 0');
  });

  test('too many descriptors for an ordinary user: the sum is told', async () => {
    const target = await waiting([...NOBODY, workload('threads'), '--sleepers', '300']);
    const failure = await answer<Failure & { leaked: number }>(FAILURE('pids: [+target]'), {
      prefix: [...NOBODY, 'prlimit', '--nofile=500:500', '--'],
      args: [target.pid],
    });
    expect(failure).toMatchObject({ code: 'EMFILE', errno: 24, leaked: 0 });
    const sum = /(\d+) threads x (\d+) CPUs x (\d+) events need (\d+) descriptors.* (\d+)$/;
    const [, threads, cpus, events, need, limit] = (sum.exec(failure.text) ?? []).map(Number);
    expect(threads).toBe(301);
    expect(need).toBe(threads! * cpus! * events!);
    expect(limit).toBe(500);
    target.kill('SIGKILL');
    await target.ended;
  });

  test('no thread can be made', async () => {
    const failure = await answer<Failure & { leaked: number }>(
      `require('node:child_process').execFileSync('prlimit',
         ['--nproc=1:1', '--pid', String(process.pid)]);
       ${FAILURE('pids: [process.pid]')}`,
      { prefix: NOBODY },
    );
    expect(failure).toMatchObject({ code: 'EAGAIN', syscall: 'pthread_create', leaked: 0 });
  });
});

describe('what an ordinary user gets', () => {
  test('on a process of its own: user-mode faults with latency, and each limit is told', async () => {
    const result = await answer<Finished>(RUN(command('sh', '-c', 'true')), { prefix: NOBODY });
    expect(result.info).toMatchObject({
      ...{ entrySource: 'software', userOnly: true, unmapTracepoints: false, wide: false },
    });
    expect(codes(result.info)).toEqual(
      expect.arrayContaining(['NO_TRACEPOINTS', 'NO_UNMAP_TRACEPOINTS', 'USER_ONLY']),
    );
    expect(result.completed).toBeGreaterThan(50);
    expect(result.completed).toBe(result.kernel);
    expect(result.counters.unpairedCompletions).toBe(0);
  });

  test('little locked memory: smaller rings, told', async () => {
    const result = await answer<Finished>(RUN(`ringPages: 4096, ${command('sh', '-c', 'true')}`), {
      prefix: [...NOBODY, 'prlimit', '--memlock=65536:65536', '--'],
    });
    const shrunk = result.info.notices.find(({ code }) => code === 'RING_SHRUNK');
    expect(shrunk?.errno).toBe(1);
    const [, got] = /^(\d+) KiB instead of 16384 KiB/.exec(shrunk?.detail ?? '') ?? [];
    expect(Number(got)).toBeLessThan(16384);
    expect(result.info.ringBytes % (Number(got) * 1024)).toBe(0);
  });

  test('with CAP_PERFMON alone: kernel-mode faults too, no tracepoints', async () => {
    const result = await answer<Finished>(RUN(command('sh', '-c', 'true')), {
      prefix: withCapabilities('+perfmon'),
    });
    expect(result.info).toMatchObject({ entrySource: 'software', userOnly: false });
    expect(codes(result.info)).toContain('NO_TRACEPOINTS');
    expect(codes(result.info)).not.toContain('USER_ONLY');
    expect(result.completed).toBe(result.kernel);
    expect(result.counters.unpairedCompletions).toBe(0);
  });

  // Its real user is nobody: an access check by access(2) would answer for nobody without it.
  test('CAP_DAC_READ_SEARCH reads tracefs: CAP_PERFMON with it has everything', async () => {
    const result = await answer<Finished>(RUN(command('sh', '-c', 'true')), {
      prefix: withCapabilities('+perfmon,+dac_read_search'),
    });
    expect(result.info).toMatchObject({ entrySource: 'tracepoint', unmapTracepoints: true });
    expect(codes(result.info)).not.toContain('NO_TRACEPOINTS');
  });

  test('as root: everything, and no notice but of tracefs', async () => {
    const result = await answer<Finished>(RUN(command('sh', '-c', 'true')));
    expect(result.info).toMatchObject({
      ...{ entrySource: 'tracepoint', userOnly: false, unmapTracepoints: true, wide: false },
    });
    expect(codes(result.info).filter((code) => code !== 'TRACEFS_DETACHED')).toEqual([]);
  });
});

describe('many threads', () => {
  test('4,000 of them: captured by CPU and told', async () => {
    const target = await waiting([
      ...[workload('threads'), '--sleepers', '4000', '--faulting', '20', '--pages', '16'],
    ]);
    // Another machine's own limit may be enough for them all: two events of each on every CPU, at least.
    const running = startScript(ATTACH, {
      prefix: ['prlimit', '--nofile=4000:4000', '--'],
      args: [target.pid],
    });
    await isUp(running);
    target.write('\n');
    const rows = truthRows((await target.ended).stdout);
    const result = await finished(running);
    expect(result.info.wide).toBe(true);
    expect(result.exact).toBe(false);
    expect(codes(result.info)).toContain('WIDE_CAPTURE');
    expect(result.info.descriptors).toBeLessThan(200);
    expect(rows).toHaveLength(20);
    const byTid = new Map(result.byTid);
    for (const { tid, faults } of rows) expect(byTid.get(tid)).toBeGreaterThanOrEqual(faults);
    // Nothing of the other processes of the machine, whose faults pass by as well.
    expect(result.pids).toEqual([target.pid]);
    expect(result.counters.foreign).toBeGreaterThan(0);
  }, 120_000);

  test('a low limit of descriptors has the same effect', async () => {
    const target = await waiting([workload('threads'), '--sleepers', '200', '--faulting', '3']);
    const running = startScript(ATTACH, {
      prefix: ['prlimit', '--nofile=400:400', '--'],
      args: [target.pid],
    });
    await isUp(running);
    target.write('\n');
    const rows = truthRows((await target.ended).stdout);
    const result = await finished(running);
    expect(result.info.wide).toBe(true);
    const byTid = new Map(result.byTid);
    for (const { tid, faults } of rows) expect(byTid.get(tid)).toBeGreaterThanOrEqual(faults);
  });
});

describe('children', () => {
  test.each([true, false])('followed: %s', async (children) => {
    const target = await waiting([workload('forkstorm'), '--children', '20']);
    const running = startScript(
      ATTACH.replace('pids: [+target]', `pids: [+target], children: ${children}`),
      { args: [target.pid] },
    );
    await isUp(running);
    target.write('\n');
    await target.ended;
    const result = await finished(running);
    expect(result.completed).toBe(result.kernel);
    if (children) expect(result.pids.length).toBeGreaterThan(20);
    else expect(result.pids).toEqual([target.pid]);
  });
});

describe('a program of other rights (set-user-ID)', () => {
  /** A copy of sleep that runs as root whoever starts it. */
  const privileged = (): string => {
    const path = execFileSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).trim();
    const copy = join(scratch, 'privileged-sleep');
    copyFileSync(path, copy);
    chmodSync(copy, 0o4755);
    return copy;
  };

  test('the kernel ends capture at the exec; it is resumed and that is told', async () => {
    const target = new Running([...NOBODY, 'sh', '-c', `echo; read go; exec ${privileged()} 0.5`]);
    await target.spoke;
    const running = startScript(ATTACH, { args: [target.pid] });
    await isUp(running);
    target.write('\n');
    await target.ended;
    const result = await finished(running);
    expect(result.info.notices).toContainEqual({
      ...{ code: 'CREDENTIALS_CHANGED', errno: 0, detail: String(target.pid) },
    });
    expect(result.completed).toBe(result.kernel);
  });

  test('a hundred of them in a row: descriptors and notices stay few', async () => {
    const loop = `echo; read go; for i in $(seq 100); do ${privileged()} 0.05; done`;
    const target = new Running([...NOBODY, 'sh', '-c', loop]);
    await target.spoke;
    const running = startScript(ATTACH, { args: [target.pid] });
    await isUp(running);
    target.write('\n');
    await target.ended;
    const result = await finished(running);
    const told = result.info.notices.filter(({ code }) => code === 'CREDENTIALS_CHANGED');
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(50);
    expect(result.info.descriptors).toBeLessThan(100);
    expect(result.completed).toBe(result.kernel);
  });

  test('root is not detached by a set-user-ID exec: nothing is told', async () => {
    const result = await answer<Finished>(RUN(command('sh', '-c', `exec ${privileged()} 0.05`)));
    expect(codes(result.info)).not.toContain('CREDENTIALS_CHANGED');
    expect(result.completed).toBe(result.kernel);
  });
});
