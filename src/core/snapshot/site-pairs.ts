import { siteLabel } from '../code/site-table';
import type { ModelTables } from './model-tables';
import type { PairedRow } from './snapshot';

/** Call sites of a region, and regions of a call site, that are named. */
const TOP_PAIRS = 64;

/** The code that causes the faults of the region in a slot, most faults first. */
export function sitesOfRegion({ sites }: ModelTables, region: number): readonly PairedRow[] {
  if (sites === null) return [];
  const { rows, pairs } = sites;
  return pairs.rightOf(region, TOP_PAIRS).map(({ slot, faults }) => {
    return { id: rows.stats.id(slot), label: siteLabel(rows.info(slot)!), faults };
  });
}

/** The regions that a call site hits, by the id of its row; none when it is gone. */
export function regionsOfSite({ sites, regions }: ModelTables, id: number): readonly PairedRow[] {
  const site = sites?.rows.stats.slotOf(id) ?? -1;
  if (sites === null || site < 0) return [];
  const { rows } = regions;
  return sites.pairs.leftOf(site, TOP_PAIRS).map(({ slot, faults }) => {
    return { id: rows.stats.id(slot), label: rows.info(slot)!.label, faults };
  });
}
