import type { RegionRow, Snapshot, StatRow } from '../snapshot/snapshot';
import { RULES } from './rules';
import type { Rule } from './rules';

/** The time in faults that a row is taken to have, ns. */
export type Weight = (row: StatRow) => number;

/** Since the counters run. */
export const IN_ALL: Weight = ({ stallNs }) => stallNs;
/** Of a second, at the pace of the last tick. */
export const NOW: Weight = ({ stalled }) => stalled * 1e9;

/** How much of all faults speaks for a rule. */
export interface Evidence {
  readonly rule: Rule;
  readonly faults: number;
  /** ns. */
  readonly stallNs: number;
}

/** What speaks for each rule that this machine and run allow, most time first; rules without a fault are left out. */
export function evidence({ regions, causeFacts }: Snapshot, weight: Weight): Evidence[] {
  const found = RULES.filter((rule) => rule.when?.(causeFacts) !== false).map((rule) => ({
    rule,
    faults: 0,
    stallNs: 0,
  }));
  for (const row of regions) {
    if (row.faults === 0) continue;
    const ns = weight(row);
    for (const sum of found) {
      const faults = faultsFor(sum.rule, row);
      if (faults === 0) continue;
      sum.faults += faults;
      // Most rows rest, and a share of nothing is nothing.
      if (ns > 0) sum.stallNs += ns * shareOf(sum.rule, row);
    }
  }
  return found.filter(({ faults }) => faults > 0).sort((a, b) => b.stallNs - a.stallNs);
}

/** Faults of a row that are evidence for a rule. */
function faultsFor(rule: Rule, row: RegionRow): number {
  const faults = row.byCause[rule.cause]!;
  return faults > 0 && rule.of?.(row) !== false ? faults : 0;
}

/**
 * What of a row's time its cause has: one read from disk takes as long as a thousand cheap faults. Where nothing
 * was measured, by the number of faults.
 */
function shareOf({ cause }: Rule, { faults, byCause, causeNs }: RegionRow): number {
  let measured = 0;
  for (const ns of causeNs) measured += ns;
  return measured > 0 ? causeNs[cause]! / measured : byCause[cause]! / faults;
}

/** The rows that speak for a rule, each with its share of their time, ns: that of the faults of the cause. */
export function evidentRows(
  rule: Rule,
  { regions }: Snapshot,
  weight: Weight,
): { readonly row: RegionRow; readonly stallNs: number }[] {
  const found: { readonly row: RegionRow; readonly stallNs: number }[] = [];
  for (const row of regions) {
    if (faultsFor(rule, row) === 0) continue;
    const ns = weight(row);
    found.push({ row, stallNs: ns > 0 ? ns * shareOf(rule, row) : 0 });
  }
  return found;
}
