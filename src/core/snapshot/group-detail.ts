import type { RegionGroup } from './group-rules';
import type { RegionDetail } from './region-detail';
import type { PairedRow, PairRows, Snapshot } from './snapshot';

/** Named in a detail. */
const TOP = 16;
/** Of so many regions each is asked for by itself. */
const FEW = 64;

/** What the detail of a group of regions shows beyond its row: who made the faults of all, and which code. */
export function groupDetail(snapshot: Snapshot, group: RegionGroup): RegionDetail {
  const ids = new Set(group.rows.map(({ id }) => id));
  const byThread = faultsByThread(snapshot, ids);
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

/** Faults in some regions by thread, both by the ids of their rows. */
function faultsByThread(
  { pairs }: Snapshot,
  ids: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const add = (
    { regions, threads, faults }: PairRows,
    belongs: (region: number) => boolean,
  ): void => {
    regions.forEach((region, k) => {
      if (!belongs(region)) return;
      const thread = threads[k]!;
      found.set(thread, (found.get(thread) ?? 0) + faults[k]!);
    });
  };
  if (ids.size > FEW) add(pairs(), (region) => ids.has(region));
  else for (const id of ids) add(pairs(id), (region) => region === id);
  return found;
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
