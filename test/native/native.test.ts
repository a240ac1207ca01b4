import { execFile } from 'node:child_process';
import { VARIANTS, buildProgram, testNames } from './support/program';
import type { Variant } from './support/program';

// Two CPUs compile some twenty files three times, the first time.
const BUILD_MS = 600_000;
const RUN_MS = 300_000;

/** Each is built while the one before it runs, which mostly waits. */
const programs = new Map<Variant, Promise<string>>();
beforeAll(() => {
  let before: Promise<unknown> = Promise.resolve();
  for (const variant of VARIANT_NAMES) {
    const built = before.then(() => buildProgram(variant));
    programs.set(variant, built);
    // Whoever needs the program is told; the others are built all the same.
    before = built.catch(() => undefined);
  }
});

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program says, however it ends. */
function runProgram(program: string): Promise<Output> {
  const env = { ...process.env, TSAN_OPTIONS: 'halt_on_error=1', ASAN_OPTIONS: 'detect_leaks=1' };
  return new Promise((resolve) => {
    // ThreadSanitizer of older compilers cannot cope with much randomness of addresses.
    execFile(
      'setarch',
      ['-R', program],
      { timeout: RUN_MS, maxBuffer: 64 << 20, env },
      (_, stdout, stderr) => {
        resolve({ stdout, stderr });
      },
    );
  });
}

const VARIANT_NAMES = Object.keys(VARIANTS) as Variant[];
const names = testNames();

/** What the program printed of each test: "ok" or the lines that tell what failed. */
function results(output: string): Map<string, string> {
  const found = new Map<string, string>();
  let lines: string[] = [];
  for (const line of output.split('\n')) {
    const [, word, name] = /^(run|ok|failed) (\w+)$/.exec(line) ?? [];
    if (word === 'run') {
      lines = [];
      // Stands until the test's end: a program that dies inside of it leaves this.
      found.set(name!, 'the program ended inside of this test');
    } else if (word !== undefined) {
      found.set(name!, word === 'ok' ? 'ok' : lines.join('\n'));
    } else {
      lines.push(line);
    }
  }
  return found;
}

test('the sources have tests', () => {
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(VARIANT_NAMES)('%s', (variant) => {
  let seen = new Map<string, string>();
  let stderr = '';

  beforeAll(async () => {
    const output = await runProgram(await programs.get(variant)!);
    seen = results(output.stdout);
    stderr = output.stderr.slice(0, 8000);
  }, BUILD_MS + RUN_MS);

  test.each(names)('%s', (name) => {
    const result = seen.get(name) ?? 'not run';
    // What a sanitizer says goes to stderr and ends the program: it belongs to the failed test.
    expect(result === 'ok' ? result : `${result}\n${stderr}`).toBe('ok');
  });

  test('nothing is said on stderr', () => {
    expect(stderr).toBe('');
  });
});
