import { CAUSE_NAMES } from '../classify/classes';
import type { CauseFacts } from '../classify/cause-text';
import type { RegionRow, StatRow } from '../snapshot/snapshot';
import { RULES } from './rules';
import type { Rule, Threshold } from './rules';

/** What a row is taken to weigh: of time in faults, ns. */
export type Weight = (row: StatRow) => number;

/** Since the counters run. */
export const IN_ALL: Weight = ({ stallNs }) => stallNs;
/** Of a second, at the pace of the last tick. */
export const NOW: Weight = ({ stalled }) => stalled * 1e9;

/** How much of all faults speaks for a rule. */
export interface Evidence {
  readonly rule: Rule;
  /** Those of its cause that this machine and run allow, in their order. */
  readonly among: readonly Rule[];
  readonly faults: number;
  /** ns. */
  readonly stallNs: number;
}

/** What speaks for each rule that this machine and run allow, most time first; rules without a fault are left out. */
export function evidence(
  regions: readonly RegionRow[],
  causeFacts: CauseFacts,
  weight: Weight,
): Evidence[] {
  const allowed = RULES.filter(({ machine }) => reachAll(machine, causeFacts));
  const found = allowed.map((rule) => {
    const among = allowed.filter(({ cause }) => cause === rule.cause);
    return { rule, among, faults: 0, stallNs: 0 };
  });
  const ofCause = CAUSE_NAMES.map((_, cause) => found.filter(({ rule }) => rule.cause === cause));
  for (const row of regions) {
    const ns = row.faults === 0 ? 0 : weight(row);
    const { byCause } = row;
    // Most rows have faults of a few causes.
    for (let cause = 0; cause < byCause.length; cause++) {
      const faults = byCause[cause]!;
      if (faults === 0) continue;
      const sum = ofCause[cause]!.find(({ rule }) => isReached(rule, row));
      if (sum === undefined) continue;
      sum.faults += faults;
      // Most rows rest, and a share of nothing is nothing.
      if (ns > 0) sum.stallNs += ns * shareOf(cause, row);
    }
  }
  return found.filter(({ faults }) => faults > 0).sort((a, b) => b.stallNs - a.stallNs);
}

/** A row has faults that are evidence for a rule. */
export function isEvident({ rule, among }: Evidence, row: RegionRow): boolean {
  return row.byCause[rule.cause]! > 0 && among.find((one) => isReached(one, row)) === rule;
}

function isReached({ kind, region }: Rule, row: RegionRow): boolean {
  return (kind === undefined || row.kind === kind) && reachAll(region, row);
}

function reachAll<Of>(thresholds: readonly Threshold<Of>[] | undefined, of: Of): boolean {
  return thresholds?.every(({ figure, least }) => figure(of) >= least) ?? true;
}

/** Of the time of a row the part of a rule's cause: ns. */
export function stallFor(rule: Rule, row: StatRow, weight: Weight): number {
  const ns = weight(row);
  return ns > 0 ? ns * shareOf(rule.cause, row) : 0;
}

/**
 * What of a row's time a cause has: one read from disk takes as long as a thousand cheap faults. Where nothing
 * was measured, by the number of faults.
 */
function shareOf(cause: number, { faults, byCause, causeNs }: StatRow): number {
  let measured = 0;
  for (const ns of causeNs) measured += ns;
  return measured > 0 ? causeNs[cause]! / measured : byCause[cause]! / faults;
}
