import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Outlets } from '../../../src/app/outlets';
import { describeError } from '../../../src/core/facts/errors';
import { WholeFile } from '../../../src/output/files/whole-file';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pagefault-outlets-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const patient = (): number => Infinity;

/** What can be opened without waiting. */
async function open(path: string): Promise<Outlets> {
  const outlets = await Outlets.open(path, () => false);
  if (outlets === null) throw new Error(`${path} would be waited for`);
  return outlets;
}

/** A FIFO with a reader that has opened it and does nothing yet. */
function fifo(): { readonly path: string; readonly reader: number } {
  const path = join(scratch, 'fifo');
  execFileSync('mkfifo', [path]);
  return { path, reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) };
}

test('a file is emptied at the start and holds what was written', async () => {
  const path = join(scratch, 'out');
  writeFileSync(path, 'of an earlier run');
  const outlets = await open(path);
  expect(readFileSync(path, 'utf8')).toBe('');
  outlets.writer('file').write(Buffer.from('faults\n'));
  outlets.writer('file').write(Buffer.from('summary\n'));
  await outlets.settle(patient, sleep);
  expect(readFileSync(path, 'utf8')).toBe('faults\nsummary\n');
  expect([outlets.trouble, outlets.stalled, outlets.closedByReader]).toEqual(['', '', false]);
  outlets.close();
});

test.each([
  ['a directory', () => scratch, /^error: .*directory/],
  ['a missing directory', () => join(scratch, 'missing', 'out'), /^error: .*no such directory$/],
])('%s is refused before anything runs, in one line that names it', async (_, path, message) => {
  let refused: unknown;
  try {
    await open(path());
  } catch (error) {
    refused = error;
  }
  const { line, status } = describeError(refused, { command: 'x', pids: [] });
  expect(line).toMatch(message);
  expect(line).toContain(path());
  expect(status).toBe(2);
});

test('a full disk is trouble', async () => {
  const outlets = await open('/dev/full');
  outlets.writer('file').write(Buffer.from('x'));
  expect(outlets.trouble).toBe('error: cannot write to /dev/full: no space left on device');
  expect(outlets.closedByReader).toBe(false);
  outlets.close();
});

test('a reader that has gone is no trouble', async () => {
  const { path, reader } = fifo();
  const outlets = await open(path);
  closeSync(reader);
  outlets.writer('file').write(Buffer.from('x'));
  expect([outlets.trouble, outlets.closedByReader]).toEqual(['', true]);
  outlets.close();
});

test('a slow reader is waited for, and gets everything', async () => {
  const { path, reader } = fifo();
  const outlets = await open(path);
  const sent = Buffer.alloc(300_000, 'abcdefg');
  outlets.writer('file').write(sent);
  expect(outlets.writer('file').ready).toBe(false);
  const got: Buffer[] = [];
  await outlets.settle(patient, (ms) => {
    const chunk = Buffer.alloc(40_000);
    got.push(chunk.subarray(0, readSync(reader, chunk)));
    return sleep(ms);
  });
  const rest = Buffer.alloc(100_000);
  got.push(rest.subarray(0, readSync(reader, rest)));
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(outlets.stalled).toBe('');
  closeSync(reader);
  outlets.close();
});

test('a reader that does not read is given up once an end was asked for, and named', async () => {
  const { path, reader } = fifo();
  const outlets = await open(path);
  outlets.writer('file').write(Buffer.alloc(300_000));
  let askedAt = Infinity;
  let ended = false;
  const settled = outlets
    .settle(() => askedAt, sleep)
    .then(() => {
      ended = true;
    });
  await sleep(50);
  expect(ended).toBe(false);
  askedAt = performance.now();
  await settled;
  expect([outlets.stalled, outlets.trouble]).toEqual([path, '']);
  closeSync(reader);
  outlets.close();
});

test('our descriptors are closed at the end, those we were started with are not', async () => {
  const outlets = await open(join(scratch, 'out'));
  const probe = openSync('/dev/null', 'r');
  closeSync(probe);
  // The lowest free descriptor is what the next open gets: one below when the file is closed.
  outlets.close();
  const again = openSync('/dev/null', 'r');
  expect(again).toBeLessThan(probe);
  closeSync(again);
  new Outlets().close();
  for (const fd of [1, 2]) expect(() => fstatSync(fd)).not.toThrow();
  expect(() => new Outlets().writer('file')).toThrow('no output file');
});

describe('a FIFO without a reader', () => {
  test('is waited for, and written to once somebody has opened it', async () => {
    const path = join(scratch, 'fifo');
    execFileSync('mkfifo', [path]);
    let asked = 0;
    let reader = -1;
    const outlets = await Outlets.open(path, () => {
      asked += 1;
      if (asked === 3) reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return true;
    });
    outlets!.writer('file').write(Buffer.from('faults\n'));
    outlets!.close();
    const got = Buffer.alloc(20);
    expect(got.subarray(0, readSync(reader, got)).toString()).toBe('faults\n');
    closeSync(reader);
  });

  test('is given up when patience ends, and no descriptor stays behind', async () => {
    const path = join(scratch, 'fifo');
    execFileSync('mkfifo', [path]);
    const before = readdirSync('/proc/self/fd').length;
    expect(await Outlets.open(path, () => false)).toBeNull();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

describe('a file that is written at once', () => {
  test('a FIFO gets what it takes, the rest later, and its end then', async () => {
    const { path, reader } = fifo();
    const outlets = new Outlets();
    const text = 'abcdefg\n'.repeat(20_000);
    outlets.deliver(new WholeFile(path), text);
    const got: Buffer[] = [];
    const read = (): void => {
      const chunk = Buffer.alloc(1 << 16);
      got.push(chunk.subarray(0, readSync(reader, chunk)));
    };
    await outlets.settle(patient, (ms) => {
      read();
      return sleep(ms);
    });
    // The end of file comes without close(): a reader of the FIFO must not wait for ours.
    do read();
    while (got.at(-1)!.length > 0);
    expect(Buffer.concat(got).toString()).toBe(text);
    expect([outlets.trouble, outlets.stalled]).toEqual(['', '']);
    closeSync(reader);
  });

  test('what fails at once is thrown, with the name', () => {
    const outlets = new Outlets();
    expect(() => {
      outlets.deliver(new WholeFile('/dev/full'), 'text');
    }).toThrow('/dev/full: no space left on device');
    expect(outlets.trouble).toBe('');
  });
});
