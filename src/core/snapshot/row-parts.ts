import type { PairedRow, ProcessRow, Snapshot } from './snapshot';

/** Rows of a detail. */
const TOP = 16;

/** The regions that some threads fault in, by the ids of their rows; most faults first. */
export function regionsOfThreads(snapshot: Snapshot, threads: ReadonlySet<number>): PairedRow[] {
  const found = new Map<number, number>();
  const pairs = snapshot.pairs();
  pairs.threads.forEach((thread, k) => {
    if (!threads.has(thread)) return;
    const region = pairs.regions[k]!;
    found.set(region, (found.get(region) ?? 0) + pairs.faults[k]!);
  });
  return most(snapshot.regions.map(({ id, label }) => ({ id, label, faults: found.get(id) ?? 0 })));
}

/** The regions of some processes. Rows that ended processes share go by their names, in both tables. */
export function regionsOfProcesses(
  snapshot: Snapshot,
  processes: readonly ProcessRow[],
): PairedRow[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  const ended = new Set(processes.filter(({ pid }) => pid === 0).map(({ comm }) => comm));
  const own = snapshot.regions.filter(({ pid, comm }) =>
    pid === 0 ? ended.has(comm) : pids.has(pid),
  );
  return most(own.map(({ id, label, faults }) => ({ id, label, faults })));
}

/** Their threads. */
export function threadsOfProcesses(snapshot: Snapshot, pids: ReadonlySet<number>): PairedRow[] {
  const own = snapshot.threads.filter(({ pid, tid }) => pids.has(pid) && tid !== 0);
  return most(
    own.map(({ id, tid, comm, faults }) => ({ id, label: `tid ${tid} ${comm}`, faults })),
  );
}

function most(rows: PairedRow[]): PairedRow[] {
  return rows
    .filter(({ faults }) => faults > 0)
    .sort((a, b) => b.faults - a.faults)
    .slice(0, TOP);
}
