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
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const ROOT = join(__dirname, '..', '..', '..');
const ADDON = join(ROOT, 'addon');
/**
 * What is tested from within: all of the addon but addon/napi, which includes napi.h, and the programs
 * beside it, each but for its main(). Rooms in one line have no name of their own twice: instrumented, they are one
 * source, for two thirds of the time.
 */
const IN_PROCESS = rooms([
  ['bpf', 'capture', 'faults', 'perfdata', 'proc', 'record', 'source', 'util', 'wire'],
  ['perf'],
]);
/** Programs of one thread each, and what confines them. */
const BESIDE = rooms([
  ['reader', 'symbols'],
  ['replay', 'sandbox'],
]);
const ROOMS = [...IN_PROCESS, ...BESIDE].flat();
const TESTS = join(ROOT, 'test', 'native');
const CACHE = join(ROOT, '.cache', 'native');
/** The programs for the kernel, as a source. */
const BPF_OBJECT = join(CACHE, 'bpf_object.cc');

/** Programs with a main() of their own, by the directory of their sources. */
export const PROGRAMS = { tests: TESTS, fuzz: join(TESTS, 'fuzz') } as const;
export type Program = keyof typeof PROGRAMS;

/** What a program is built with; each variant finds another kind of mistake. Plain are the objects that ship. */
export const VARIANTS = {
  plain: [],
  'AddressSanitizer and UBSan': [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-fno-omit-frame-pointer',
    // The same checks as calls: in line they take the compiler a sixth longer.
    '-fsanitize-address-outline-instrumentation',
  ],
  ThreadSanitizer: ['-fsanitize=thread'],
} as const satisfies Record<string, readonly string[]>;
export type Variant = keyof typeof VARIANTS;

/** Not g++, which takes half as long again for the same; that compiler sees the addon in the build. */
const COMPILER = 'clang++';

/** Lines for the sanitizers' reports, and no more of debug information: it is a third of the compiler's time. */
const FLAGS = [
  ...['-std=c++17', '-D_GNU_SOURCE', '-g1', '-pthread', '-I', ADDON],
  ...['-Wall', '-Wextra', '-Wno-missing-field-initializers'],
  '-DPAGEFAULT_ZSTD',
  // As in binding.gyp.
  ...(process.env.PAGEFAULT_WERROR === '1' ? ['-Werror'] : []),
];

/** Of pagefault-symbols and pagefault-replay. */
const LIBRARIES = ['-ldl', '-ldw', '-lelf', '-liberty', '-llzma', '-lzstd'];

function rooms(names: readonly (readonly string[])[]): string[][] {
  return names.map((together) => together.map((room) => join(ADDON, room)));
}

const files = (directory: string, pattern: RegExp): string[] =>
  readdirSync(directory)
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => join(directory, file));

/** Sources that the compiler sees as one: what they all include is half of its time. */
interface Unit {
  /** Whose object in the build is the same. */
  readonly room?: string;
  readonly files: readonly string[];
  readonly flags: readonly string[];
}

/** Those that take longest first; instrumented code before other code, where the linker finds both of a template. */
function units(variant: Variant, program: Program): Unit[] {
  const unit = (directories: readonly string[], ...flags: readonly string[]): Unit => ({
    files: directories.flatMap((directory) =>
      files(directory, /\.cc$/).filter(
        (file) => !(BESIDE.flat().includes(directory) && file.endsWith('/main.cc')),
      ),
    ),
    flags: [...FLAGS, ...flags],
  });
  const sanitizer = VARIANTS[variant];
  /** Room by room where the build has made the same. */
  const unitsOf = (together: readonly string[][], checks: readonly string[]): Unit[] =>
    checks.length === 0
      ? together.flat().map((room) => ({ room, ...unit([room], optimised) }))
      : together.map((some) => unit(some, optimised, ...checks));
  // Checks are most of the code then: to optimise it takes longer than to run it as it is.
  const optimised = sanitizer.length === 0 ? '-O1' : '-O0';
  return [
    // The tests are compiled as they stand: optimised, they take the compiler three times as long.
    unit([PROGRAMS[program]], '-O0', ...sanitizer),
    ...unitsOf(IN_PROCESS, sanitizer),
    // One thread has no races.
    ...unitsOf(BESIDE, variant === 'ThreadSanitizer' ? [] : sanitizer),
    { files: [BPF_OBJECT], flags: FLAGS },
  ];
}

const BUILD = join(ROOT, 'build');
const TARGETS = [
  'pagefault',
  'pagefault-rooms',
  'pagefault-reader',
  'pagefault-replay',
  'pagefault-symbols',
];

/** The object that the build has made of a room, where no file that it has read has changed since, and none came. */
function builtObject(room: string): string | undefined {
  for (const target of TARGETS) {
    const name = join('obj.target', target, 'build', 'rooms', `${basename(room)}.o`);
    const object = join(BUILD, 'Release', name);
    const note = join(BUILD, 'Release', '.deps', 'Release', `${name}.d`);
    if (!existsSync(object) || !existsSync(note)) continue;
    const made = statSync(object).mtimeMs;
    const read = [...readFileSync(note, 'utf8').matchAll(/^(\S+):$/gm)].map(([, path]) => path!);
    const changed = (path: string): boolean =>
      (statSync(join(BUILD, path), { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > made;
    const known = new Set(read.map((path) => join(BUILD, path)));
    const all = files(room, /\.cc$/).every((file) => known.has(file) || file.endsWith('/main.cc'));
    if (all && !read.some(changed)) return object;
  }
  return undefined;
}

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

/** Compiles files into one object, unless one of the same sources and flags is in the cache. */
async function compileAsOne({ files, flags }: Unit, headers: string): Promise<string> {
  const hash = createHash('sha256').update(headers).update(flags.join(' '));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file));
  const object = join(CACHE, `${hash.digest('hex').slice(0, 24)}.o`);
  if (!existsSync(object)) {
    const included = files.flatMap((file) => ['-include', file]);
    const compiler = [COMPILER, ...flags, '-c', ...included, '-x', 'c++', '/dev/null'];
    await run('flock', [`${object}.lock`, 'sh', '-c', ONCE, object, ...compiler]);
  }
  return object;
}

/**
 * Object files of a unit. Two files may well use one name for things of their own: then halves of it are compiled, down
 * to single files. So it is when one has a mistake, and the compiler's words are about that alone.
 */
async function compile(unit: Unit, headers: string): Promise<string[]> {
  const built = unit.room === undefined ? undefined : builtObject(unit.room);
  if (built !== undefined) return [built];
  try {
    return [await compileAsOne(unit, headers)];
  } catch (error) {
    const half = Math.ceil(unit.files.length / 2);
    if (half === unit.files.length) throw error;
    const halves = [unit.files.slice(0, half), unit.files.slice(half)];
    const compiled = halves.map((some) => compile({ files: some, flags: unit.flags }, headers));
    return (await Promise.all(compiled)).flat();
  }
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
  await run(join(ADDON, 'bpf', 'object'), [BPF_OBJECT]);
  const headers = [...ROOMS, ...Object.values(PROGRAMS)]
    .flatMap((directory) => files(directory, /\.h$/))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\0');
  const compiled = await eachOnACpu(units(variant, program), (unit) => compile(unit, headers));
  const objects = compiled.flat();
  const flags = [...FLAGS, ...VARIANTS[variant]];
  const hash = createHash('sha256').update(objects.join(' ')).update(flags.join(' '));
  const built = join(CACHE, `native-${program}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(built)) {
    const unfinished = `${built}.${process.pid}`;
    await run(COMPILER, [...flags, ...objects, ...LIBRARIES, '-o', unfinished]);
    renameSync(unfinished, built);
  }
  prune([...objects.filter((object) => object.startsWith(CACHE)), built]);
  return built;
}
