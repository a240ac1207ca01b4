import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..', '..');
export const ANALYZER = join(ROOT, 'bin', 'pagefault-analyzer');
export const DEMO = join(ROOT, 'build', 'Release', 'pagefault-demo');
const SOURCES = join(ROOT, 'test', 'workloads');
const CACHE = join(ROOT, '.cache', 'workloads');

/** The path of a workload's program, compiled when its source has changed. Warnings are errors. */
export function workload(name: string): string {
  const sources = [`${name}.c`, 'common.c', 'common.h'].map((file) => join(SOURCES, file));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const program = join(CACHE, hash.digest('hex').slice(0, 16), name);
  if (existsSync(program)) return program;
  mkdirSync(join(program, '..'), { recursive: true });
  // Renamed into place: another test process may look for it, or compile it, at the same time.
  const unfinished = `${program}.${process.pid}`;
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];
  execFileSync('gcc', [...flags, '-o', unfinished, sources[0]!, sources[1]!], { stdio: 'pipe' });
  // On the disk before it runs: pages under write-back make major faults that no workload meant.
  execFileSync('sync', [unfinished]);
  renameSync(unfinished, program);
  return program;
}
