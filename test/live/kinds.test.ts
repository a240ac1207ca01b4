import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureCommand, readFaults, startAnalyzer } from '../support/analyzer';
import type { Fault } from '../support/formats';
import { workload } from '../support/build';
import { addHugePages } from '../support/huge-pages';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { afterLoading, compare, truthRows } from '../support/truth';

let scratch: string;
let restore: () => void;

beforeAll(() => {
  scratch = scratchDirectory();
  for (const type of ['tmpfs', 'hugetlbfs']) mkdirSync(join(scratch, type));
  restore = addHugePages(8);
});
afterAll(() => {
  restore();
  removeScratch(scratch);
});

/** Runs a command in a mount namespace where the two file systems are mounted. */
const mounted = (): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'for type in tmpfs hugetlbfs; do mount -t $type none "$0/$type" || exit 1; done; exec "$@"',
  scratch,
];

/** Every range has its faults, and they the kind of region that the workload says. */
function checkKinds(stdout: string, faults: readonly Fault[]): void {
  const rows = truthRows(stdout);
  const { expected, captured } = compare(rows, faults);
  expect(rows).toHaveLength(11);
  expect(captured).toEqual(expected);
  for (const row of rows) {
    const inRange = afterLoading(faults).filter(
      ({ pid, address }) =>
        pid === row.pid &&
        Number(address) >= Number(row.start) &&
        Number(address) < Number(row.end),
    );
    expect([row.region, ...new Set(inRange.map((fault) => fault.region_kind))]).toEqual([
      row.region,
      row.kind,
    ]);
  }
}

test('memory and devices are told from files', async () => {
  const { ended, faults } = await captureCommand([workload('kinds'), '--dir', scratch], scratch, {
    args: ['--no-symbols'],
    within: mounted(),
  });
  expect(ended.status).toBe(0);
  checkKinds(ended.stdout, faults);
});

test('in a mount namespace of the target, which only its own table describes', async () => {
  const target = new Running([...mounted(), workload('kinds'), '--dir', scratch], {
    env: { WORKLOAD_WAIT: '1' },
  });
  await until('the workload to be ready', () => target.stdout.includes('"ready"'));
  const file = join(scratch, 'faults.ndjson');
  const tracer = startAnalyzer(['--format', 'ndjson', '-o', file, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('the last fault', () => readFileSync(file, 'utf8').includes('[perf_event]'));
  target.closeInput();
  const { stdout } = await target.ended;
  expect((await tracer.ended).status).toBe(0);
  checkKinds(stdout, await readFaults(file));
});
