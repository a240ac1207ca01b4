import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from '../../support/build';
import { removeScratch, scratchDirectory } from '../../support/scratch';

const directory = scratchDirectory();
const compiled = path.join(directory, 'late-optimizer.js');
const program = path.join(directory, 'program.js');

beforeAll(() => {
  execFileSync(path.join(ROOT, 'node_modules', '.bin', 'esbuild'), [
    path.join(ROOT, 'src', 'cli', 'late-optimizer.ts'),
    '--format=cjs',
    `--outfile=${compiled}`,
    '--log-level=warning',
  ]);
  // A function that V8 optimises by itself, called until the compiler, which works beside it, is done.
  writeFileSync(
    program,
    `const { LateOptimizer } = require(${JSON.stringify(compiled)});
    const faults = Number(process.argv[2]);
    const optimizer = Number.isNaN(faults) ? null : new LateOptimizer();
    function sum(n) { let s = 0; for (let i = 0; i < n; i++) s = (s + i * i) % 1000003; return s; }
    const isOptimized = () => (%GetOptimizationStatus(sum) & 16) !== 0;
    // In one turn of the event loop: no timer comes between. Without faults there is nothing to wait for.
    for (let turn = 0; !isOptimized() && (faults !== 0 || turn < 60); turn++) {
      for (let i = 0; i < 200; i++) sum(1000);
      optimizer?.took(faults);
    }
    console.log(isOptimized() ? 'optimized' : 'not');`,
  );
});

afterAll(() => {
  removeScratch(directory);
});

const ends = (faults: string): string =>
  execFileSync(process.execPath, ['--allow-natives-syntax', program, faults], {
    encoding: 'utf8',
  }).trim();

test('V8 optimises what is hot by itself, and not before enough faults came', () => {
  expect(ends('by itself')).toBe('optimized');
  expect(ends('0')).toBe('not');
  expect(ends('32768')).toBe('optimized');
});
