import { siteLabel } from '../code/site-table';
import type { ModelTables } from './model-tables';
import type { PairedRow } from './snapshot';

/** Call sites of a region that are named. */
const TOP_SITES = 64;

/** The code that causes the faults of the region in a slot, most faults first. */
export function sitesOfRegion({ sites }: ModelTables, region: number): readonly PairedRow[] {
  if (sites === null) return [];
  const { rows, pairs } = sites;
  return pairs.rightOf(region, TOP_SITES).map(({ slot, faults }) => {
    return { id: rows.stats.id(slot), label: siteLabel(rows.info(slot)!), faults };
  });
}

/** The regions that each call site hits, by the id of its row; most faults first. */
export function regionsOfSites({ sites, regions }: ModelTables): ReadonlyMap<number, PairedRow[]> {
  const found = new Map<number, PairedRow[]>();
  if (sites === null) return found;
  const { rows } = regions;
  sites.pairs.forEach((region, site, faults) => {
    const row = { id: rows.stats.id(region), label: rows.info(region)!.label, faults };
    const id = sites.rows.stats.id(site);
    const list = found.get(id);
    if (list === undefined) found.set(id, [row]);
    else list.push(row);
  });
  for (const list of found.values()) list.sort((a, b) => b.faults - a.faults);
  return found;
}

/** What counts for a label: faults, or ns. */
export interface Weighed {
  readonly label: string;
  readonly weight: number;
}

/** What has one label summed up, the most first. */
export function summedByLabel(weighed: readonly Weighed[]): Weighed[] {
  const sums = new Map<string, number>();
  for (const { label, weight } of weighed) sums.set(label, (sums.get(label) ?? 0) + weight);
  return [...sums]
    .map(([label, weight]) => ({ label, weight }))
    .sort((a, b) => b.weight - a.weight);
}

/** Rows by label, for reading. */
export function faultsByLabel(rows: readonly PairedRow[]): Weighed[] {
  return summedByLabel(rows.map(({ label, faults }) => ({ label, weight: faults })));
}
