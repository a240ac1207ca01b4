import { spawn } from 'node:child_process';
import { CommandOutputReader } from '../../../../src/sources/live/command-output';
import { closeSync, mkdtempSync, openSync, constants, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../support/running';

/** What a shell script writes, read through a FIFO as the dashboard reads a COMMAND's pipe. */
async function read(script: string): Promise<{ reader: CommandOutputReader; copy: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'pagefault-output-'));
  const fifo = join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const copies: Buffer[] = [];
  const reader = new CommandOutputReader(fd, (bytes) => copies.push(Buffer.from(bytes)));
  const out = openSync(fifo, constants.O_WRONLY);
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', out, out] });
  closeSync(out);
  await new Promise((resolve) => child.on('close', resolve));
  const whole = execFileSync('sh', ['-c', `{ ${script}; } 2>&1`]).length;
  await until('what it wrote', () => Buffer.concat(copies).length >= whole);
  rmSync(folder, { recursive: true });
  return { reader, copy: Buffer.concat(copies).toString() };
}

test('keeps the lines in order, the unfinished one too, and copies every byte', async () => {
  const { reader, copy } = await read('echo one; echo two >&2; printf three');
  expect(reader.tail()).toEqual(['one', 'two', 'three']);
  expect(reader.dropped).toBe(0);
  expect(copy).toBe('one\ntwo\nthree');
  reader.close();
});

test('keeps the last lines of many and says how many it dropped', async () => {
  const { reader } = await read('seq 1 5000');
  const lines = reader.tail();
  expect(lines.at(-1)).toBe('5000');
  expect(lines.length + reader.dropped).toBe(5000);
  expect(lines.length).toBeLessThan(2000);
  expect(lines[0]).toBe(String(reader.dropped + 1));
  reader.close();
});

test('caps a line without end', async () => {
  const { reader, copy } = await read("head -c 100000 /dev/zero | tr '\\0' x; echo; echo next");
  expect(reader.tail().map((line) => line.length)).toEqual([4096, 4]);
  expect(copy).toHaveLength(100006);
  reader.close();
});
