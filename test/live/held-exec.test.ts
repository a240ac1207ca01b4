import { analyze, analyzerCommand, reportIn, startAnalyzer } from '../support/analyzer';
import { workload } from '../support/build';
import { HeldExec } from '../support/held-exec';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let held: HeldExec;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});
beforeEach(async () => {
  held = await HeldExec.start(scratch);
});
afterEach(async () => {
  await held.end();
});

const COUNTS = ['-q', '--no-symbols', '--report-format', 'json'];

/** Faults of each of two threads. */
async function storm(faults: number): Promise<number> {
  const args = ['--threads', '2', '--faults', String(faults), '--pages', '1024', '--dir', scratch];
  const running = new Running([workload('storm'), ...args]);
  expect((await running.ended).status).toBe(0);
  return running.pid;
}

test('an exec that a file system holds up holds up no capture, nor its end', async () => {
  const tracer = startAnalyzer(['--all', ...COUNTS]);
  await attached(tracer);
  const pid = await held.exec();
  // Each longer than the time between two looks at who has ended (250 ms), and all of them three times
  // what has room where nobody takes it.
  const faults = 100_000;
  const storms = [];
  for (let i = 0; i < 4; i++) storms.push(await storm(faults));
  tracer.kill('SIGINT');
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  // It is held up to the end of the capture.
  expect(held.isHeld(pid)).toBe(true);
  const { completeness, processes } = reportIn(ended);
  expect(completeness).toMatchObject({ lost: 0 });
  for (const each of storms) {
    const found = processes.find((row) => row.pid === each)!;
    expect(Number(found.faults)).toBeGreaterThanOrEqual(2 * faults);
  }
});

test.each([['--all'], ['--name', 'storm'], ['--name', 'python3']])(
  'a capture of others begins beside it: %s %s',
  async (...target) => {
    const pid = await held.exec();
    const tracer = startAnalyzer([...target, ...COUNTS]);
    await attached(tracer);
    const other = await storm(5000);
    tracer.kill('SIGINT');
    const ended = await tracer.ended;
    expect(held.isHeld(pid)).toBe(true);
    const rows = reportIn(ended).processes.filter((row) => row.pid === other);
    expect(rows).toHaveLength(target.includes('python3') ? 0 : 1);
  },
);

test('who is to be attached to in the middle of it is refused with its name', async () => {
  const pid = await held.exec();
  const ended = await analyze(['-q', '-p', String(pid)]);
  expect(held.isHeld(pid)).toBe(true);
  expect(ended.status).toBe(2);
  expect(ended.stderr).toBe(
    `error: process ${pid} is in the middle of an exec that does not end (waited 2 s): ` +
      `a file system that it needs does not answer (see /proc/${pid}/stack)\n`,
  );
});

test('a descendant in the middle of it is left out, and said to be', async () => {
  const pid = await held.exec();
  const tracer = startAnalyzer(['-q', '-p', String(held.pid)]);
  await attached(tracer);
  tracer.kill('SIGINT');
  const ended = await tracer.ended;
  expect(held.isHeld(pid)).toBe(true);
  expect(ended.status).toBe(0);
  expect(ended.stderr).toContain('1 of the descendants are in the middle of an exec');
});

test('COMMAND that does not start can be left', async () => {
  const tracer = new Running(held.within(analyzerCommand(['-q', '--', held.file])));
  await until('the note', () => tracer.stderr.includes('COMMAND has not started') || undefined);
  await held.isRead();
  tracer.kill('SIGINT');
  // Not its end of output, which COMMAND has, too: no signal ends what a file system holds up.
  await tracer.exited;
  expect(tracer.stdout).toContain('Summary:');
  expect(tracer.stderr).toContain('COMMAND did not end');
});

test('signals do not prolong the wait for COMMAND to start', async () => {
  const tracer = new Running(held.within(analyzerCommand(['-q', '--', held.file])));
  await held.isRead();
  // Node has a handler of it, for its children.
  const signals = setInterval(() => {
    tracer.kill('SIGCHLD');
  }, 100);
  await until('the note', () => tracer.stderr.includes('COMMAND has not started') || undefined);
  clearInterval(signals);
  tracer.kill('SIGINT');
  await tracer.exited;
  expect(tracer.stdout).toContain('Summary:');
});

test('COMMAND that cannot be started in the end is said to be so', async () => {
  const tracer = new Running(held.within(analyzerCommand(['-q', '--', held.file])));
  await until('the note', () => tracer.stderr.includes('COMMAND has not started') || undefined);
  await held.isRead();
  held.fail();
  const { status, stderr } = await tracer.ended;
  expect(status).toBe(0);
  expect(stderr).toContain('COMMAND could not be started in the end: Input/output error');
  expect(stderr).toContain('COMMAND exited with status 127');
});
