import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, readFaults, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { withFrames, workload } from '../support/build';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const script = (file: string, fields: string): string =>
  execFileSync('perf', ['script', '-i', file, '-F', fields], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

test.each([
  ['attached to', (pid: number) => ['-p', String(pid)]],
  ['found by name', () => ['--name', 'threads']],
])('threads that were there before have their names: %s', async (_, target) => {
  const program = await waiting([workload('threads'), '--sleepers', '20']);
  const [file, out] = [join(scratch, 'names.data'), join(scratch, 'names.ndjson')];
  const args = ['--record', file, '--format', 'ndjson', '-o', out, ...target(program.pid)];
  const tracer = startAnalyzer(args);
  await attached(tracer);
  program.write('\n');
  await program.ended;
  tracer.kill('SIGINT');
  await tracer.ended;
  const names = (await readFaults(out)).map(({ comm, tid }) => `${comm} ${tid}`);
  expect(new Set(names).size).toBeGreaterThan(10);
  const lines = script(file, 'comm,tid').trimEnd().split('\n');
  expect(lines.map((line) => line.trim().replace(/\s+/, ' '))).toEqual(names);
});

test('a stack begins with the instruction, once', async () => {
  const file = join(scratch, 'stacks.data');
  const stacks = ['--stacks', 'fp', '--stack-every', '1'];
  const program = [withFrames('chains'), '--pages', '60'];
  await analyze(['-q', ...stacks, '--record', file, '--', ...program]);
  const found = script(file, 'ip')
    .split('\n\n')
    .map((stack) => stack.trim().split(/\s+/));
  expect(found.filter(({ length }) => length > 20).length).toBeGreaterThan(50);
  expect(found.filter(([first, second]) => first === second)).toEqual([]);
});

test.each([[[]], [['--compress']]])(
  'a recording whose analyzer was killed has its faults and their events: %j',
  async (options) => {
    const file = join(scratch, 'killed.data');
    const program = await waiting([workload('churn'), '--dir', scratch, '--turns', '4000']);
    const args = ['-q', '--record', file, ...options, '-p', String(program.pid)];
    const tracer = startAnalyzer(args);
    await attached(tracer);
    program.write('\n');
    await until('some of it', () => statSync(file).size >= 1 << 17);
    tracer.kill('SIGKILL');
    await tracer.ended;
    program.kill('SIGKILL');
    await program.ended;
    const { faults } = reportIn(
      await analyze(['-q', '--report-format', 'json', '-i', file]),
    ).summary;
    const events = script(file, 'event').match(/\S+(?=:)/g)!;
    expect(events).toEqual(expect.arrayContaining(['minor-faults', 'cow-faults']));
    // It may have been killed between the records of a piece and the header that tells of them.
    expect(events.length).toBeGreaterThan(1000);
    expect(events.length).toBeLessThanOrEqual(faults!);
  },
  120_000,
);
