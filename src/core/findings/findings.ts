import { FaultClass } from '../classify/classes';
import { summedByLabel } from '../snapshot/site-pairs';
import type { Weighed } from '../snapshot/site-pairs';
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
  const { totals, causeFacts, elapsed } = snapshot;
  const least = Math.max(LEAST_SHARE * elapsed, LEAST_PART * totals.stallNs);
  const costly = RULES.filter((rule) => rule.when?.(causeFacts) !== false)
    .map((rule) => evidenceFor(rule, snapshot))
    .filter(({ faults, stallNs }) => faults > 0 && stallNs >= least)
    .sort((a, b) => b.stallNs - a.stallNs);
  return [...costly.map((evidence) => describe(evidence, snapshot)), ...caughtErrors(snapshot)];
}

/** The faults that speak for a rule. */
interface Evidence {
  readonly rule: Rule;
  readonly faults: number;
  readonly stallNs: number;
  readonly rows: readonly { readonly row: RegionRow; readonly stallNs: number }[];
}

function evidenceFor(rule: Rule, { regions }: Snapshot): Evidence {
  const of = ({ byCause }: RegionRow): number => byCause[rule.cause]!;
  const rows = regions
    .filter((row) => of(row) > 0 && rule.of?.(row) !== false)
    .map((row) => ({ row, stallNs: (row.stallNs * of(row)) / row.faults }));
  const faults = rows.reduce((sum, { row }) => sum + of(row), 0);
  return { rule, faults, stallNs: rows.reduce((sum, one) => sum + one.stallNs, 0), rows };
}

function describe({ rule, faults, stallNs, rows }: Evidence, snapshot: Snapshot): Finding {
  const stallShare = stallNs / snapshot.elapsed;
  const regions = topLabels(rows.map(({ row, stallNs: ns }) => ({ label: row.label, weight: ns })));
  const callSites = codeOf(snapshot, new Set(rows.map(({ row }) => row.id)));
  const where = regions.length === 0 ? '' : ` in ${regions.join(', ')}`;
  const by = callSites.length === 0 ? '' : `, by ${callSites[0]!}`;
  return {
    id: rule.id,
    text:
      `${rule.says}: about ${latency(stallNs)} (${percent(stallShare)} % of one thread's time) for ` +
      `${grouped(faults)} faults (${bytes(faults * PAGE)})${where}${by}; ${rule.advice}`,
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
  const who = topLabels(
    catching.map((row) => ({ label: `${row.comm} ${row.pid}`, weight: errors(row) })),
  );
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
    snapshot.sites.map(({ id: site, label }) => ({
      label,
      weight: snapshot
        .siteRegions(site)
        .reduce((sum, { id, faults }) => (regions.has(id) ? sum + faults : sum), 0),
    })),
  );
}

function topLabels(weighed: readonly Weighed[]): string[] {
  return summedByLabel(weighed)
    .filter(({ weight }) => weight > 0)
    .slice(0, NAMED)
    .map(({ label }) => label);
}
