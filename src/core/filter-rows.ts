import {
  SET_FIELDS,
  type Filter,
  type LatencyTerm,
  type RangeTerm,
  type SetTerm,
} from './filter-ast';
import { textTest } from './filter-text';
import type { ProcessRow, RegionRow, Snapshot, StatRow, ThreadRow } from './snapshot';

/**
 * A row stands for many faults, so a filter is asked of it in two bits: CAN some fault of the row
 * match, and CAN some fault of it fail? `not` swaps them. A row is shown when some fault can match.
 */
type Chance = number;
const MATCH = 1;
const FAIL = 2;
const NO: Chance = FAIL;
const MAYBE: Chance = MATCH | FAIL;

type Judge<Row> = (row: Row) => Chance;
export interface RowTests {
  readonly region: (row: RegionRow) => boolean;
  readonly thread: (row: ThreadRow) => boolean;
  readonly process: (row: ProcessRow) => boolean;
}
interface Judges {
  readonly region: Judge<RegionRow>;
  readonly thread: Judge<ThreadRow>;
  readonly process: Judge<ProcessRow>;
}

/**
 * Makes a filter fit for the rows of one snapshot. What a row does not know itself is asked of the
 * other rows of its process: a thread may match `region:libc` when its process has such a region.
 */
export function compileRowTests(filter: Filter, snapshot: Snapshot): RowTests {
  const judges = judge(filter, snapshot);
  return {
    region: (row) => (judges.region(row) & MATCH) !== 0,
    thread: (row) => (judges.thread(row) & MATCH) !== 0,
    process: (row) => (judges.process(row) & MATCH) !== 0,
  };
}

function judge(filter: Filter, snapshot: Snapshot): Judges {
  switch (filter.op) {
    case 'and':
      return combine(
        filter.terms.map((term) => judge(term, snapshot)),
        (a, b) => (a & b & MATCH) | ((a | b) & FAIL),
      );
    case 'or':
      return combine(
        filter.terms.map((term) => judge(term, snapshot)),
        (a, b) => ((a | b) & MATCH) | (a & b & FAIL),
      );
    case 'not':
      return combine([judge(filter.term, snapshot)], (a) => a, swap);
    case 'text':
      return judgeText(filter.field, textTest(filter), snapshot);
    case 'set':
      return judgeSet(filter, snapshot);
    case 'id': {
      const ids = new Set(filter.ids);
      if (filter.field === 'tid') return judgeThreads((row) => ids.has(row.tid), snapshot);
      const own = (row: { readonly pid: number }): Chance => (ids.has(row.pid) ? MATCH : NO);
      return { region: (row) => (row.pid === 0 ? MAYBE : own(row)), thread: own, process: own };
    }
    case 'range':
      return filter.field === 'addr'
        ? judgeRegions((row) => overlap(row, filter), snapshot)
        : same(() => MAYBE);
    case 'latency':
      return same((row) => judgeLatency(row, filter));
  }
}

function swap(chance: Chance): Chance {
  return ((chance & MATCH) << 1) | ((chance & FAIL) >> 1);
}

function same(judgeRow: Judge<StatRow>): Judges {
  return { region: judgeRow, thread: judgeRow, process: judgeRow };
}

function combine(
  parts: readonly Judges[],
  merge: (a: Chance, b: Chance) => Chance,
  last: (a: Chance) => Chance = (a) => a,
): Judges {
  const over = <Row>(judges: readonly Judge<Row>[]): Judge<Row> => {
    return (row) => {
      let chance = judges[0]!(row);
      for (let k = 1; k < judges.length; k++) chance = merge(chance, judges[k]!(row));
      return last(chance);
    };
  };
  return {
    region: over(parts.map((part) => part.region)),
    thread: over(parts.map((part) => part.thread)),
    process: over(parts.map((part) => part.process)),
  };
}

/** A property of regions: other rows may match when a region of their process does. */
function judgeRegions(judgeRegion: Judge<RegionRow>, snapshot: Snapshot): Judges {
  let pids: Set<number> | null = null;
  const related = (row: { readonly pid: number }): Chance => {
    pids ??= pidsOf(snapshot.regions, judgeRegion);
    return pids.has(row.pid) || pids.has(0) ? MAYBE : NO;
  };
  return { region: judgeRegion, thread: related, process: related };
}

/** A property of threads: other rows may match when a thread of their process does. */
function judgeThreads(test: (row: ThreadRow) => boolean, snapshot: Snapshot): Judges {
  const thread = (row: ThreadRow): Chance => (test(row) ? MATCH : NO);
  let pids: Set<number> | null = null;
  const related = (row: { readonly pid: number }): Chance => {
    pids ??= pidsOf(snapshot.threads, thread);
    return row.pid === 0 || pids.has(row.pid) ? MAYBE : NO;
  };
  return { region: related, thread, process: related };
}

function pidsOf<Row extends { readonly pid: number }>(
  rows: readonly Row[],
  judgeRow: Judge<Row>,
): Set<number> {
  const pids = new Set<number>();
  for (const row of rows) if (judgeRow(row) & MATCH) pids.add(row.pid);
  return pids;
}

function judgeText(
  field: 'any' | 'region' | 'file' | 'comm',
  test: (text: string) => boolean,
  snapshot: Snapshot,
): Judges {
  const yes = (matches: boolean): Chance => (matches ? MATCH : NO);
  const comm = judgeThreads((row) => test(row.comm), snapshot);
  if (field === 'comm') return comm;
  if (field === 'region') return judgeRegions((row) => yes(test(row.label)), snapshot);
  if (field === 'file') return judgeRegions((row) => yes(test(row.path)), snapshot);
  const place = judgeRegions(
    (row) => yes(test(row.label) || test(row.path) || test(row.kind)),
    snapshot,
  );
  const bits = (list: readonly string[]): number =>
    list.reduce((mask, name, bit) => (test(name) ? mask | (1 << bit) : mask), 0);
  const classes = bits(SET_FIELDS.class);
  const causes = bits(SET_FIELDS.cause);
  return combine(
    [
      same((row) => judgeCounts(row.byClass, classes)),
      same((row) => judgeCounts(row.byCause, causes)),
      place,
      comm,
    ],
    (a, b) => ((a | b) & MATCH) | (a & b & FAIL),
  );
}

function judgeSet(term: SetTerm, snapshot: Snapshot): Judges {
  switch (term.field) {
    case 'class':
      return same((row) => judgeCounts(row.byClass, term.mask));
    case 'cause':
      return same((row) => judgeCounts(row.byCause, term.mask));
    case 'kind': {
      const kinds: readonly string[] = SET_FIELDS.kind.filter((_, bit) => term.mask & (1 << bit));
      return judgeRegions((row) => (kinds.includes(row.kind) ? MATCH : NO), snapshot);
    }
    case 'mode':
    case 'access':
      return same(() => MAYBE);
  }
}

function judgeCounts(counts: readonly number[], mask: number): Chance {
  let chance = 0;
  for (let bit = 0; bit < counts.length; bit++) {
    if (counts[bit]! > 0) chance |= mask & (1 << bit) ? MATCH : FAIL;
  }
  // A row without faults yet matches nothing and fails nothing; it counts as failing.
  return chance === 0 ? NO : chance;
}

function judgeLatency(row: StatRow, term: LatencyTerm): Chance {
  if (Number.isNaN(row.p50Ns)) return NO;
  if (term.compare.startsWith('<')) return MAYBE;
  return (term.compare === '>' ? row.maxNs > term.ns : row.maxNs >= term.ns) ? MAYBE : NO;
}

function overlap(row: RegionRow, term: RangeTerm): Chance {
  const low = Number(term.low >> 12n);
  const high = Number(term.high >> 12n);
  if (row.endPage <= low || row.startPage > high) return NO;
  return MAYBE;
}
