import { RowTable } from '../stats/row-table';
import type { SlabPool } from '../stats/slab-pool';

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
  readonly ppid: number;
  comm: string;
  alive: boolean;
  threads: number;
}

export function threadRows(pool: SlabPool, cap: number): RowTable<ThreadInfo> {
  const folded = (comm: string): ThreadInfo => ({ tid: 0, pid: 0, serial: 0, comm, alive: false });
  return new RowTable<ThreadInfo>(pool, {
    cap,
    foldKey: (thread) => thread.comm,
    folded: (thread) => folded(thread.comm),
    kindKey: () => '',
    others: () => folded('[others]'),
  });
}

export function processRows(pool: SlabPool, cap: number): RowTable<ProcessInfo> {
  const folded = (comm: string): ProcessInfo => ({
    pid: 0,
    serial: 0,
    ppid: 0,
    comm,
    alive: false,
    threads: 0,
  });
  return new RowTable<ProcessInfo>(pool, {
    cap,
    foldKey: (process) => process.comm,
    folded: (process) => folded(process.comm),
    kindKey: () => '',
    others: () => folded('[others]'),
  });
}
