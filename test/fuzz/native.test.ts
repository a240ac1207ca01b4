import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { perfData } from '../support/perf-data';
import { PROGRAMS, buildProgram } from '../native/support/program';
import { SEED, amount, tell } from './support/amount';

// The program is compiled beside everything else that the tests need.
const BUILD_MS = 600_000;
const RUN_MS = 1_800_000;

const KEPT = join(PROGRAMS.fuzz, 'kept');

const scratch = mkdtempSync(join(tmpdir(), 'pagefault-fuzz-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

let program = '';
beforeAll(async () => {
  program = await buildProgram('AddressSanitizer and UBSan', 'fuzz');
}, BUILD_MS);

interface Ended {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function fuzz(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { timeout: RUN_MS, maxBuffer: 64 << 20 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.code ?? null), stdout, stderr });
    });
    child.stdin!.end(input);
  });
}

/** Real programs to damage, beside the forged ones: what runs us, and libraries that it has mapped. */
function programs(): string[] {
  const mapped = [...readFileSync('/proc/self/maps', 'utf8').matchAll(/ r-xp .* (\/.*)$/gm)];
  const files = new Set(mapped.map(([, path]) => path!).filter((path) => existsSync(path)));
  return [...files].slice(0, 8);
}

/** Recordings of a small program, one of each form. */
function recordings(): string[] {
  const names = ['tiny-file', 'tiny-own', 'tiny-pipe', 'tiny-software', 'tiny-zstd'];
  return names.map((name) => perfData(scratch, name));
}

describe.each([
  ['records', amount(60_000)],
  ['texts', amount(60_000)],
  ['elf', amount(40_000)],
  ['requests', amount(1_000, 20_000)],
  ['recordings', amount(1_500)],
])('%s', (kind, count) => {
  test(
    `${count} mutated ones do no harm`,
    async () => {
      const files = kind === 'elf' ? programs() : kind === 'recordings' ? recordings() : [];
      const { status, stdout, stderr } = await fuzz([kind, `${SEED}`, `${count}`, ...files]);
      // The seed and the input that failed, to be given again.
      expect(status === 0 ? '' : `seed ${SEED}: ${stdout}${stderr}`).toBe('');
      expect(stderr).toBe('');
      const result = JSON.parse(stdout) as { count: number; slowest_ms: number };
      expect(result.count).toBeGreaterThanOrEqual(count);
      tell(`${kind}: ${result.count} mutations, the longest took ${result.slowest_ms} ms of CPU`);
    },
    RUN_MS,
  );
});

test.each(readdirSync(KEPT))('%s: inputs that did harm once do none any more', async (file) => {
  const inputs = readFileSync(join(KEPT, file), 'utf8');
  const { status, stdout, stderr } = await fuzz([file, 'replay'], inputs);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ count: inputs.trimEnd().split('\n').length });
});
