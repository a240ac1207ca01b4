import { bytesOfText } from '../../core/text/byte-text';
import type { Started } from '../../core/facts/target';
import type { SessionOptions } from '../../native/contract';
import { demoPath, watcherPath } from '../../native/load';
import type { Inheritance } from './inheritance';

/** A target as the addon takes it: the one place that knows both. */
type SessionTarget = Pick<SessionOptions, 'pids' | 'command'>;

/** Processes that are there. */
export function attachTo(pids: readonly number[]): SessionTarget {
  return { pids };
}

/** The program and its arguments, itself among them. Throws AnalyzerError (DEMO_MISSING). */
export function argumentsOf(target: Started): readonly [string, ...string[]] {
  if (target.kind === 'demo') return [demoPath(), ...target.args];
  const [, ...rest] = target.argv;
  return [target.file, ...rest];
}

/** How a program is started. */
interface StartOptions {
  readonly inherit: Inheritance;
  readonly fixedLayout: boolean;
  readonly captureOutput?: boolean;
}

/** A program that is started, by argumentsOf(). */
export function start(
  command: readonly [string, ...string[]],
  { inherit, fixedLayout, captureOutput = false }: StartOptions,
): SessionTarget {
  const argv = command.map(bytesOfText);
  const file = argv[0]!;
  const watcher = watcherPath();
  return { pids: [], command: { file, argv, fixedLayout, captureOutput, inherit, watcher } };
}
