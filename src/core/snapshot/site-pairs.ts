import { siteLabel } from '../code/site-table';
import type { ModelTables } from './model-tables';
import type { PairedRow, Snapshot, StatRow } from './snapshot';

/** Call sites of a region that are named. */
const TOP_SITES = 64;

/** The code that causes the faults of the region in a slot, most faults first. */
export function sitesOfRegion({ sites }: ModelTables, region: number): readonly PairedRow[] {
  if (sites === null) return [];
  const { rows, pairs } = sites;
  return pairs.regions.rightOf(region, TOP_SITES).map(({ slot, faults }) => {
    return { id: rows.stats.id(slot), label: siteLabel(rows.info(slot)!), faults };
  });
}

/** The regions that each call site hits, by the id of its row; most faults first. */
export function regionsOfSites({ sites, regions }: ModelTables): ReadonlyMap<number, PairedRow[]> {
  const found = new Map<number, PairedRow[]>();
  if (sites === null) return found;
  const { rows } = regions;
  sites.pairs.regions.forEach((region, site, faults) => {
    const row = { id: rows.stats.id(region), label: rows.info(region)!.label, faults };
    const id = sites.rows.stats.id(site);
    const list = found.get(id);
    if (list === undefined) found.set(id, [row]);
    else list.push(row);
  });
  for (const list of found.values()) list.sort((a, b) => b.faults - a.faults);
  return found;
}

/** The code that causes the faults of each thread or process, by the id of its row; most faults first. */
export function sitesOfRows(
  { sites, tasks }: ModelTables,
  table: 'threads' | 'processes',
): ReadonlyMap<number, readonly PairedRow[]> {
  const found = new Map<number, PairedRow[]>();
  if (sites === null) return found;
  const { rows, pairs } = sites;
  const { stats } = tasks[table];
  pairs[table].forEach((slot, site, faults) => {
    const row = { id: rows.stats.id(site), label: siteLabel(rows.info(site)!), faults };
    const id = stats.id(slot);
    const list = found.get(id);
    if (list === undefined) found.set(id, [row]);
    else list.push(row);
  });
  for (const list of found.values()) list.sort((a, b) => b.faults - a.faults);
  return found;
}

/** The same of several rows together. */
export function sitesOfAll(
  { rowSites }: Pick<Snapshot, 'rowSites'>,
  table: 'threads' | 'processes',
  rows: readonly StatRow[],
): readonly PairedRow[] {
  const sums = new Map<number, PairedRow>();
  for (const { id } of rows) {
    for (const site of rowSites(table, id)) {
      const faults = site.faults + (sums.get(site.id)?.faults ?? 0);
      sums.set(site.id, { ...site, faults });
    }
  }
  return [...sums.values()].sort((a, b) => b.faults - a.faults);
}

/** What counts for a label: faults, or ns. */
export interface Weighed {
  readonly label: string;
  readonly weight: number;
}

/** What has one label summed up. */
function sumsByLabel(weighed: readonly Weighed[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { label, weight } of weighed) sums.set(label, (sums.get(label) ?? 0) + weight);
  return sums;
}

/** The same, the most first. */
function summedByLabel(weighed: readonly Weighed[]): Weighed[] {
  return [...sumsByLabel(weighed)]
    .map(([label, weight]) => ({ label, weight }))
    .sort((a, b) => b.weight - a.weight);
}

/** Rows by label, for reading. */
export function faultsByLabel(rows: readonly PairedRow[]): Weighed[] {
  return summedByLabel(rows.map(({ label, faults }) => ({ label, weight: faults })));
}
