import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startAnalyzer, THROWS_WHEN_TOLD, waiting } from '../support/analyzer';
import { ANALYZER, workload } from '../support/build';
import { alive, childrenOf, descriptors, stateOf, written } from '../support/processes';
import { PtyAnalyzer } from '../support/pty';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let serial = 0;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** A COMMAND that leaves its pid in a file, and how to wait for it. */
function command(script: string): {
  readonly words: readonly string[];
  readonly pid: () => Promise<number>;
} {
  const file = join(scratch, `pid-${serial++}`);
  return {
    words: ['--', 'bash', '-c', `echo $$ > ${file}.new; mv ${file}.new ${file}; ${script}`],
    pid: async () =>
      Number(await until('COMMAND', () => existsSync(file) && readFileSync(file, 'utf8'))),
  };
}

const QUIET = 'exec sleep 1000';
const DEAF = 'trap "" TERM INT HUP; while :; do sleep 0.1; done';
/** What a pipe takes before its reader reads (pipe(7)). */
const PIPE_BYTES = 65_536;
const LOUD = `exec ${workload('storm')} --seconds 1000 --threads 1 --pause 20`;

/** Watchers of a COMMAND (addon/watcher). */
function watchersOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((each) => {
      try {
        const words = readFileSync(`/proc/${each}/cmdline`, 'latin1').split('\0');
        return words[0] === 'pagefault-watcher' && words[1] === String(pid);
      } catch {
        return false;
      }
    });
}

describe('SIGKILL of the analyzer', () => {
  it.each([
    ['a COMMAND', QUIET],
    ['one that ignores SIGTERM', DEAF],
    ['one that is stopped', 'kill -STOP $$'],
  ])('ends %s', async (_, script) => {
    const { words, pid } = command(script);
    const tracer = startAnalyzer(['-q', ...words]);
    const traced = await pid();
    await until('the watcher', () => watchersOf(traced).length === 1);
    tracer.kill('SIGKILL');
    await until('the end of COMMAND', () => !alive(traced));
    await until('the end of the watcher', () => watchersOf(traced).length === 0);
  });

  it('ends a set-user-ID program, whose parent-death signal the kernel would clear', async () => {
    const { words, pid } = command('exec su -s /bin/sleep root 1000');
    const tracer = startAnalyzer(['-q', ...words]);
    const traced = await pid();
    tracer.kill('SIGKILL');
    await until('the end of COMMAND', () => !alive(traced));
  });

  it('ends the whole group under the dashboard', async () => {
    const file = join(scratch, 'helper');
    const { words, pid } = command(`sleep 1000 & echo $! > ${file}; wait`);
    const pty = new PtyAnalyzer(words, 80, 24);
    const traced = await pid();
    const helper = Number(await until('it', () => existsSync(file) && readFileSync(file, 'utf8')));
    pty.kill();
    await until('the end of both', () => !alive(traced) && !alive(helper));
  });

  it('does not touch an attached target', async () => {
    const target = await waiting([workload('brkheap')]);
    const tracer = startAnalyzer(['-q', '-p', String(target.pid)]);
    await attached(tracer);
    tracer.kill('SIGKILL');
    await tracer.ended;
    target.write('\n');
    expect(await target.ended).toMatchObject({ status: 0, signal: null });
  });
});

test('the watcher stands apart: its own session, two descriptors, no zombie when COMMAND has ended', async () => {
  const { words, pid } = command('exec sleep 1000');
  const tracer = startAnalyzer(['-q', ...words]);
  const traced = await pid();
  const watcher = await until('the watcher', () => watchersOf(traced)[0]);
  await until('its descriptors', () => descriptors(watcher).length === 2);
  expect(descriptors(watcher)).toEqual([
    expect.stringMatching(/^pipe:/),
    expect.stringMatching(/pidfd/),
  ]);
  const session = readFileSync(`/proc/${watcher}/stat`, 'utf8').split(' ')[5];
  expect(session).toBe(String(watcher));
  // COMMAND has nothing of it, nor the analyzer a child more.
  expect(descriptors(traced)).not.toContain(descriptors(watcher)[0]);
  expect(childrenOf(tracer.pid)).not.toContain(watcher);
  process.kill(traced, 'SIGTERM');
  await tracer.ended;
  await until('the end of the watcher', () => stateOf(watcher) === '');
});

// As many seconds for -d as COMMAND may take to begin on a busy machine.
describe('a reader that does not read', () => {
  it.each([
    ['-d', ['-d', '3'], null],
    // Whose summary is on stderr anyway.
    ['-d of CSV', ['-d', '3', '--format', 'csv'], null],
    ['SIGINT', [], 'SIGINT'],
    ['SIGTERM', [], 'SIGTERM'],
    ['SIGHUP', [], 'SIGHUP'],
  ] as const)('of a pipe does not keep %s from its work', async (_, args, signal) => {
    const fifo = join(scratch, `fifo-${serial++}`);
    execFileSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const { words, pid } = command(LOUD);
    const script = `exec "$@" > ${fifo}`;
    const analyzer = new Running(['bash', '-c', script, 'bash', ANALYZER, ...args, ...words]);
    const traced = await pid();
    // Of -d the note below says that it was full: it may be over before one can look.
    if (signal !== null) {
      await until('a full pipe', () => written(analyzer.pid) >= PIPE_BYTES);
      analyzer.kill(signal);
    }
    const ended = await analyzer.ended;
    expect(ended).toMatchObject({ status: 0, signal: null });
    expect(ended.stderr).toMatch(/^note: nobody reads stdout/m);
    expect(ended.stderr.match(/^Summary: /gm)).toHaveLength(1);
    expect(alive(traced)).toBe(false);
    closeSync(reader);
  });

  it.each([
    ['-d', ['-d', '3'], null],
    ['SIGINT', [], 'SIGINT'],
    ['SIGTERM', [], 'SIGTERM'],
    ['SIGHUP', [], 'SIGHUP'],
  ] as const)('of a socket does not keep %s from its work', async (_, args, signal) => {
    const server = createServer((socket) => socket.pause());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { words, pid } = command(LOUD);
    const analyzer = spawn(
      'bash',
      ['-c', `exec "$@" > /dev/tcp/127.0.0.1/${port}`, 'bash', ANALYZER, ...args, ...words],
      { stdio: 'ignore' },
    );
    const exited = new Promise((resolve) => analyzer.on('exit', resolve));
    const traced = await pid();
    if (signal !== null) analyzer.kill(signal);
    await exited;
    await until('the end of COMMAND', () => !alive(traced));
    server.close();
  });
});

test('what is thrown in a callback ends the stream in order: one line, the report, COMMAND ended, status 1', async () => {
  const trap = join(scratch, 'trap.js');
  writeFileSync(trap, THROWS_WHEN_TOLD);
  const { words, pid } = command(LOUD);
  const js = `${ANALYZER}.js`;
  const tracer = new Running([process.execPath, '--require', trap, js, '--report', ...words]);
  const traced = await pid();
  await until('faults', () => tracer.stdout.includes('MINOR'));
  tracer.kill('SIGUSR1');
  const { status, stdout, stderr } = await tracer.ended;
  expect(status).toBe(1);
  expect(stdout).toMatch(/^Summary: major=\d+ minor=[1-9]\d* cow=\d+/m);
  expect(stdout).toMatch(/^Complete/m);
  const errors = stderr.split('\n').filter((line) => line.includes('thrown on purpose'));
  expect(errors).toEqual(['error: internal: thrown on purpose']);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(alive(traced)).toBe(false);
});
