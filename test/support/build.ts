import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The repository, from here and from where the benches are compiled to. */
export const ROOT = parentWith('package.json');
export const ANALYZER = join(ROOT, 'bin', 'pagefault-analyzer');
const BUILT = join(ROOT, 'build', 'Release');
export const DEMO = join(BUILT, 'pagefault-demo');
export const READER = join(BUILT, 'pagefault-reader');
const SOURCES = join(ROOT, 'test', 'workloads');
const DEMO_SOURCES = join(ROOT, 'demo');
const CACHE = join(ROOT, '.cache', 'workloads');

const FLAGS = [
  ...['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-pthread'],
  // As in binding.gyp.
  ...(process.env.PAGEFAULT_WERROR === '1' ? ['-Werror'] : []),
];

/** The path of a workload's program, compiled when its source has changed. */
export function workload(name: string): string {
  return compiled(name, workloadSources(name), []);
}

/**
 * The same for programs of which every fault must be the same in every run: linked statically. While
 * another process takes a fault on a page of the C library, the kernel leaves that page out of ours.
 */
export function standalone(name: string): string {
  return compiled(`${name}-standalone`, workloadSources(name), ['-static']);
}

/** The same with its source lines, and optimised. */
export function withLines(name: string): string {
  return compiled(`${name}-lines`, workloadSources(name), ['-g', '-O1']);
}

/** The same with a frame for every function, as it is written. */
export function withFrames(name: string, more: readonly string[] = [], compiler = 'gcc'): string {
  const flags = ['-O0', '-g', '-fno-omit-frame-pointer', ...more];
  const program = `${name}-frames${compiler === 'gcc' ? '' : compiler}${more.join('')}`;
  return compiled(program, workloadSources(name), flags, compiler);
}

/** The same without frame pointers, optimised, but with every call that is written. */
export function withoutFrames(name: string, compiler: string, more: readonly string[]): string {
  const flags = ['-O2', '-g', '-fomit-frame-pointer', '-fno-inline', '-fno-optimize-sibling-calls'];
  // Functions of one body would be one.
  if (compiler === 'gcc') flags.push('-fno-ipa-icf');
  const program = `${name}-${compiler}${more.join('')}`;
  return compiled(program, workloadSources(name), [...flags, ...more], compiler);
}

/** With frame pointers but in functions that call nothing, as libraries written in assembly are. */
export function withFramelessLeaves(name: string, more: readonly string[] = []): string {
  const flags = ['-O1', '-g', '-fno-inline', '-fno-ipa-icf', '-fno-shrink-wrap'];
  const frames = ['-fno-omit-frame-pointer', '-momit-leaf-frame-pointer'];
  const program = `${name}-leaves${more.join('')}`;
  return compiled(program, workloadSources(name), [...flags, ...frames, ...more]);
}

/** A program without a C library: it makes no system calls but its own. */
export function withoutLibrary(name: string, flags: readonly string[] = []): string {
  return compiled(name, [join(SOURCES, `${name}.c`)], ['-static', '-nostdlib', ...flags]);
}

export function standaloneDemo(): string {
  const sources = readdirSync(DEMO_SOURCES).filter((file) => file.endsWith('.c'));
  return compiled(
    'demo-standalone',
    sources.map((file) => join(DEMO_SOURCES, file)),
    ['-static'],
  );
}

function parentWith(name: string): string {
  let directory = __dirname;
  while (!existsSync(join(directory, name))) directory = dirname(directory);
  return directory;
}

function workloadSources(name: string): string[] {
  return [`${name}.c`, 'common.c'].map((file) => join(SOURCES, file));
}

/** A program of C sources, compiled when one of them has changed. */
export function compiled(
  name: string,
  sources: readonly string[],
  extra: readonly string[] = [],
  compiler = 'gcc',
): string {
  const hash = createHash('sha256').update(extra.join(' '));
  const headers = [join(SOURCES, 'common.h'), join(DEMO_SOURCES, 'phases.h')];
  for (const source of [...sources, ...headers]) hash.update(readFileSync(source));
  const program = join(CACHE, hash.digest('hex').slice(0, 16), name);
  if (existsSync(program)) return program;
  mkdirSync(join(program, '..'), { recursive: true });
  // Renamed into place: another test process may look for it, or compile it, at the same time.
  const unfinished = `${program}.${process.pid}`;
  execFileSync(compiler, [...FLAGS, ...extra, '-o', unfinished, ...sources], { stdio: 'pipe' });
  // On the disk before it runs: pages under write-back make major faults that no workload meant.
  execFileSync('sync', [unfinished]);
  renameSync(unfinished, program);
  return program;
}
