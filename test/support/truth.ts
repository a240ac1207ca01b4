import type { Fault } from './formats';

/** What a workload says it did: so many faults of one kind by one task in one range. */
export interface TruthRow {
  readonly phase?: string;
  readonly pid: number;
  readonly tid: number;
  readonly start: string;
  readonly end: string;
  readonly kind: string;
  readonly region: string;
  readonly class: string;
  readonly cause: string;
  readonly mode: string;
  readonly faults: number;
}

/** The JSON lines of a workload's output; other lines are for people. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function truthRows(stdout: string): TruthRow[] {
  return jsonLines(stdout).flatMap((line) => (line.rows ?? []) as TruthRow[]);
}

type Tally = Record<string, Record<string, number>>;

/** Without those of what the loader maps before main() and unmaps again: what the program maps may lie where it lay. */
export function afterLoading(faults: readonly Fault[]): Fault[] {
  return faults.filter(({ region }) => region !== 'ld.so.cache');
}

/** Faults per range and kind, as the truth has them and as they were captured: to be equal. */
export function compare(
  rows: readonly TruthRow[],
  faults: readonly Fault[],
): { readonly expected: Tally; readonly captured: Tally } {
  const ranges = new Map<string, { pid: number; start: number; end: number }>();
  const expected: Tally = {};
  for (const row of rows) {
    const key = `pid ${row.pid} ${row.start}-${row.end}`;
    ranges.set(key, { pid: row.pid, start: Number(row.start), end: Number(row.end) });
    const kinds = (expected[key] ??= {});
    if (row.faults > 0) add(kinds, kindOf(row), row.faults);
  }
  const captured: Tally = Object.fromEntries([...ranges.keys()].map((key) => [key, {}]));
  const byPid = byAddress(afterLoading(faults));
  for (const [key, { pid, start, end }] of ranges) {
    const own = byPid.get(pid) ?? [];
    for (let i = firstFrom(own, start); i < own.length && own[i]!.at < end; i++) {
      add(captured[key]!, kindOf(own[i]!.fault), 1);
    }
  }
  return { expected, captured };
}

interface Placed {
  readonly at: number;
  readonly fault: Fault;
}

/** The faults of each process, by their addresses: thousands of ranges are looked up in them. */
function byAddress(faults: readonly Fault[]): Map<number, Placed[]> {
  const byPid = new Map<number, Placed[]>();
  for (const fault of faults) {
    const placed = { at: Number(fault.address), fault };
    const own = byPid.get(fault.pid);
    if (own === undefined) byPid.set(fault.pid, [placed]);
    else own.push(placed);
  }
  for (const own of byPid.values()) own.sort((a, b) => a.at - b.at);
  return byPid;
}

/** Where those begin that lie at `start` or behind it. */
function firstFrom(placed: readonly Placed[], start: number): number {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle]!.at < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

function kindOf(what: Omit<TruthRow, 'pid' | 'start' | 'end' | 'faults' | 'kind'>): string {
  return `tid ${what.tid} ${what.class} ${what.cause} ${what.mode} ${what.region}`;
}

function add(tally: Record<string, number>, key: string, count: number): void {
  tally[key] = (tally[key] ?? 0) + count;
}
