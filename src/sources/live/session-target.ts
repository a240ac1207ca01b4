import { bytesOfText } from '../../core/text/byte-text';
import { AnalyzerError } from '../../core/facts/errors';
import type { Started, Whole, WholeFacts } from '../../core/facts/target';
import type { SessionOptions } from '../../native/contract';
import { demoPath, watcherPath } from '../../native/load';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';
import { cgroupMount, findCgroup } from './cgroups';
import type { Inheritance } from './inheritance';

/** A target as the addon takes it: the one place that knows both. */
type SessionTarget = Pick<SessionOptions, 'pids' | 'machine' | 'name' | 'cgroup' | 'command'>;

/** Processes that are there. */
export function attachTo(pids: readonly number[]): SessionTarget {
  return { pids };
}

/** The kernel keeps so many bytes of a name (TASK_COMM_LEN). */
const COMM_BYTES = 15;

/** A whole that was found, for the addon and for reports. */
interface FoundWhole {
  readonly session: SessionTarget;
  readonly facts: WholeFacts;
}

/** What runs on the machine. Throws AnalyzerError where there is no such cgroup. */
export function attachToWhole(target: Whole, proc: Proc): FoundWhole {
  const nothing = { name: null, cgroup: null };
  switch (target.kind) {
    case 'all':
      return { session: { pids: [], machine: true }, facts: { kind: 'all', ...nothing } };
    case 'name': {
      const name = commOf(target.name);
      const facts = { kind: 'name', ...nothing, name } as const;
      return { session: { pids: [], machine: true, name }, facts };
    }
    case 'cgroup': {
      const mounts = proc.mountInfo('self');
      if (!isKnown(mounts)) throw new AnalyzerError('PROC_UNREADABLE', '/proc/self/mountinfo');
      const mount = cgroupMount(mounts);
      const directory = findCgroup(target, mount);
      const cgroup = directory.slice(mount?.length ?? 0) || '/';
      const facts = { kind: 'cgroup', ...nothing, cgroup } as const;
      return { session: { pids: [], cgroup: directory }, facts };
    }
  }
}

function commOf(name: string): string {
  return Buffer.from(name).subarray(0, COMM_BYTES).toString();
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
