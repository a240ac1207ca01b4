import { CAUSE_NAMES } from '../classify/classes';
import { innermost, innermostMaker } from '../code/stack-names';
import { hugePageText } from '../facts/huge-pages';
import type { HugePageFacts } from '../facts/huge-pages';
import type { RegionRow, Snapshot, StatRow } from '../snapshot/snapshot';
import { bytes, counted, grouped, latency, percent } from '../text/format';
import { callersOf, makerOf } from './calls';
import { evidence, IN_ALL, isEvident, stallFor } from './evidence';
import type { Evidence, Weight } from './evidence';
import { LEAST_PART, LEAST_SHARE, SIGNAL_RULES } from './rules';
import type { Rule, SignalRule } from './rules';
import { LabelSums, OwnerSums } from './sums';

/** What dominates, as a heading says it. Names are raw. */
export interface Dominant {
  readonly id: string;
  /** For a heading. */
  readonly brief: string;
  /** What one usually does about it, '' where nothing is to be done. */
  readonly advice: string;
  readonly figures: {
    /** ns; of rows with several causes the share of this one. */
    readonly stallNs: number;
    /** Of one thread's time. */
    readonly stallShare: number;
  };
  /** Of the region that costs most; null where nothing is known, or it does not matter. */
  readonly hugePages: HugePageFacts | null;
  /** Labels of the regions and of the processes with the most of these faults. */
  readonly regions: readonly string[];
  readonly processes: readonly string[];
}

/** The same with all there is to say of it. */
export interface Finding extends Dominant {
  readonly says: string;
  /** Name of the cause, '' where it is none. */
  readonly cause: string;
  readonly figures: Dominant['figures'] & { readonly faults: number };
  /** One sentence with figures, and what to do. */
  readonly text: string;
  /** Labels of the code with the most of these faults. */
  readonly callSites: readonly string[];
  /** Who called the first of it, root first, as far as most of its faults came the same way; empty without stacks. */
  readonly calledBy: readonly string[];
  /** Who mapped most of the memory, root first; empty where nobody knows. */
  readonly mappedBy: readonly string[];
}

/** The least that a fault maps: huge pages, and folios of other sizes, are more. */
const PAGE = 4096;
/** Characters of the calls that are named. */
const CALLS = 80;
const SWAPPED = 'swap is in use: some of it may be back from the swap cache instead';
const DELAYS =
  'huge pages, memory or CPU that is short, or a userfaultfd that was registered for a short time';
/** What the numbers carry, most time stalled first; none where faults cost next to nothing. */
export function findings(snapshot: Snapshot): Finding[] {
  const { elapsed } = snapshot;
  const costly = dominant(snapshot, snapshot.regions, IN_ALL, elapsed, 1).map((one) =>
    describe(one, headed(one, snapshot, IN_ALL, elapsed), snapshot),
  );
  return [...costly, ...SIGNAL_RULES.flatMap((rule) => caught(rule, snapshot))];
}

/**
 * What costs most at the pace that a weight gives, in `elapsed` ns; null where it is next to nothing: less than `part` of
 * what is worth a finding.
 */
export function firstFinding(
  snapshot: Snapshot,
  weight: Weight,
  elapsed: number,
  part: number,
): Dominant | null {
  // Most rows rest: what they have counted says nothing of what costs most, and reading it would take longest.
  const rows = snapshot.regions.filter((row) => weight(row) > 0);
  const [first] = dominant(snapshot, rows, weight, elapsed, part);
  return first === undefined ? null : headed(first, snapshot, weight, elapsed);
}

function dominant(
  snapshot: Snapshot,
  rows: readonly RegionRow[],
  weight: Weight,
  elapsed: number,
  part: number,
): Evidence[] {
  const least = part * Math.max(LEAST_SHARE * elapsed, LEAST_PART * weight(snapshot.totals));
  return evidence(rows, snapshot.causeFacts, weight).filter(({ stallNs }) => stallNs >= least);
}

/** With every picture for the verdict: nothing is made for each row. */
function headed(found: Evidence, snapshot: Snapshot, weight: Weight, elapsed: number): Dominant {
  const { rule, stallNs } = found;
  const regions = new LabelSums();
  const processes = new OwnerSums();
  const servers = new LabelSums();
  let most = 0;
  let hugePages: HugePageFacts | null = null;
  for (const row of snapshot.regions) {
    const ns = stallFor(rule, row, weight);
    if (!(ns > 0) || !isEvident(found, row)) continue;
    regions.add(row.label, ns);
    processes.add(row, ns);
    if (rule.server !== undefined) servers.add(snapshot.server(row.id, rule.server), ns);
    if (rule.hugePages !== true || ns <= most) continue;
    // Of the row that costs most of those that something is known of.
    const facts = snapshot.hugePages(row.id);
    if (facts === null) continue;
    most = ns;
    hugePages = facts;
  }
  return {
    id: rule.id,
    brief: rule.brief,
    advice: [
      rule.advice,
      ...(hugePages === null ? [] : [hugePageText(hugePages)]),
      ...(rule.swapCache === true && snapshot.causeFacts.swapInUse ? [SWAPPED] : []),
      ...servers.top().map((server) => `waited for: ${server}`),
    ].join('; '),
    figures: { stallNs, stallShare: stallNs / elapsed },
    hugePages,
    regions: regions.top(),
    processes: processes.top(),
  };
}

function describe(found: Evidence, heading: Dominant, snapshot: Snapshot): Finding {
  const { rule } = found;
  const { advice, regions } = heading;
  const { stallNs, stallShare } = heading.figures;
  const { faults } = found;
  const figures = { faults, stallNs, stallShare };
  const evident = snapshot.regions.filter((row) => isEvident(found, row));
  const place = placeOf(evident, (row) => stallFor(rule, row, IN_ALL), snapshot);
  return {
    ...heading,
    ...place,
    figures,
    says: rule.says,
    cause: CAUSE_NAMES[rule.cause]!,
    text:
      `${rule.says}: about ${latency(stallNs)} (${percent(stallShare)} % of one thread's time) for ` +
      `${counted(faults, 'fault')} (at least ${bytes(faults * PAGE)})${placeText(regions, place)}; ${advice}${delayed(rule, figures)}`,
  };
}

/** Which code is behind it, and who made the memory. */
type Place = Pick<Finding, 'callSites' | 'calledBy' | 'mappedBy'>;

function placeOf(rows: readonly RegionRow[], weight: Weight, snapshot: Snapshot): Place {
  const sites = codeOf(rows, weight, snapshot);
  const [first] = sites;
  const same = snapshot.sites.filter(({ label }) => label === first);
  return {
    callSites: sites,
    calledBy: callersOf(same.flatMap(({ id }) => snapshot.siteStacks(id))),
    mappedBy: makerOf(rows, weight, snapshot),
  };
}

function placeText(regions: readonly string[], { callSites, calledBy, mappedBy }: Place): string {
  return [
    regions.length === 0 ? '' : ` in ${regions.join(', ')}`,
    mappedBy.length === 0 ? '' : ` (mapped by ${innermostMaker(mappedBy, CALLS)})`,
    callSites.length === 0 ? '' : `, by ${callSites[0]!}`,
    calledBy.length === 0 ? '' : `, called by ${innermost(calledBy, CALLS)}`,
  ].join('');
}

/** What is slower than its cause explains has another one, too, which is not known. */
function delayed({ longNs }: Rule, { faults, stallNs }: Finding['figures']): string {
  if (longNs === undefined || stallNs < faults * longNs) return '';
  return `; ${latency(stallNs / faults)} each is long for that: ${DELAYS}`;
}

/** A process that lives on after so many errors catches their signals: it makes them on purpose. */
function caught(rule: SignalRule, snapshot: Snapshot): Finding[] {
  const { id, brief, says, advice, least, text } = rule;
  const errors = ({ byClass }: StatRow): number => byClass[rule.class]!;
  const catching = snapshot.processes.filter((row) => row.members === 1 && errors(row) >= least);
  const faults = catching.reduce((sum, row) => sum + errors(row), 0);
  if (faults === 0) return [];
  const sums = new OwnerSums();
  for (const row of catching) sums.add(row, errors(row));
  const who = sums.top();
  const pids = new Set(catching.map(({ pid }) => pid));
  const hit = snapshot.regions.filter((row) => pids.has(row.pid) && errors(row) > 0);
  const labels = new LabelSums();
  for (const row of hit) labels.add(row.label, errors(row));
  const regions = labels.top();
  const place = placeOf(hit, errors, snapshot);
  return [
    {
      id,
      brief,
      says,
      advice,
      cause: '',
      text: text(grouped(faults), `${who.join(', ')} caught${placeText(regions, place)}`),
      figures: { faults, stallNs: 0, stallShare: 0 },
      hugePages: null,
      regions,
      ...place,
      processes: who,
    },
  ];
}

/**
 * The code that weighs most in these regions. Pairs of code and region are counted without causes and classes: of each
 * pair the part is taken that they have of all that the code weighs.
 */
function codeOf(evident: readonly RegionRow[], weight: Weight, snapshot: Snapshot): string[] {
  const sums = new LabelSums();
  if (snapshot.sites.length === 0) return [];
  const regions = new Set(evident.map(({ id }) => id));
  for (const site of snapshot.sites) {
    const all = weight(site);
    if (!(all > 0)) continue;
    for (const { id, faults } of snapshot.siteRegions(site.id)) {
      if (regions.has(id)) sums.add(site.label, (all * faults) / site.faults);
    }
  }
  return sums.top();
}
