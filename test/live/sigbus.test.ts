import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { workload } from '../support/build';
import { addHugePages } from '../support/huge-pages';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let restore: () => void;

beforeAll(() => {
  scratch = scratchDirectory();
  mkdirSync(join(scratch, 'hugetlbfs'));
  restore = addHugePages(4);
});
afterAll(() => {
  restore();
  removeScratch(scratch);
});

/** What the report says of faults that nothing resolved. */
async function reason(...args: string[]): Promise<string> {
  const script = 'mount -t hugetlbfs none "$0/hugetlbfs" && exec "$@"';
  const command = [workload('sigbus'), '--dir', scratch, ...args];
  const ended = await analyze(
    ['-q', '--report', '--', 'unshare', '--mount', 'sh', '-c', script, scratch, ...command],
    {},
  );
  const line = ended.stdout.split('\n').find((text) => /^ +unresolved /.test(text));
  expect(line).toBeDefined();
  return line!;
}

const free = (): number =>
  Number(readFileSync('/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages', 'utf8'));

describe.each([[[]], [['--survive', '1']]])('SIGBUS (%j)', (survive) => {
  test('of a file that was cut off', async () => {
    expect(await reason('--what', 'file', ...survive)).toContain(
      'SIGBUS in cut off: touched beyond the end of the file (4.0K)',
    );
  });

  test('of an empty pool of huge pages', async () => {
    const pages = String(free() + 1);
    expect(await reason('--what', 'pool', '--pages', pages, ...survive)).toContain(
      'SIGBUS in [anon]: the pool of 2.0M pages was empty',
    );
  });
});

test('of a file on hugetlbfs that was cut off', async () => {
  expect(await reason('--what', 'huge-file', '--survive', '1')).toMatch(
    /SIGBUS in cut off: .*beyond the end of the file/,
  );
});
