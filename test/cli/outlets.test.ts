import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Outlets } from '../../src/cli/outlets';
import { describeError } from '../../src/core/errors';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pagefault-outlets-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const patient = (): boolean => true;

/** A FIFO with a reader that has opened it and does nothing yet. */
function fifo(): { readonly path: string; readonly reader: number } {
  const path = join(scratch, 'fifo');
  execFileSync('mkfifo', [path]);
  return { path, reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) };
}

test('a file is emptied at the start and holds what was written', async () => {
  const path = join(scratch, 'out');
  writeFileSync(path, 'of an earlier run');
  const outlets = new Outlets(path);
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
])('%s is refused before anything runs, in one line that names it', (_, path, message) => {
  let refused: unknown;
  try {
    new Outlets(path());
  } catch (error) {
    refused = error;
  }
  const { line, status } = describeError(refused, { command: 'x', pids: [] });
  expect(line).toMatch(message);
  expect(line).toContain(path());
  expect(status).toBe(2);
});

test('a full disk is trouble', () => {
  const outlets = new Outlets('/dev/full');
  outlets.writer('file').write(Buffer.from('x'));
  expect(outlets.trouble).toBe('error: cannot write to /dev/full: no space left on device');
  expect(outlets.closedByReader).toBe(false);
  outlets.close();
});

test('a reader that has gone is no trouble', () => {
  const { path, reader } = fifo();
  const outlets = new Outlets(path);
  closeSync(reader);
  outlets.writer('file').write(Buffer.from('x'));
  expect([outlets.trouble, outlets.closedByReader]).toEqual(['', true]);
  outlets.close();
});

test('a slow reader is waited for, and gets everything', async () => {
  const { path, reader } = fifo();
  const outlets = new Outlets(path);
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

test('a reader that does not read is given up when patience ends, and named', async () => {
  const { path, reader } = fifo();
  const outlets = new Outlets(path);
  outlets.writer('file').write(Buffer.alloc(300_000));
  let asked = 0;
  await outlets.settle(
    () => (asked += 1) < 5,
    () => sleep(1),
  );
  expect(asked).toBe(5);
  expect([outlets.stalled, outlets.trouble]).toEqual([path, '']);
  closeSync(reader);
  outlets.close();
});

test('our descriptors are closed at the end, those we were started with are not', () => {
  const outlets = new Outlets(join(scratch, 'out'));
  const probe = openSync('/dev/null', 'r');
  closeSync(probe);
  // The lowest free descriptor is what the next open gets: one below when the file is closed.
  outlets.close();
  const again = openSync('/dev/null', 'r');
  expect(again).toBeLessThan(probe);
  closeSync(again);
  new Outlets(null).close();
  for (const fd of [1, 2]) expect(() => fstatSync(fd)).not.toThrow();
  expect(() => new Outlets(null).writer('file')).toThrow('no output file');
});
