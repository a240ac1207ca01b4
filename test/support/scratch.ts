import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A fresh directory on a disk: a file system in memory knows neither major faults nor write-notify.
 * Readable for everybody, for the tests that run as an ordinary user.
 */
export function scratchDirectory(): string {
  const parent = ['/var/tmp', tmpdir(), '.'].find((directory) => !inMemory(directory));
  if (parent === undefined) throw new Error('no directory on a disk for the test files');
  const directory = mkdtempSync(join(parent, 'pagefault-e2e-'));
  execFileSync('chmod', ['755', directory]);
  return directory;
}

export function removeScratch(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

function inMemory(directory: string): boolean {
  const type = execFileSync('stat', ['-f', '-c', '%T', directory], { encoding: 'utf8' }).trim();
  return type === 'tmpfs' || type === 'ramfs';
}
