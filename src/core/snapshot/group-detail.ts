import type { RegionGroup } from './group-rules';
import type { RegionDetail } from './region-detail';
import type { PairedRow, Snapshot } from './snapshot';

/** Named in a detail. */
const TOP = 16;

/** What the detail of a group of regions shows beyond its row: who made the faults of all, and which code. */
export function groupDetail(snapshot: Snapshot, group: RegionGroup): RegionDetail {
  const ids = new Set(group.rows.map(({ id }) => id));
  const byThread = new Map<number, number>();
  const pairs = snapshot.pairs();
  pairs.regions.forEach((region, k) => {
    if (!ids.has(region)) return;
    const thread = pairs.threads[k]!;
    byThread.set(thread, (byThread.get(thread) ?? 0) + pairs.faults[k]!);
  });
  const threads = snapshot.threads
    .map(({ id, tid, pid, comm }) => ({ tid, pid, comm, faults: byThread.get(id) ?? 0 }))
    .filter(({ faults }) => faults > 0);
  return {
    id: group.id,
    heat: null,
    // That of one of them: who made them is what they have in common.
    mappedBy: group.maker === '' ? [] : snapshot.mappedBy(group.rows[0]!.id),
    overTime: null,
    threads: threads.sort((a, b) => b.faults - a.faults).slice(0, TOP),
    sites: sitesOfRegions(snapshot, ids),
  };
}

/** The code that causes the faults of some regions, most faults first. */
export function sitesOfRegions(snapshot: Snapshot, regions: ReadonlySet<number>): PairedRow[] {
  const found: PairedRow[] = [];
  for (const { id, label } of snapshot.sites) {
    const faults = snapshot
      .siteRegions(id)
      .reduce((sum, region) => (regions.has(region.id) ? sum + region.faults : sum), 0);
    if (faults > 0) found.push({ id, label, faults });
  }
  return found.sort((a, b) => b.faults - a.faults);
}
