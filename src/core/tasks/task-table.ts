import { RowTable } from '../stats/row-table';
import type { SlabPool } from '../stats/slab-pool';
import { UNKNOWN_OWNER } from '../facts/owner';
import type { Owner } from '../facts/owner';
import { OTHERS } from '../stats/limits';

/** What a row of the thread table shows; pid and tid are 0 for rows that stand for several. */
export interface ThreadInfo {
  readonly tid: number;
  readonly pid: number;
  /** Process.serial: pids are reused. */
  readonly serial: number;
  comm: string;
  alive: boolean;
}

export interface ProcessInfo {
  readonly pid: number;
  readonly serial: number;
  ppid: number;
  /** Its number in its own pid namespace; 0 where that is ours, or not known. */
  nsPid: number;
  comm: string;
  owner: Owner;
  /** It was asked whose it is. Until then it has what it was born with. */
  ownerTold: boolean;
  alive: boolean;
  threads: number;
  /** Its faults that are counted in no region, thread or place of code of its own (Tasks.setDetail). */
  leftOut: number;
  /** Faults that it had when its rows of its own ended; 0 before it had any, and -1 while it has them. */
  leftAt: number;
}

/**
 * Of a process that was met. All are made here, and without spreading: what follows a spread in an object makes a shape of
 * its own for each (V8 11), and every access to such objects is a search.
 */
export function processInfo(
  of: Pick<ProcessInfo, 'pid' | 'serial' | 'ppid' | 'comm' | 'owner' | 'alive' | 'leftAt'>,
): ProcessInfo {
  const { pid, serial, ppid, comm, owner, alive, leftAt } = of;
  return {
    pid,
    serial,
    ppid,
    nsPid: 0,
    comm,
    owner,
    ownerTold: false,
    alive,
    threads: 0,
    leftOut: 0,
    leftAt,
  };
}

export function threadRows(pool: SlabPool, cap: number): RowTable<ThreadInfo> {
  const folded = (comm: string): ThreadInfo => ({ tid: 0, pid: 0, serial: 0, comm, alive: false });
  return new RowTable<ThreadInfo>(pool, {
    cap,
    foldKey: (thread) => thread.comm,
    folded: (thread) => folded(thread.comm),
    kindKey: () => '',
    others: () => folded(OTHERS),
  });
}

export function processRows(pool: SlabPool, cap: number): RowTable<ProcessInfo> {
  const folded = (comm: string, owner: Owner): ProcessInfo =>
    processInfo({ pid: 0, serial: 0, ppid: 0, comm, owner, alive: false, leftAt: -1 });
  return new RowTable<ProcessInfo>(pool, {
    cap,
    // Apart by their owners: what a cgroup has in all stays right.
    foldKey: ({ comm, owner }) => [comm, owner.user, owner.cgroup].join('\n'),
    folded: ({ comm, owner }) => folded(comm, owner),
    kindKey: () => '',
    others: () => folded(OTHERS, UNKNOWN_OWNER),
  });
}
