import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, startAnalyzer, waiting } from '../support/analyzer';
import { ANALYZER, workload } from '../support/build';
import { childrenOf, minorFaults, nameOf, taken } from '../support/processes';
import { attached, Running, run, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const LINE = /^\[\d{6}\.\d{3}\] (MAJOR|MINOR|COW|ERROR) 0x[0-9a-f]+ \S.*$/;
/** Faults that do not end. */
const STORM = [workload('storm'), '--seconds', '3000', '--pause', '20'];
const SUMMARY = /^Summary: major=\d+ minor=\d+ cow=\d+( error=\d+)?( lost=\d+)?$/;

/** A shell command with the analyzer as "$0": for pipes and redirections. */
function shell(script: string, ...args: string[]): Promise<Awaited<Running['ended']>> {
  return run(['bash', '-c', script, ANALYZER, ...args]);
}

test('the text stream: faults in the documented form, the summary last', async () => {
  const file = join(scratch, 'stream.txt');
  const ended = await analyze(['-o', file, '--', 'true']);
  expect(ended.status).toBe(0);
  const whole = `${readFileSync(file, 'utf8')}${ended.stdout}`;
  const lines = whole.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines.slice(0, -1)) expect(line).toMatch(LINE);
  expect(lines.at(-1)).toMatch(SUMMARY);
});

test('a COMMAND keeps its stdin, stdout and stderr', async () => {
  const ended = await run([ANALYZER, '-q', '--', 'sh', '-c', 'cat; echo problem >&2'], {
    input: 'what was said\n',
  });
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(/^what was said\nSummary: /);
  expect(ended.stderr).toContain('problem\n');
});

test("a COMMAND's own status is reported and does not change ours", async () => {
  const ended = await analyze(['-q', 'sh', '-c', 'exit 7']);
  expect(ended.status).toBe(0);
  expect(ended.stderr).toMatch(/\b7\b/);
  const success = await analyze(['-q', 'true']);
  expect(success).toMatchObject({
    status: 0,
    stderr: 'pagefault-analyzer: COMMAND exited with status 0\n',
  });
  const killed = await analyze(['-q', '--', 'sh', '-c', 'kill -TERM $$']);
  expect(killed.status).toBe(0);
  expect(killed.stderr).toContain('SIGTERM');
});

test('a COMMAND that is not found, or no program: one line, status 2', async () => {
  const text = join(scratch, 'no-program');
  writeFileSync(text, 'neither ELF nor script\n');
  for (const command of ['/nonexistent/program', 'nonexistent-program', text, scratch]) {
    const ended = await analyze(['-q', '--', command]);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: .*\n$/);
  }
});

test.each([
  ['an unknown option', ['--nonsense', 'true']],
  ['a missing value', ['-p']],
  ['a pid and a COMMAND', ['-p', '1', 'true']],
  ['a pid that is no number', ['-p', '12x']],
  ['nothing to trace', []],
  ['a filter by what is not known yet', ['--filter', 'not function:memset', 'true']],
])('%s: one line on stderr, status 2', async (_, args) => {
  const ended = await analyze(args);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
});

test('--help and --version: on stdout, status 0', async () => {
  const help = await analyze(['--help']);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toContain('--ring-pages');
  const version = await analyze(['--version']);
  expect(version).toMatchObject({ status: 0, stderr: '' });
  expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s once: the summary, status 0, the attached target lives on',
  async (signal) => {
    const target = await waiting([workload('brkheap')]);
    const tracer = startAnalyzer(['-q', '-p', String(target.pid)]);
    await attached(tracer);
    tracer.kill(signal);
    const ended = await tracer.ended;
    expect(ended).toMatchObject({ status: 0, signal: null });
    expect(ended.stdout.trimEnd()).toMatch(SUMMARY);
    target.write('\n');
    expect((await target.ended).status).toBe(0);
  },
);

test('SIGINT while a COMMAND runs: the COMMAND is ended too', async () => {
  const tracer = startAnalyzer(['-q', '--', ...STORM]);
  await attached(tracer);
  await until('a storm', () =>
    childrenOf(tracer.pid).some((pid) => nameOf(pid) === 'storm' && minorFaults(pid) > 10_000),
  );
  tracer.kill('SIGINT');
  const ended = await tracer.ended;
  expect(ended).toMatchObject({ status: 0, signal: null });
  expect(ended.stdout).toMatch(/^Summary: /m);
});

test('SIGINT twice: gone at once, whatever the COMMAND does', async () => {
  const deaf = 'trap "" INT TERM; echo "deaf $$"; while :; do sleep 0.2; done';
  const tracer = startAnalyzer(['-q', '--', 'sh', '-c', deaf]);
  const pid = Number(await until('the COMMAND', () => /deaf (\d+)\n/.exec(tracer.stdout)?.[1]));
  tracer.kill('SIGINT');
  await taken(tracer.pid);
  tracer.kill('SIGINT');
  await tracer.exited;
  // The patience with the COMMAND, and what is said at its end, did not come about.
  expect(tracer.stderr).not.toContain('COMMAND ignored SIGTERM');
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The analyzer has ended it, which it may.
  }
  await tracer.ended;
});

test('-n stops after exactly so many faults, -d after so many seconds', async () => {
  const count = await analyze(['-n', '17', '--', ...STORM]);
  expect(count.status).toBe(0);
  expect(count.stdout.split('\n').filter((line) => LINE.test(line))).toHaveLength(17);
  const time = await analyze(['-q', '-d', '0.5', '--', ...STORM]);
  expect(time.status).toBe(0);
  expect(time.stdout).toMatch(/Summary: /);
});

test('| head -1: a quiet end', async () => {
  const ended = await shell('"$0" -- "$@" | head -1; echo "status ${PIPESTATUS[0]}"', ...STORM);
  expect(ended.stdout).toMatch(/^\[000000\.\d{3}\] .*\nstatus 0\n$/);
  expect(ended.stderr).not.toMatch(/error|EPIPE/i);
});

test('-o /dev/full: the loss of the data is said and is no success', async () => {
  const ended = await analyze(['-o', '/dev/full', '--', workload('storm'), '--faults', '20000']);
  expect(ended.status).not.toBe(0);
  expect(ended.stderr).toMatch(/^error: .*no space left/m);
});

test('stdout is full: said as well', async () => {
  const ended = await shell('"$0" -- "$1" --faults 20000 > /dev/full', workload('storm'));
  expect(ended.status).not.toBe(0);
  expect(ended.stderr).toMatch(/^error: .*no space left/m);
});

test('an output that cannot be opened: status 2 before the COMMAND starts', async () => {
  const mark = join(scratch, 'started');
  for (const file of ['/nonexistent/file', scratch]) {
    const ended = await analyze(['-o', file, '--', 'touch', mark]);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: .*\n$/);
  }
  expect(() => readFileSync(mark)).toThrow('ENOENT');
});

test('stdout closed from the start: no crash, and no output in a file of the target', async () => {
  const ended = await shell('"$0" -q -- true >&-');
  expect(ended.signal).toBeNull();
  expect([0, 1, 2]).toContain(ended.status);
  expect(ended.stderr).not.toMatch(/at .*\.js:\d+/);
});

test('faults are printed while the target runs', async () => {
  const tracer = startAnalyzer(['--', ...STORM]);
  await until('a fault', () => tracer.stdout.startsWith('['));
  tracer.kill('SIGINT');
  expect((await tracer.ended).status).toBe(0);
});
