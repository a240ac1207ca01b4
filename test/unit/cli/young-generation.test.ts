import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from '../../support/build';
import { removeScratch, scratchDirectory } from '../../support/scratch';

const directory = scratchDirectory();
const compiled = path.join(directory, 'young-generation.js');
const program = path.join(directory, 'program.js');

beforeAll(() => {
  execFileSync(path.join(ROOT, 'node_modules', '.bin', 'esbuild'), [
    path.join(ROOT, 'src', 'cli', 'young-generation.ts'),
    '--format=cjs',
    `--outfile=${compiled}`,
    '--log-level=warning',
  ]);
  // As much as makes V8's young generation grow to its limit, a turn of the event loop at a time.
  writeFileSync(
    program,
    `if (process.argv[2] === 'capped') require(${JSON.stringify(compiled)}).capYoungGeneration();
    const { getHeapSpaceStatistics } = require('node:v8');
    const kept = [];
    let turns = 0;
    function turn() {
      for (let i = 0; i < 20_000; i++) kept[(turns * 20_000 + i) % 100_000] = { i };
      if (++turns < 300) setImmediate(turn);
      else console.log(getHeapSpaceStatistics().find((s) => s.space_name === 'new_space').space_size);
    }
    turn();`,
  );
});

afterAll(() => {
  removeScratch(directory);
});

function youngBytes(how: string): number {
  return Number(execFileSync(process.execPath, [program, how], { encoding: 'utf8' }));
}

test('the young generation stays at a quarter of what it grows to by itself', () => {
  expect(youngBytes('capped')).toBe(8 << 20);
  expect(youngBytes('free')).toBeGreaterThanOrEqual(32 << 20);
});
