import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from './support/analyzer';
import { DEMO, workload } from './support/build';
import { removeScratch, scratchDirectory } from './support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

// The demo forks and has a thread; kernelread faults in the kernel. Neither may print anything that
// differs between runs: the digits alone would lead to other addresses.
const SILENT = { env: { WORKLOAD_SILENT: '1' } };

test.each([
  ['text', [], DEMO],
  ['ndjson', ['--format', 'ndjson'], workload('kernelread')],
  ['csv', ['--format', 'csv'], DEMO],
  ['text with the report', ['--report'], workload('brkheap')],
])('%s: the same bytes in 20 of 20 runs', async (_, args, program) => {
  const file = join(scratch, 'stream');
  const command = ['--fixed-ts', ...args, '-o', file, '--', program, '--dir', scratch];
  // One run before they count, for the pages of program and libraries to be in the page cache.
  await analyze(command, SILENT);
  const texts: string[] = [];
  for (let run = 0; run < 20; run++) {
    const ended = await analyze(command, SILENT);
    expect(ended.status).toBe(0);
    texts.push(readFileSync(file, 'utf8'));
  }
  expect(texts[0]!.split('\n').length).toBeGreaterThan(100);
  expect(new Set(texts.map(digest)).size).toBe(1);
});

test('the time stamp of fault n is n milliseconds, and no latency is shown', async () => {
  const file = join(scratch, 'numbered');
  await analyze(['--fixed-ts', '-o', file, '--', workload('majors'), '--dir', scratch]);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('['));
  expect(lines.length).toBeGreaterThan(100);
  lines.forEach((line, i) => {
    const ms = String(i + 1).padStart(9, '0');
    expect(line.slice(0, 12)).toBe(`[${ms.slice(0, 6)}.${ms.slice(6)}]`);
    expect(line).not.toMatch(/\d(ns|us|ms|s)$/);
  });
  expect(lines.some((line) => line.includes(' MAJOR '))).toBe(true);
});
