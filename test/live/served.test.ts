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

/** Of a finding what is said while the command runs; its recording says the same. */
async function textOf(id: string, command: readonly string[]): Promise<string | undefined> {
  const file = join(scratch, 'recorded');
  const report = ['-q', '--report-format', 'json'];
  const live = await analyze([...report, '--record', file, '--', ...command]);
  const again = await analyze([...report, '-i', file]);
  const [text, recorded] = [live, again].map(({ stdout }) => {
    const { findings } = JSON.parse(stdout) as { findings: Found[] };
    return findings.find((one) => one.id === id)?.text;
  });
  const who = (said = ''): string | undefined => said.split('; waited for: ')[1];
  expect(who(recorded)).toBe(who(text));
  return text;
}

test.each([
  ['cold-file', []],
  // The pages behind are on their way when they are touched.
  ['read-ahead', ['16384']],
])('of a file system in user space it is said who serves it: %s', async (id, ahead) => {
  const place = join(scratch, id);
  mkdirSync(place);
  const server = new Running([workload('fuse'), place, '3000', ...ahead]);
  try {
    await until('the mount', () => server.stdout.includes('mounted'));
    const text = await textOf(id, ['python3', '-c', READ, join(place, 'file')]);
    expect(text).toContain(
      `waited for: fuse.slow server:/export at ${place}, served by fuse ${server.pid}`,
    );
  } finally {
    spawnSync('umount', ['-l', place]);
  }
  expect((await server.ended).status).toBe(0);
});

describe('of memory that a program answers for it is said', () => {
  /** What it says of itself is not read here. */
  const answered = (args: string): string[] => {
    const program = `${workload('uffd')} --pages 1000 --us 2000 ${args}`;
    return ['sh', '-c', `echo | ${program} > ${join(scratch, 'truth')}`];
  };

  it('which thread that is', async () => {
    // It is seen where it reads or answers while somebody looks; else others of this machine could have the descriptor.
    const held = 'whoever answers by the userfaultfd that uffd \\d+ holds';
    expect(await textOf('userfaultfd', answered(''))).toMatch(
      new RegExp(`; waited for: (uffd (\\d+)(, its thread uffd (?!\\2)\\d+)?|${held})$`),
    );
  });

  it('who has the descriptor where others have it, too', async () => {
    expect(await textOf('userfaultfd', answered('--child 1'))).toMatch(
      /; waited for: whoever answers by the userfaultfd that uffd \d+ holds$/,
    );
  });
});
