import { bytesOfText } from '../../core/text/byte-text';
import { printable } from '../../core/text/printable';
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
  /** What the user should know about it. */
  readonly notes?: readonly string[];
}

/** Names told in a note. */
const MAX_NEAR = 5;

/** A name that nobody has may be a typing error, or that of somebody to come. */
function nobodyCalled(name: string, proc: Proc): string[] {
  const near = new Set<string>();
  for (const pid of proc.pids()) {
    const comm = proc.comm(pid);
    if (!isKnown(comm)) continue;
    if (comm === name) return [];
    if (isNear(comm, name)) near.add(comm);
  }
  const few = [...near]
    .sort()
    .slice(0, MAX_NEAR)
    .map((comm) => `'${printable(comm)}'`);
  const there = few.length === 0 ? '' : ` (there is ${few.join(', ')})`;
  return [
    `no process is called '${printable(name)}' now${there}: whoever gets the name is followed`,
  ];
}

/** One is within the other, or they differ in capitals, or in one character. */
function isNear(comm: string, name: string): boolean {
  const [a, b] = [comm.toLowerCase(), name.toLowerCase()];
  if (a === '' || b === '') return false;
  if (a.includes(b) || b.includes(a)) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end <= 1;
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
      const notes = nobodyCalled(name, proc);
      return { session: { pids: [], machine: true, name }, facts, notes };
    }
    case 'cgroup': {
      const mounts = proc.ownMounts();
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
  /** No address-space randomisation. */
  readonly fixed: boolean;
  readonly captureOutput?: boolean;
  /** Our stdout is a recording. */
  readonly stdoutTaken?: boolean;
}

/** A program that is started, by argumentsOf(). */
export function start(
  command: readonly [string, ...string[]],
  { inherit, fixed, captureOutput = false, stdoutTaken = false }: StartOptions,
): SessionTarget {
  const argv = command.map(bytesOfText);
  const file = argv[0]!;
  const watcher = watcherPath();
  const outputs = { captureOutput, stdoutToStderr: stdoutTaken };
  return { pids: [], command: { file, argv, fixedLayout: fixed, ...outputs, inherit, watcher } };
}
