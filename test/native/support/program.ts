import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const ROOT = join(__dirname, '..', '..', '..');
const ADDON = join(ROOT, 'addon');
/**
 * What is tested from within: all of the addon but addon/napi, which includes napi.h, and the programs
 * beside it, each but for its main().
 */
const ROOMS = [
  ...['capture', 'faults', 'perf', 'proc', 'source', 'util', 'wire'],
  ...['reader', 'symbols'],
].map((room) => join(ADDON, room));
const TESTS = join(ROOT, 'test', 'native');
const CACHE = join(ROOT, '.cache', 'native');

/** Programs with a main() of their own, by the directory of their sources. */
export const PROGRAMS = { tests: TESTS, fuzz: join(TESTS, 'fuzz') } as const;
export type Program = keyof typeof PROGRAMS;

/** What a program is built with; each variant finds another kind of mistake. */
export const VARIANTS = {
  plain: [],
  'AddressSanitizer and UBSan': [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-fno-omit-frame-pointer',
  ],
  ThreadSanitizer: ['-fsanitize=thread'],
} as const satisfies Record<string, readonly string[]>;
export type Variant = keyof typeof VARIANTS;

/** Lines for the sanitizers' reports, and no more of debug information: it is a third of the compiler's time. */
const FLAGS = [
  ...['-std=c++17', '-D_GNU_SOURCE', '-g1', '-pthread', '-I', ADDON],
  ...['-Wall', '-Wextra', '-Wno-missing-field-initializers'],
  // As in binding.gyp.
  ...(process.env.PAGEFAULT_WERROR === '1' ? ['-Werror'] : []),
];

/** Of pagefault-symbols. */
const LIBRARIES = ['-ldw', '-lelf', '-liberty', '-llzma'];

const files = (directory: string, pattern: RegExp): string[] =>
  readdirSync(directory)
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => join(directory, file));

interface Source {
  readonly file: string;
  /** The tests are compiled as they stand: optimised, each takes the compiler ten seconds. */
  readonly optimise: '-O1' | '-O0';
}

/** Everything of the addon and the reader but what includes napi.h or has a main(), and the program. */
const sources = (program: Program): Source[] => [
  ...ROOMS.flatMap((room) => files(room, /\.cc$/))
    .filter((file) => !file.endsWith('/main.cc'))
    .map((file): Source => ({ file, optimise: '-O1' })),
  ...files(PROGRAMS[program], /\.cc$/).map((file): Source => ({
    file,
    optimise: program === 'tests' ? '-O0' : '-O1',
  })),
];

/** Names of all tests in the sources, in their order. */
export function testNames(): string[] {
  const names: string[] = [];
  for (const file of files(TESTS, /\.cc$/)) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^TEST\((\w+)\)/gm)) {
      names.push(name!);
    }
  }
  return names;
}

/**
 * Another test process may want the same at the same time: whoever comes second waits, and finds it done. Renamed
 * into place, so that what was interrupted is not taken for whole.
 */
const ONCE = '[ -e "$0" ] || { "$@" -o "$0.part" && mv "$0.part" "$0"; }';

/** Compiles one object file unless one of the same sources and flags is in the cache. */
async function compile(source: string, flags: readonly string[], headers: string): Promise<string> {
  const hash = createHash('sha256').update(headers).update(flags.join(' '));
  hash.update(readFileSync(source));
  const object = join(CACHE, `${hash.digest('hex').slice(0, 24)}.o`);
  if (!existsSync(object)) {
    await run('flock', [`${object}.lock`, 'sh', '-c', ONCE, object, 'g++', ...flags, '-c', source]);
  }
  return object;
}

/** As many at a time as there are CPUs; results in the order of the items. */
async function eachOnACpu<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/** What no build has used for an hour goes: each edit of a header leaves 40 MB of objects. */
function prune(used: readonly string[]): void {
  const now = new Date();
  for (const file of used) utimesSync(file, now, now);
  for (const file of files(CACHE, /./)) {
    // Another test process may have removed it already.
    const age = now.getTime() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > 3_600_000) rmSync(file, { force: true });
  }
}

/** The path of a program in one variant. Fails with the compiler's words. */
export async function buildProgram(variant: Variant, program: Program = 'tests'): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const flags = [...FLAGS, ...VARIANTS[variant]];
  const headers = [...ROOMS, ...Object.values(PROGRAMS)]
    .flatMap((directory) => files(directory, /\.h$/))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\0');
  const objects = await eachOnACpu(sources(program), ({ file, optimise }) =>
    compile(file, [optimise, ...flags], headers),
  );
  const hash = createHash('sha256').update(objects.join(' ')).update(flags.join(' '));
  const built = join(CACHE, `native-${program}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(built)) {
    const unfinished = `${built}.${process.pid}`;
    await run('g++', [...flags, ...objects, ...LIBRARIES, '-o', unfinished]);
    renameSync(unfinished, built);
  }
  prune([...objects, built]);
  return built;
}
