import { AnalyzerError } from '../../core/facts/errors';
import { DENIED, isDead, isKnown, UNREADABLE } from '../proc/proc';
import type { Proc } from '../proc/proc';
import { PF_KTHREAD } from '../proc/proc-parse';

/** Processes to attach to, and what the user should know about the choice (one line each). */
export interface Targets {
  readonly pids: readonly number[];
  readonly notes: readonly string[];
}

/** Children named in a note; of more, the number is told. */
const MAX_NAMED = 8;

/**
 * Checks what -p named before anything is opened: the kernel would attach to a zombie or a kernel thread
 * without a word and then never report a fault. Throws AnalyzerError (NO_PROCESS, KERNEL_THREAD, ZOMBIE,
 * SELF, NO_TARGET_ACCESS). A tid stands for its process. `children`: those born from now on are followed.
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
    const stat = proc.stat(id);
    if (status === DENIED || stat === DENIED) {
      throw new AnalyzerError('NO_TARGET_ACCESS', `/proc/${id}`);
    }
    if (status === UNREADABLE || stat === UNREADABLE) {
      throw new AnalyzerError('PROC_UNREADABLE', `/proc/${id}`);
    }
    if (status === null || stat === null) {
      // Hidden from us (hidepid), or none.
      if (!proc.hasEnded(id)) throw new AnalyzerError('NO_TARGET_ACCESS', `/proc/${id}`);
      throw noProcess(proc, id);
    }
    if (status.tgid === self) throw new AnalyzerError('SELF', `process ${id}`);
    if ((stat.flags & PF_KTHREAD) !== 0) {
      throw new AnalyzerError('KERNEL_THREAD', `process ${id}`);
    }
    if (isDead(stat)) {
      throw new AnalyzerError('ZOMBIE', `process ${id}`);
    }
    if (status.tgid !== id) {
      notes.push(`${id} is a thread of process ${status.tgid}: all threads of it are traced`);
    }
    pids.add(status.tgid);
  }
  if (children) notes.push(...unfollowed(proc, pids));
  return { pids: [...pids], notes };
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

/** A server's faults are its workers', and those that are there already are not followed: said, not silent. */
function unfollowed(proc: Proc, pids: ReadonlySet<number>): string[] {
  const notes: string[] = [];
  for (const pid of pids) {
    const children = proc.children(pid);
    if (!isKnown(children)) continue;
    const missing = children.filter((child) => !pids.has(child));
    if (missing.length === 0) continue;
    const named =
      missing.slice(0, MAX_NAMED).join(',') + (missing.length > MAX_NAMED ? ',...' : '');
    const what = missing.length === 1 ? '1 child' : `${missing.length} children`;
    const ask = `name them too, -p ${pid},${named}`;
    notes.push(`${what} of ${pid} not captured: ${ask} (those born from now on are)`);
  }
  return notes;
}
