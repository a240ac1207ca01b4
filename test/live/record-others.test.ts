import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

/** What the header of a recording says: bytes of records, and features. */
function header(file: string): { size: number; features: bigint } {
  const bytes = readFileSync(file);
  if (bytes.length < 104) return { size: 0, features: 0n };
  return { size: Number(bytes.readBigUInt64LE(48)), features: bytes.readBigUInt64LE(72) };
}

/** Kills an analyzer that records. */
async function leave(file: string, options: readonly string[]): Promise<void> {
  const program = await waiting([workload('churn'), '--dir', scratch, '--turns', '4000']);
  const args = ['-q', '--record', file, ...options, '-p', String(program.pid)];
  const tracer = startAnalyzer(args);
  await attached(tracer);
  program.write('\n');
  await until('some of it', () => header(file).size >= 1 << 17);
  tracer.kill('SIGKILL');
  await tracer.ended;
  program.kill('SIGKILL');
  await program.ended;
}

test.each([[[]], [['--compress']]])(
  'a recording whose analyzer was killed has its faults and their events: %j',
  async (options) => {
    const file = join(scratch, 'killed.data');
    // While a piece is written there are no features.
    do await leave(file, options);
    while (header(file).features === 0n);
    const { faults } = reportIn(
      await analyze(['-q', '--report-format', 'json', '-i', file]),
    ).summary;
    const events = script(file, 'event').match(/\S+(?=:)/g)!;
    expect(events).toEqual(expect.arrayContaining(['minor-faults', 'cow-faults']));
    expect(events.length).toBeGreaterThan(100);
    expect(events).toHaveLength(faults!);
  },
  120_000,
);
