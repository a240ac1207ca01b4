import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** What a program of this folder prints as JSON: it runs in a process of its own, for its memory. */
export function measuredApart(
  program: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): unknown {
  const command = [...nodeOptions, join(__dirname, `${program}.js`), ...args];
  const stdout = execFileSync(process.execPath, command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout);
}
