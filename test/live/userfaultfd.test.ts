import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureCommand, readFaults, startAnalyzer } from '../support/analyzer';
import type { Fault } from '../support/formats';
import { workload } from '../support/build';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** How often each value comes, by what it is of a fault. */
function tally(faults: readonly Fault[], what: (fault: Fault) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fault of faults) counts[what(fault)] = (counts[what(fault)] ?? 0) + 1;
  return counts;
}

test('first touches that a program answers', async () => {
  const pages = 1000;
  const command = [workload('uffd'), '--pages', String(pages), '--us', '2000'];
  const { ended, rows, faults } = await captureCommand(command, scratch);
  expect(ended.status).toBe(0);
  const { start, end } = rows[0]!;
  const own = faults.filter(
    ({ address }) => Number(address) >= Number(start) && Number(address) < Number(end),
  );
  // Nothing announces the registration: the first ones lead to it.
  const causes = tally(own, ({ cause }) => cause);
  expect(Object.values(causes).reduce((a, b) => a + b)).toBe(pages);
  expect(causes.userfaultfd).toBeGreaterThan(pages / 2);
  const last = own.findLastIndex(({ cause }) => cause !== 'userfaultfd');
  expect(own.slice(0, last + 1).some(({ cause }) => cause === 'userfaultfd')).toBe(false);
  expect(tally(own, (fault) => fault.class)).toEqual({ MINOR: pages });
});

test('writes to pages that are protected in order to be tracked', async () => {
  const target = new Running([workload('uffd'), '--protect', '1', '--pages', '256']);
  const file = join(scratch, 'faults.ndjson');
  const tracer = startAnalyzer(['--format', 'ndjson', '-o', file, '-p', String(target.pid)]);
  await attached(tracer);
  await until('the cause', () => readFileSync(file, 'utf8').includes('"userfaultfd"'));
  target.closeInput();
  await target.ended;
  expect((await tracer.ended).status).toBe(0);
  const guarded = (await readFaults(file)).filter(({ cause }) => cause === 'userfaultfd');
  expect(tally(guarded, (fault) => `${fault.class} ${fault.access ?? ''}`)).toEqual({
    'COW w': guarded.length,
  });
});
