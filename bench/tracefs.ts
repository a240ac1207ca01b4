import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const TRACEFS = '/sys/kernel/tracing';

/** perf needs tracefs mounted, which we do not: mounted for the run, and no longer. */
export async function withTracefs<T>(body: () => Promise<T>): Promise<T> {
  if (existsSync(`${TRACEFS}/events`)) return body();
  spawnSync('mount', ['-t', 'tracefs', 'nodev', TRACEFS], { stdio: 'inherit' });
  try {
    return await body();
  } finally {
    spawnSync('umount', [TRACEFS], { stdio: 'inherit' });
  }
}
