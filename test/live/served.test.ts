import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { workload } from '../support/build';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const READ = `
import mmap, sys
file = open(sys.argv[1], "rb")
pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
for at in range(0, len(pages), 4096): pages[at]
`;

interface Found {
  readonly id: string;
  readonly text: string;
}

async function findingsOf(command: readonly string[]): Promise<Found[]> {
  const args = ['-q', '--report-format', 'json', '--', ...command];
  const { stdout } = await analyze(args);
  return (JSON.parse(stdout) as { findings: Found[] }).findings;
}

test('of a file system in user space it is said which it is, and who serves it', async () => {
  const place = join(scratch, 'mount');
  mkdirSync(place);
  const server = new Running([workload('fuse'), place, '3000']);
  try {
    await until('the mount', () => server.stdout.includes('mounted'));
    const found = await findingsOf(['python3', '-c', READ, join(place, 'file')]);
    expect(found.find(({ id }) => id === 'cold-file')?.text).toContain(
      `waited for: fuse.slow server:/export at ${place}, served by fuse ${server.pid}`,
    );
  } finally {
    spawnSync('umount', ['-l', place]);
  }
  expect((await server.ended).status).toBe(0);
});

test('of memory that a thread answers for it is said who that is', async () => {
  // What it says of itself is not read here.
  const answered = `echo | ${workload('uffd')} --pages 1000 --us 2000 > ${join(scratch, 'truth')}`;
  const found = await findingsOf(['sh', '-c', answered]);
  // The thread is seen where it reads or answers while somebody looks.
  expect(found.find(({ id }) => id === 'userfaultfd')?.text).toMatch(
    /; waited for: uffd (\d+)(, its thread uffd (?!\1)\d+)?$/,
  );
});
