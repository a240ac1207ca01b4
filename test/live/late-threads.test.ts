import { join } from 'node:path';
import { captureAttached, readFaults, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault } from '../support/formats';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, truthRows } from '../support/truth';
import type { TruthRow } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const PROGRAM = [workload('late-threads'), '--threads', '1500', '--pages', '4'];

function expectAll(rows: readonly TruthRow[], faults: readonly Fault[]): void {
  expect(rows.length).toBeGreaterThan(100);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
}

test('threads born while we attach, captured to their ends: none is missed', async () => {
  const { rows, faults } = await captureAttached(PROGRAM, scratch, ['--no-symbols']);
  expectAll(rows, faults);
}, 600_000);

// The ends of so many threads take the kernel far longer than what this is about.
test('threads born while we attach, captured while they live: none is missed', async () => {
  for (let round = 0; round < 2; round++) {
    const target = await waiting([...PROGRAM, '--stay']);
    const file = join(scratch, 'living.ndjson');
    const args = ['--no-symbols', '--format', 'ndjson', '-o', file, '-p', String(target.pid)];
    const tracer = startAnalyzer(args);
    await attached(tracer);
    target.write('\n');
    await until(
      'all pages',
      () => target.stdout.includes('"rows"') && target.stdout.endsWith('\n'),
      150_000,
    );
    tracer.kill('SIGINT');
    await tracer.ended;
    target.closeInput();
    expectAll(truthRows((await target.ended).stdout), await readFaults(file));
  }
}, 600_000);
