import {
  SET_FIELDS,
  type Filter,
  type IdTerm,
  type LatencyTerm,
  type OwnerField,
  type RangeTerm,
  type SetTerm,
  type TextField,
} from './ast';
import { isOwnerField, ownerText } from './owner-terms';
import { functionTest, textTest } from './text-test';
import {
  exactly,
  FAIL,
  MATCH,
  MAYBE,
  NO,
  remembered,
  someOf,
  via,
  type Chance,
  type Judge,
} from './row-chance';
import { RowRelations } from './row-relations';
import type {
  ProcessRow,
  RegionRow,
  SiteRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../snapshot/snapshot';
import { NOT_IN_DETAIL, OTHERS } from '../stats/limits';

/** What a filter says of the rows of one table. */
export interface RowTest<Row> {
  /** Some fault of the row may match. */
  readonly passes: (row: Row) => boolean;
  /** All faults of the row match. */
  readonly whole: (row: Row) => boolean;
}
export interface RowTests {
  readonly regions: RowTest<RegionRow>;
  readonly threads: RowTest<ThreadRow>;
  readonly processes: RowTest<ProcessRow>;
  readonly sites: RowTest<SiteRow>;
}
interface Judges {
  readonly region: Judge<RegionRow>;
  readonly thread: Judge<ThreadRow>;
  readonly process: Judge<ProcessRow>;
  readonly site: Judge<SiteRow>;
}

/**
 * Makes a filter fit for the rows of one snapshot. What a row does not know itself is asked of the rows
 * of other tables that its faults are in too. Rows that several share know what their members have in
 * common; what is not known of the members can match and can fail.
 */
export function compileRowTests(filter: Filter, snapshot: Snapshot): RowTests {
  const judges = judge(filter, new RowRelations(snapshot));
  return {
    regions: rowTest(judges.region),
    threads: rowTest(judges.thread),
    processes: rowTest(judges.process),
    sites: rowTest(judges.site),
  };
}

const OF_ANY_PROCESS = { pid: 0 };

function rowTest<Row>(judgeRow: Judge<Row>): RowTest<Row> {
  return {
    passes: (row) => (judgeRow(row) & MATCH) !== 0,
    whole: (row) => judgeRow(row) === MATCH,
  };
}

function judge(filter: Filter, relations: RowRelations): Judges {
  switch (filter.op) {
    case 'and':
      return combine(
        filter.terms.map((term) => judge(term, relations)),
        (a, b) => (a & b & MATCH) | ((a | b) & FAIL),
      );
    case 'or':
      return combine(
        filter.terms.map((term) => judge(term, relations)),
        (a, b) => ((a | b) & MATCH) | (a & b & FAIL),
      );
    case 'not':
      return combine([judge(filter.term, relations)], (a) => a, swap);
    case 'text':
      return judgeText(filter.field, textTest(filter), relations);
    case 'set':
      return judgeSet(filter, relations);
    case 'id':
      return filter.field === 'tid' ? judgeTids(filter, relations) : judgePids(filter, relations);
    case 'range':
      return filter.field === 'addr'
        ? judgeRegions((row) => overlap(row, filter), relations)
        : same(() => MAYBE);
    case 'latency':
      return same((row) => judgeLatency(row, filter));
  }
}

function swap(chance: Chance): Chance {
  return ((chance & MATCH) << 1) | ((chance & FAIL) >> 1);
}

function same(judgeRow: Judge<StatRow>): Judges {
  return { region: judgeRow, thread: judgeRow, process: judgeRow, site: judgeRow };
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
    site: over(parts.map((part) => part.site)),
  };
}

/** A property of regions; other rows match by the faults that they have in matching regions. */
function judgeRegions(judgeRegion: Judge<RegionRow>, relations: RowRelations): Judges {
  const { regions } = relations.snapshot;
  const region = remembered(judgeRegion);
  const any = someOf(regions, region);
  return {
    region,
    thread: via<ThreadRow, RegionRow>((row) => relations.regionsOfThread(row), region, any),
    process: via<ProcessRow, RegionRow>((row) => relations.regionsOfProcess(row), region, any),
    site: via<SiteRow, RegionRow>(
      (row) => relations.regionsOfSite(row),
      region,
      () => any(OF_ANY_PROCESS),
    ),
  };
}

/** A property of code; other rows match by the faults that matching code has in them. */
function judgeSites(judgeSite: Judge<SiteRow>, relations: RowRelations): Judges {
  const { sites } = relations.snapshot;
  const site = remembered(judgeSite);
  let any: Chance | null = null;
  // Which threads ran the code is not counted.
  const some = (): Chance => (any ??= sites.some((row) => (site(row) & MATCH) !== 0) ? MAYBE : NO);
  return {
    region: via<RegionRow, SiteRow>((row) => relations.sitesOfRegion(row), site, some),
    thread: some,
    process: some,
    site,
  };
}

/**
 * A property of threads; other rows match by the faults that matching threads have in them. `leftOut` judges the faults of
 * a process that are in no thread of its own.
 */
function judgeThreads(
  judgeThread: Judge<ThreadRow>,
  relations: RowRelations,
  leftOut: Judge<ProcessRow> | null = null,
): Judges {
  const { threads } = relations.snapshot;
  const thread = remembered(judgeThread);
  const any = someOf(threads, thread);
  return {
    region: via<RegionRow, ThreadRow>((row) => relations.threadsOfRegion(row), thread, any),
    thread,
    process: via<ProcessRow, ThreadRow>(
      (row) => relations.threadsOfProcess(row),
      thread,
      (row) => (leftOut !== null && row.leftOut > 0 ? leftOut(row) : any(row)),
    ),
    // Which threads ran the code is not counted.
    site: () => any(OF_ANY_PROCESS),
  };
}

function judgeTids(term: IdTerm, relations: RowRelations): Judges {
  const ids = new Set(term.ids);
  const { threads } = relations.snapshot;
  // Who has a row of its own is not one of those that share one.
  const apart = term.ids.every((id) => threads.some(({ tid }) => tid === id));
  return judgeThreads((row) => {
    if (row.tid !== 0) return exactly(ids.has(row.tid));
    return apart ? NO : MAYBE;
  }, relations);
}

function judgePids(term: IdTerm, relations: RowRelations): Judges {
  const ids = new Set(term.ids);
  const named = relations.snapshot.processes.filter(({ pid }) => ids.has(pid));
  // Who has a row of its own is not one of those that share one.
  return judgeProcesses(ids, named, named.length >= ids.size, relations);
}

/** `named`: the rows of those meant. `apart`: no other row stands for one of them. */
function judgeProcesses(
  ids: ReadonlySet<number>,
  named: readonly ProcessRow[],
  apart: boolean,
  relations: RowRelations,
): Judges {
  const names = new Set(named.map(({ comm }) => comm));
  const own = (row: { readonly pid: number }): Chance => exactly(ids.has(row.pid));
  // A shared region knows the name of its processes.
  const mayBeOf = (row: RegionRow): boolean => !apart || sumsUp(row) || names.has(row.comm);
  const ofRegion = (row: RegionRow): Chance =>
    row.pid !== 0 ? own(row) : mayBeOf(row) ? MAYBE : NO;
  const region = via(
    (row: RegionRow) => relations.threadsOfRegion(row),
    (thread) => (thread.pid === 0 ? MAYBE : own(thread)),
    () => MAYBE,
  );
  const thread = via(
    (row: ThreadRow) => relations.regionsOfThread(row),
    ofRegion,
    () => MAYBE,
  );
  return {
    region: (row) => (row.pid === 0 && mayBeOf(row) ? region(row) : ofRegion(row)),
    thread: (row) => (row.pid === 0 ? thread(row) : own(row)),
    process: (row) => (row.pid !== 0 ? own(row) : apart ? NO : MAYBE),
    site: via<SiteRow, RegionRow>(
      (row) => relations.regionsOfSite(row),
      ofRegion,
      () => MAYBE,
    ),
  };
}

/** A property of processes; other rows match by their pids. Rows that ended processes share have one owner. */
function judgeOwners(
  field: OwnerField,
  test: (text: string) => boolean,
  relations: RowRelations,
): Judges {
  const owned = ({ owner }: ProcessRow): boolean => test(ownerText(owner, field));
  const named = relations.snapshot.processes.filter(owned);
  const ids = new Set(named.map(({ pid }) => pid).filter((pid) => pid !== 0));
  return {
    ...judgeProcesses(ids, named, true, relations),
    process: (row) => (sumsUp(row) ? MAYBE : exactly(owned(row))),
  };
}

/** The row of everything that has no row: its members have not even a name in common. */
function sumsUp(row: { readonly pid: number; readonly comm: string }): boolean {
  return row.pid === 0 && (row.comm === '' || row.comm === OTHERS);
}

function judgeText(
  field: TextField,
  test: (text: string) => boolean,
  relations: RowRelations,
): Judges {
  if (isOwnerField(field)) return judgeOwners(field, test, relations);
  if (field === 'function') return judgeSites((row) => judgeCode(row, test), relations);
  const named = ({ comm }: { readonly comm: string }): Chance => exactly(test(comm));
  const comm = judgeThreads(
    (row) => (sumsUp(row) || row.comm === NOT_IN_DETAIL ? MAYBE : named(row)),
    relations,
    // A process is called as its first thread is.
    named,
  );
  if (field === 'comm') return comm;
  const regions = (judgeRegion: Judge<RegionRow>): Judges =>
    judgeRegions((row) => (sumsUp(row) ? MAYBE : judgeRegion(row)), relations);
  if (field === 'region') return regions((row) => exactly(test(row.label)));
  // Regions that share a row have the label in common, not the directory.
  const path = (row: RegionRow): Chance =>
    row.pid === 0 && row.path !== '' ? MAYBE : exactly(test(row.path));
  if (field === 'file') return regions(path);
  // A word may be anything: where nothing is known of region and code, it is asked of names alone.
  const place = judgeRegions((row) => {
    if (row.label === NOT_IN_DETAIL) return NO;
    if (sumsUp(row)) return MAYBE;
    return test(row.label) || test(row.kind) ? MATCH : path(row);
  }, relations);
  const code = judgeSites(
    (row) => (row.object === NOT_IN_DETAIL ? NO : judgeCode(row, test)),
    relations,
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
      code,
    ],
    (a, b) => ((a | b) & MATCH) | (a & b & FAIL),
  );
}

/** Of the row of code that has no row of its own nothing is known. */
function judgeCode(row: SiteRow, test: (text: string) => boolean): Chance {
  if (row.sumsUp !== '') return MAYBE;
  return exactly(functionTest(test)([{ function: row.function }, { function: row.inlined }]));
}

function judgeSet(term: SetTerm, relations: RowRelations): Judges {
  switch (term.field) {
    case 'class':
      return same((row) => judgeCounts(row.byClass, term.mask));
    case 'cause':
      return same((row) => judgeCounts(row.byCause, term.mask));
    case 'kind': {
      const kinds: readonly string[] = SET_FIELDS.kind.filter((_, bit) => term.mask & (1 << bit));
      return judgeRegions(
        (row) => (sumsUp(row) ? MAYBE : exactly(kinds.includes(row.kind))),
        relations,
      );
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
  // Where several regions share a row, or nothing was mapped, it has no range.
  if (row.endPage === 0) return MAYBE;
  const low = Number(term.low >> 12n);
  const high = Number(term.high >> 12n);
  if (row.endPage <= low || row.startPage > high) return NO;
  return MAYBE;
}
