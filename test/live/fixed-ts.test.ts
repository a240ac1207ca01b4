import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, waiting } from '../support/analyzer';
import { standalone, standaloneDemo, workload } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** The first line of `text` that is not the same in `first`, with its number. */
function difference(first: string, text: string): string {
  const expected = first.split('\n');
  const lines = text.split('\n');
  const at = lines.findIndex((line, i) => line !== expected[i]);
  return `line ${at + 1}: ${lines[at] ?? ''} instead of ${expected[at] ?? ''}`;
}

// The demo forks and has a thread; kernelread faults in the kernel. Neither may print anything that
// differs between runs: the digits alone would lead to other addresses.
const SILENT = { env: { WORKLOAD_SILENT: '1' } };

test.each([
  ['text', [], standaloneDemo()],
  ['ndjson', ['--format', 'ndjson'], standalone('kernelread')],
  ['csv', ['--format', 'csv'], standaloneDemo()],
  ['text with the report', ['--report'], standalone('brkheap')],
])('%s: the same bytes in 20 of 20 runs', async (_, args, program) => {
  const file = join(scratch, 'stream');
  const command = ['--fixed-ts', ...args, '-o', file, '--', program, '--dir', scratch];
  const pin = await waiting([workload('pin'), program]);
  const texts: string[] = [];
  for (let run = 0; run < 20; run++) {
    const ended = await analyze(command, SILENT);
    expect(ended.status).toBe(0);
    texts.push(readFileSync(file, 'utf8'));
  }
  pin.closeInput();
  await pin.ended;
  expect(texts[0]!.split('\n').length).toBeGreaterThan(100);
  const others = texts.filter((text) => text !== texts[0]);
  expect(others.map((text) => difference(texts[0]!, text))).toEqual([]);
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
