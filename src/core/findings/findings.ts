import { FaultClass } from '../classify/classes';
import type { ProcessRow, RegionRow, Snapshot } from '../snapshot/snapshot';
import { bytes, grouped, latency, percent } from '../text/format';
import { RULES } from './rules';
import type { Rule } from './rules';

/** What dominates, with its figures, and what one usually does about it. */
export interface Finding {
  readonly id: string;
  /** One sentence with figures, and what to do. Names in it are raw. */
  readonly text: string;
  readonly figures: {
    readonly faults: number;
    /** ns; of rows with several causes the share of this one. */
    readonly stallNs: number;
    /** Of one thread's time. */
    readonly stallShare: number;
  };
  /** Labels of the regions, and of the code, with the most of these faults. */
  readonly regions: readonly string[];
  readonly callSites: readonly string[];
}

/** Less of one thread's time than this is no matter of page faults. */
const LEAST_SHARE = 0.01;
/** A finding has at least this share of all the time stalled. */
const LEAST_PART = 0.1;
const NAMED = 3;
const PAGE = 4096;
/** So many signals that one process survives are no accident. */
const MANY_ERRORS = 100;

/** What the numbers carry, most time stalled first; none where faults cost next to nothing. */
export function findings(snapshot: Snapshot): Finding[] {
  const { totals, causeFacts } = snapshot;
  const found = RULES.flatMap((rule) => {
    if (rule.when?.(causeFacts) === false) return [];
    const finding = judge(rule, snapshot);
    return finding === null ? [] : [finding];
  });
  const costly = found
    .filter(
      ({ figures }) =>
        figures.stallShare >= LEAST_SHARE && figures.stallNs >= LEAST_PART * totals.stallNs,
    )
    .sort((a, b) => b.figures.stallNs - a.figures.stallNs);
  return [...costly, ...caughtErrors(snapshot)];
}

interface Evidence {
  readonly row: RegionRow;
  readonly faults: number;
  readonly stallNs: number;
}

function judge(rule: Rule, snapshot: Snapshot): Finding | null {
  const evidence = snapshot.regions
    .filter((row) => row.byCause[rule.cause]! > 0 && rule.of?.(row) !== false)
    .map((row): Evidence => {
      const faults = row.byCause[rule.cause]!;
      return { row, faults, stallNs: (row.stallNs * faults) / row.faults };
    })
    .sort((a, b) => b.stallNs - a.stallNs);
  if (evidence.length === 0) return null;
  const sum = (value: (one: Evidence) => number): number =>
    evidence.reduce((all, one) => all + value(one), 0);
  const faults = sum((one) => one.faults);
  const stallNs = sum((one) => one.stallNs);
  const stallShare = snapshot.elapsed > 0 ? stallNs / snapshot.elapsed : 0;
  const regions = topLabels(evidence.map(({ row, stallNs: ns }) => [row.label, ns]));
  const callSites = codeOf(snapshot, new Set(evidence.map(({ row }) => row.id)));
  const where = regions.length === 0 ? '' : ` in ${regions.join(', ')}`;
  const by = callSites.length === 0 ? '' : `, by ${callSites[0]!}`;
  const size = bytes(faults * PAGE);
  return {
    id: rule.id,
    text:
      `${rule.says}: about ${latency(stallNs)} (${percent(stallShare)} % of one thread's time) for ` +
      `${grouped(faults)} faults (${size})${where}${by}; ${rule.advice}`,
    figures: { faults, stallNs, stallShare },
    regions,
    callSites,
  };
}

/** A process that lives on after so many errors catches their signals: it makes them on purpose. */
function caughtErrors({ processes }: Snapshot): Finding[] {
  const errors = ({ byClass }: ProcessRow): number => byClass[FaultClass.ERROR]!;
  const catching = processes.filter((row) => row.members === 1 && errors(row) >= MANY_ERRORS);
  const faults = catching.reduce((sum, row) => sum + errors(row), 0);
  if (faults === 0) return [];
  const who = topLabels(catching.map((row) => [`${row.comm} ${row.pid}`, errors(row)]));
  return [
    {
      id: 'caught-signals',
      text:
        `${grouped(faults)} faults ended in a signal (ERROR) that ${who.join(', ')} caught: made on purpose, as a ` +
        "JVM's checks for null and some collectors do",
      figures: { faults, stallNs: 0, stallShare: 0 },
      regions: [],
      callSites: [],
    },
  ];
}

/** The code with the most faults in some regions. */
function codeOf(snapshot: Snapshot, regions: ReadonlySet<number>): string[] {
  return topLabels(
    snapshot.sites.map((site): [string, number] => {
      const shared = snapshot
        .siteRegions(site.id)
        .reduce((sum, { id, faults }) => (regions.has(id) ? sum + faults : sum), 0);
      return [site.label, shared];
    }),
  );
}

function topLabels(weighed: readonly (readonly [label: string, weight: number])[]): string[] {
  const sums = new Map<string, number>();
  for (const [label, weight] of weighed) sums.set(label, (sums.get(label) ?? 0) + weight);
  return [...sums]
    .filter(([, weight]) => weight > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, NAMED)
    .map(([label]) => label);
}
