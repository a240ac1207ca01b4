import { CAUSE_NAMES, FaultClass } from '../classify/classes';
import { hugePageText } from '../facts/huge-pages';
import type { HugePageFacts } from '../facts/huge-pages';
import { sumsByLabel } from '../snapshot/site-pairs';
import type { Weighed } from '../snapshot/site-pairs';
import type { ProcessRow, RegionRow, Snapshot } from '../snapshot/snapshot';
import { NOT_IN_DETAIL } from '../stats/limits';
import { bytes, grouped, latency, percent } from '../text/format';
import { evidence, evidentRows, IN_ALL } from './evidence';
import type { Evidence, Weight } from './evidence';

/** What dominates, with its figures, and what one usually does about it. Names are raw. */
export interface Finding {
  readonly id: string;
  /** For a heading. */
  readonly brief: string;
  readonly says: string;
  /** What one usually does about it, '' where nothing is to be done. */
  readonly advice: string;
  /** Name of the cause, '' where it is none. */
  readonly cause: string;
  /** One sentence with figures, and what to do. */
  readonly text: string;
  readonly figures: {
    readonly faults: number;
    /** ns; of rows with several causes the share of this one. */
    readonly stallNs: number;
    /** Of one thread's time. */
    readonly stallShare: number;
  };
  /** Of the region that costs most; null where nothing is known, or it does not matter. */
  readonly hugePages: HugePageFacts | null;
  /** Labels of the regions, of the code and of the processes with the most of these faults. */
  readonly regions: readonly string[];
  readonly callSites: readonly string[];
  readonly processes: readonly string[];
}

/** Less of one thread's time than this is no matter of page faults. */
export const LEAST_SHARE = 0.01;
/** A finding has at least this share of all the time stalled. */
const LEAST_PART = 0.1;
const NAMED = 3;
const PAGE = 4096;
/** So many signals that one process survives are no accident. */
const MANY_ERRORS = 100;

/** What the numbers carry, most time stalled first; none where faults cost next to nothing. */
export function findings(snapshot: Snapshot): Finding[] {
  const { elapsed } = snapshot;
  const costly = dominant(snapshot, IN_ALL, elapsed).map((one) =>
    describe(one, snapshot, IN_ALL, elapsed),
  );
  return [...costly, ...caughtErrors(snapshot)];
}

/** What costs most at the pace that a weight gives, in `elapsed` ns; null where it is next to nothing. */
export function firstFinding(snapshot: Snapshot, weight: Weight, elapsed: number): Finding | null {
  const [first] = dominant(snapshot, weight, elapsed);
  return first === undefined ? null : describe(first, snapshot, weight, elapsed);
}

function dominant(snapshot: Snapshot, weight: Weight, elapsed: number): Evidence[] {
  const least = Math.max(LEAST_SHARE * elapsed, LEAST_PART * weight(snapshot.totals));
  return evidence(snapshot, weight).filter(({ stallNs }) => stallNs >= least);
}

function describe(
  { rule, faults, stallNs }: Evidence,
  snapshot: Snapshot,
  weight: Weight,
  elapsed: number,
): Finding {
  const stallShare = stallNs / elapsed;
  const rows = evidentRows(rule, snapshot, weight);
  const costly = rows.filter(({ stallNs: ns }) => ns > 0);
  const named = (labelOf: (row: RegionRow) => string): string[] =>
    topLabels(costly.map(({ row, stallNs: ns }) => ({ label: labelOf(row), weight: ns })));
  const regions = named(({ label }) => label);
  const processes = named(owners());
  const callSites =
    snapshot.sites.length === 0 ? [] : codeOf(snapshot, new Set(rows.map(({ row }) => row.id)));
  const hugePages = rule.hugePages === true ? hugePagesOf(costly, snapshot) : null;
  const advice = hugePages === null ? rule.advice : `${rule.advice}; ${hugePageText(hugePages)}`;
  const where = regions.length === 0 ? '' : ` in ${regions.join(', ')}`;
  const by = callSites.length === 0 ? '' : `, by ${callSites[0]!}`;
  return {
    id: rule.id,
    brief: rule.brief,
    says: rule.says,
    advice,
    cause: CAUSE_NAMES[rule.cause]!,
    text:
      `${rule.says}: about ${latency(stallNs)} (${percent(stallShare)} % of one thread's time) for ` +
      `${grouped(faults)} faults (${bytes(faults * PAGE)})${where}${by}; ${advice}`,
    figures: { faults, stallNs, stallShare },
    hugePages,
    regions,
    callSites,
    processes,
  };
}

/** Of the row that costs most of those that something is known of. */
function hugePagesOf(
  rows: ReturnType<typeof evidentRows>,
  snapshot: Snapshot,
): HugePageFacts | null {
  let most = 0;
  let found: HugePageFacts | null = null;
  for (const { row, stallNs } of rows) {
    if (stallNs <= most) continue;
    const facts = snapshot.hugePages(row.id);
    if (facts === null) continue;
    most = stallNs;
    found = facts;
  }
  return found;
}

/** Whose address space it is: rows that stand for several have a name only. Most rows have the owner of the last. */
function owners(): (row: RegionRow) => string {
  let last = { comm: '', pid: 0 };
  let text = '';
  return (row) => {
    if (row.pid === 0) return row.comm;
    if (row.pid !== last.pid || row.comm !== last.comm) {
      last = { comm: row.comm, pid: row.pid };
      // It has ended before anybody could ask for its name.
      text = `${row.comm === '' ? 'pid' : row.comm} ${row.pid}`;
    }
    return text;
  };
}

/** A process that lives on after so many errors catches their signals: it makes them on purpose. */
function caughtErrors({ processes }: Snapshot): Finding[] {
  const errors = ({ byClass }: ProcessRow): number => byClass[FaultClass.ERROR]!;
  const catching = processes.filter((row) => row.members === 1 && errors(row) >= MANY_ERRORS);
  const faults = catching.reduce((sum, row) => sum + errors(row), 0);
  if (faults === 0) return [];
  const who = topLabels(
    catching.map((row) => ({ label: `${row.comm} ${row.pid}`, weight: errors(row) })),
  );
  const why = "made on purpose, as a JVM's checks for null and some collectors do";
  return [
    {
      id: 'caught-signals',
      brief: 'signals of faults that are caught',
      says: `faults that ended in a signal (ERROR) and were caught: ${why}`,
      advice: '',
      cause: '',
      text: `${grouped(faults)} faults ended in a signal (ERROR) that ${who.join(', ')} caught: ${why}`,
      figures: { faults, stallNs: 0, stallShare: 0 },
      hugePages: null,
      regions: [],
      callSites: [],
      processes: who,
    },
  ];
}

/** The code with the most faults in some regions. */
function codeOf(snapshot: Snapshot, regions: ReadonlySet<number>): string[] {
  return topLabels(
    snapshot.sites.map(({ id: site, label }) => ({
      label,
      weight: snapshot
        .siteRegions(site)
        .reduce((sum, { id, faults }) => (regions.has(id) ? sum + faults : sum), 0),
    })),
  );
}

/**
 * Those that weigh most; what all processes share that are not in detail, or have no name, is no place to look at. They are
 * few of thousands: sorting all would take longer than looking for each.
 */
function topLabels(weighed: readonly Weighed[]): string[] {
  const sums = sumsByLabel(weighed);
  sums.delete(NOT_IN_DETAIL);
  sums.delete('');
  const top: string[] = [];
  while (top.length < NAMED) {
    let most = 0;
    let heaviest = '';
    for (const [label, weight] of sums) {
      if (weight <= most) continue;
      most = weight;
      heaviest = label;
    }
    if (most === 0) break;
    top.push(heaviest);
    sums.delete(heaviest);
  }
  return top;
}
