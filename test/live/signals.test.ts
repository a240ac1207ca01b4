import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { analyzerCommand, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { listening, stateOf, taken } from '../support/processes';
import { PtyAnalyzer } from '../support/pty';
import { attached, Running, sleep, until } from '../support/running';
import type { Ended } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

/** _NSIG of the kernel: signals are 1 to 64, the last 33 of them without names in Node. */
const ALL = Array.from({ length: 64 }, (_, k) => k + 1);
const { signals } = constants;
/** Of a crash, and those that nobody can take: not ours to decide. */
const LEFT: readonly number[] = [
  ...[signals.SIGSEGV, signals.SIGBUS, signals.SIGFPE, signals.SIGILL, signals.SIGTRAP],
  ...[signals.SIGSYS, signals.SIGABRT, signals.SIGKILL, signals.SIGSTOP],
];
const STOPPING: readonly number[] = [signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU];
/** They end a run in order; what the parent then sees: null for an exit with status 0. */
const ENDING = new Map<number, NodeJS.Signals | null>([
  [signals.SIGINT, null],
  [signals.SIGTERM, null],
  [signals.SIGHUP, null],
  [signals.SIGQUIT, 'SIGQUIT'],
  [signals.SIGALRM, 'SIGALRM'],
  [signals.SIGXCPU, 'SIGXCPU'],
  [signals.SIGPWR, 'SIGPWR'],
]);
const WITHOUT_EFFECT = ALL.filter(
  (signal) => !LEFT.includes(signal) && !STOPPING.includes(signal) && !ENDING.has(signal),
);
const ended = [...ENDING].map(([signal, by]) => ({ signal, by }));

let target: Running;
let scratch: string;

beforeAll(async () => {
  scratch = scratchDirectory();
  target = await waiting([workload('brkheap')]);
});
afterAll(async () => {
  target.kill('SIGKILL');
  await target.ended;
  removeScratch(scratch);
});

/** Looks for a while: what a signal sets off can take its time. */
async function staysClosed(pid: number): Promise<void> {
  for (let looks = 0; looks < 20; looks++) {
    expect(listening(pid)).toEqual([]);
    await sleep(10);
  }
}

async function sendAllWithoutEffect(pid: number): Promise<void> {
  for (const signal of WITHOUT_EFFECT) {
    process.kill(pid, signal);
    await taken(pid);
    expect({ signal, listening: listening(pid), state: stateOf(pid) }).toMatchObject({
      listening: [],
      state: expect.stringMatching(/[RSD]/),
    });
  }
  await staysClosed(pid);
}

test('what is looked for is found: SIGUSR1 opens the debugger of a bare Node', async () => {
  const node = spawn(
    process.execPath,
    ['--inspect-port=127.0.0.1:0', '-e', 'setInterval(() => 0, 1000); console.log("runs")'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await new Promise((resolve) => node.stdout.once('data', resolve));
  node.kill('SIGUSR1');
  await until('a listening socket', () => listening(node.pid!).length > 0);
  node.kill('SIGKILL');
});

test('SIGUSR1 at any time of the start opens nothing', async () => {
  for (let delay = 0; delay <= 120; delay += 8) {
    const tracer = startAnalyzer(['-q', '-d', '0.1', '-p', String(target.pid)]);
    await sleep(delay);
    tracer.kill('SIGUSR1');
    let over: Ended | null = null;
    while (over === null) {
      expect(listening(tracer.pid)).toEqual([]);
      over = await Promise.race([tracer.ended, sleep(2).then(() => null)]);
    }
    const { status, signal } = over;
    // Before Node runs, the signal ends the launcher, which has started nothing yet.
    expect(signal ?? status).toEqual(signal === null ? 0 : 'SIGUSR1');
  }
});

describe('the stream', () => {
  async function stream(): Promise<Running> {
    const tracer = startAnalyzer(['-q', '-p', String(target.pid)]);
    await attached(tracer);
    return tracer;
  }

  it('takes no notice of signals that are not for it', async () => {
    const tracer = await stream();
    await sendAllWithoutEffect(tracer.pid);
    tracer.kill('SIGINT');
    expect(await tracer.ended).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Summary: .*\n$/),
      stderr: '',
    });
  });

  it.each(ended)('ends in order by signal $signal', async ({ signal, by }) => {
    const tracer = await stream();
    process.kill(tracer.pid, signal);
    expect(await tracer.ended).toMatchObject({
      status: by === null ? 0 : null,
      signal: by,
      stdout: expect.stringMatching(/^Summary: .*\n$/),
      stderr: '',
    });
  });

  it.each(STOPPING)('is stopped and continued by signal %i', async (signal) => {
    // A job of a shell: in an orphaned process group these signals do nothing (signal(7)), and the tests
    // may run in one.
    // While its job is stopped, bash says so again and again.
    const job = 'set -m; "$@" & echo $! >&2; exec 2>/dev/null; wait -f $!';
    const command = analyzerCommand(['--ready-fd', '3', '-q', '-p', String(target.pid)]);
    const shell = new Running(['bash', '-c', job, 'job', ...command], { tellsReady: true });
    const pid = await until(
      'its number',
      () => Number(/^\d+$/m.exec(shell.stderr)?.[0] ?? 0) || false,
    );
    await attached(shell);
    process.kill(pid, signal);
    await until('the stop', () => stateOf(pid) === 'T');
    process.kill(pid, 'SIGCONT');
    await until('that it runs', () => stateOf(pid) !== 'T');
    process.kill(pid, 'SIGTERM');
    expect(await shell.ended).toMatchObject({ status: 0, signal: null });
  });
});

describe('the dashboard', () => {
  let pty: PtyAnalyzer | null = null;

  afterEach(() => {
    pty?.kill();
    pty = null;
  });

  async function dashboard(): Promise<PtyAnalyzer> {
    pty = new PtyAnalyzer(['-p', String(target.pid)], 100, 30);
    await pty.shows(/q quit/);
    return pty;
  }

  it('takes no notice of signals that are not for it', async () => {
    const screen = await dashboard();
    await sendAllWithoutEffect(screen.pid);
    screen.type('2');
    await screen.shows(/\[2 Threads\]/);
    screen.type('q');
    expect(await screen.exited).toBe(0);
    expect(screen.alternate).toBe(false);
  });

  it.each(ended)('gives the terminal back and ends by signal $signal', async ({ signal, by }) => {
    const screen = await dashboard();
    expect(screen.alternate).toBe(true);
    process.kill(screen.pid, signal);
    await screen.exited;
    // A hang-up that came as a signal alone is one for the dashboard as well.
    const expected = signal === signals.SIGHUP ? signal : by === null ? 0 : signals[by];
    expect(screen.endedBy).toBe(expected);
    expect(await screen.text()).toMatch(/Summary: /);
    expect(screen.alternate).toBe(false);
  });

  it('is stopped and continued by SIGTSTP', async () => {
    const screen = await dashboard();
    // Of a session's first process, which nobody could continue, the kernel lets these two pass.
    for (const signal of [signals.SIGTTIN, signals.SIGTTOU]) process.kill(screen.pid, signal);
    process.kill(screen.pid, signals.SIGTSTP);
    await until('the stop', () => stateOf(screen.pid) === 'T');
    process.kill(screen.pid, signals.SIGCONT);
    screen.type('3');
    await screen.shows(/\[3 Processes\]/);
    screen.type('q');
    expect(await screen.exited).toBe(0);
  });
});

test('a terminal that is closed ends the stream by SIGHUP, and without a native stack', async () => {
  const errors = join(scratch, 'errors');
  const pty = new PtyAnalyzer(['--stream', '-p', String(target.pid)], 80, 24, [
    ...['sh', '-c', `exec "$@" 2>${errors}`, 'sh'],
  ]);
  await until('the events', () =>
    readFileSync(`/proc/${pty.pid}/maps`, 'latin1').includes('perf_event'),
  );
  pty.vanish();
  await pty.exited;
  expect(pty.endedBy).toBe(signals.SIGHUP);
  expect(readFileSync(errors, 'utf8')).toBe('');
});

test('under nohup a terminal that is closed is none that matters', async () => {
  const errors = join(scratch, 'nohup-errors');
  const out = join(scratch, 'nohup-out');
  const pty = new PtyAnalyzer(['-q', '-o', out, '-d', '2', '-p', String(target.pid)], 80, 24, [
    ...['sh', '-c', `trap '' HUP; exec "$@" 2>${errors}`, 'sh'],
  ]);
  await until('the events', () =>
    readFileSync(`/proc/${pty.pid}/maps`, 'latin1').includes('perf_event'),
  );
  pty.vanish();
  await pty.exited;
  expect(pty.endedBy).toBe(0);
  expect(readFileSync(out, 'utf8')).toMatch(/^Summary: /);
  expect(readFileSync(errors, 'utf8')).toBe('');
});
