import { AnalyzerError } from '../../core/facts/errors';
import { DENIED, isDead, isKnown, UNREADABLE } from '../proc/proc';
import type { Proc } from '../proc/proc';

/** Processes to attach to, and what the user should know about the choice (one line each). */
export interface Targets {
  readonly pids: readonly number[];
  /** Who descends from them now, as far as the first of them go: the addon finds them all. */
  readonly descendants: readonly number[];
  readonly notes: readonly string[];
}

/** Processes named in an error. */
const MAX_NAMED = 8;
/** Descendants that are looked at beforehand: what is known of more comes from later looks. */
const MAX_DESCENDANTS = 256;

/**
 * Checks what -p named before anything is opened: the kernel would attach to a zombie or a kernel thread
 * without a word and then never report a fault. Throws AnalyzerError (NO_PROCESS, KERNEL_THREAD, ZOMBIE,
 * SELF, NO_TARGET_ACCESS). A tid stands for its process. `children`: their descendants are followed too.
 */
export function resolveTargets(
  proc: Proc,
  ids: readonly number[],
  self: number,
  children: boolean,
): Targets {
  const pids = new Set<number>();
  const notes: string[] = [];
  for (const id of ids) {
    const status = proc.status(id);
    if (status === DENIED) {
      throw new AnalyzerError('NO_TARGET_ACCESS', `/proc/${id}`);
    }
    if (status === UNREADABLE) {
      throw new AnalyzerError('PROC_UNREADABLE', `/proc/${id}`);
    }
    if (status === null) {
      // Hidden from us (hidepid), or none.
      if (!proc.hasEnded(id)) throw new AnalyzerError('NO_TARGET_ACCESS', `/proc/${id}`);
      throw noProcess(proc, id);
    }
    if (status.tgid === self) throw new AnalyzerError('SELF', `process ${id}`);
    if (status.kernelThread) {
      throw new AnalyzerError('KERNEL_THREAD', `process ${id}`);
    }
    if (isDead(status)) {
      throw new AnalyzerError('ZOMBIE', `process ${id}`);
    }
    if (status.tgid !== id) {
      notes.push(`${id} is a thread of process ${status.tgid}: all threads of it are traced`);
    }
    pids.add(status.tgid);
  }
  return { pids: [...pids], descendants: children ? descendantsOf(proc, pids, self) : [], notes };
}

/** A number that somebody has seen inside of a container is another one outside of it. */
function noProcess(proc: Proc, id: number): AnalyzerError {
  const inner: string[] = [];
  for (const pid of proc.pids()) {
    const status = proc.status(pid);
    // NSpid lists the number here first, and then those of the namespaces within.
    if (!isKnown(status) || !status.nsPids.slice(1).includes(id)) continue;
    const comm = proc.comm(pid);
    inner.push(typeof comm === 'string' ? `${pid} (${comm})` : String(pid));
  }
  if (inner.length === 0) return new AnalyzerError('NO_PROCESS', String(id));
  const named = inner.slice(0, MAX_NAMED).join(', ') + (inner.length > MAX_NAMED ? ', ...' : '');
  const what = inner.length === 1 ? 'process' : 'one of the processes';
  return new AnalyzerError(
    'INNER_PID',
    `${id} is a number within another pid namespace (a container): here it is ${what} ${named}`,
  );
}

/** Breadth first; not ourselves, nor what we have started. */
function descendantsOf(proc: Proc, pids: ReadonlySet<number>, self: number): number[] {
  const found = new Set(pids);
  for (const pid of found) {
    const children = proc.children(pid);
    if (!isKnown(children)) continue;
    for (const child of children) {
      if (found.size - pids.size === MAX_DESCENDANTS) break;
      if (child !== self) found.add(child);
    }
  }
  return [...found].filter((pid) => !pids.has(pid));
}
