import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from './support/analyzer';
import { workload } from './support/build';
import { removeScratch, scratchDirectory } from './support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

async function twentyRuns(args: readonly string[], command: readonly string[]): Promise<string[]> {
  const texts: string[] = [];
  for (let run = 0; run < 20; run++) {
    const file = join(scratch, 'stream');
    const ended = await analyze(['--fixed-ts', ...args, '-o', file, '--', ...command]);
    expect(ended.status).toBe(0);
    texts.push(readFileSync(file, 'utf8'));
  }
  return texts;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

test.each([
  ['text', [], 'brkheap'],
  ['text with children', [], 'cow'],
  ['ndjson', ['--format', 'ndjson'], 'kernelread'],
  ['csv', ['--format', 'csv'], 'cow'],
])('%s: the same bytes in 20 of 20 runs', async (_, args, name) => {
  // The first run brings the pages of program and libraries into the page cache.
  await analyze(['-q', '--', workload(name), '--dir', scratch]);
  const texts = await twentyRuns(args, [workload(name), '--dir', scratch]);
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
