import type {
  ProcessRow,
  RegionRow,
  SiteRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../snapshot/snapshot';

/** A row that has faults in common with another one, and how many these are. */
export interface Related<Row> {
  readonly row: Row;
  readonly faults: number;
}

/** What is known of the faults of a row: the rows of another table they are in, and how many are in none. */
export interface Relation<Row> {
  readonly rows: readonly Related<Row>[];
  /** Faults of which it is not known in which rows they are. */
  readonly unknown: number;
}

/**
 * Which rows of a snapshot's tables have faults in common. Regions and threads are told by the counted pairs,
 * also those of rows that several share; processes by their pid, and by pairs where their threads or
 * regions share rows.
 */
export class RowRelations {
  private readonly byRegion = new Map<number, Related<ThreadRow>[]>();
  private readonly byThread = new Map<number, Related<RegionRow>[]>();
  private sitesByRegion: Map<number, Related<SiteRow>[]> | null = null;
  private readonly regionsById: ReadonlyMap<number, RegionRow>;
  private readonly regionsByPid: ReadonlyMap<number, RegionRow[]>;
  private readonly threadsByPid: ReadonlyMap<number, ThreadRow[]>;

  constructor(readonly snapshot: Snapshot) {
    const regions = new Map(snapshot.regions.map((row) => [row.id, row]));
    this.regionsById = regions;
    const threads = new Map(snapshot.threads.map((row) => [row.id, row]));
    const pairs = snapshot.pairs();
    pairs.faults.forEach((faults, k) => {
      const region = regions.get(pairs.regions[k]!);
      const thread = threads.get(pairs.threads[k]!);
      if (region === undefined || thread === undefined) return;
      push(this.byRegion, region.id, { row: thread, faults });
      push(this.byThread, thread.id, { row: region, faults });
    });
    this.regionsByPid = byPid(snapshot.regions);
    this.threadsByPid = byPid(snapshot.threads);
  }

  /** Of the code that hits it most often. */
  sitesOfRegion(row: RegionRow): Relation<SiteRow> {
    this.sitesByRegion ??= this.countSites();
    return relation(row, this.sitesByRegion.get(row.id) ?? []);
  }

  private countSites(): Map<number, Related<SiteRow>[]> {
    const found = new Map<number, Related<SiteRow>[]>();
    for (const site of this.snapshot.sites)
      for (const { id, faults } of this.snapshot.siteRegions(site.id))
        push(found, id, { row: site, faults });
    return found;
  }

  /** Of the regions that are hit most. */
  regionsOfSite(row: SiteRow): Relation<RegionRow> {
    const related = this.snapshot.siteRegions(row.id).flatMap(({ id, faults }) => {
      const region = this.regionsById.get(id);
      return region === undefined ? [] : [{ row: region, faults }];
    });
    return relation(row, related);
  }

  threadsOfRegion(row: RegionRow): Relation<ThreadRow> {
    return relation(row, this.byRegion.get(row.id) ?? []);
  }

  regionsOfThread(row: ThreadRow): Relation<RegionRow> {
    return relation(row, this.byThread.get(row.id) ?? []);
  }

  regionsOfProcess(row: ProcessRow): Relation<RegionRow> {
    // Of a row that several processes share nothing but the name is known.
    if (row.pid === 0) return relation<RegionRow>(row, []);
    const own = (this.regionsByPid.get(row.pid) ?? []).map(whole);
    const shared = (this.threadsByPid.get(row.pid) ?? []).flatMap((thread) =>
      (this.byThread.get(thread.id) ?? []).filter((related) => related.row.pid === 0),
    );
    return relation(row, [...own, ...shared]);
  }

  threadsOfProcess(row: ProcessRow): Relation<ThreadRow> {
    if (row.pid === 0) return relation<ThreadRow>(row, []);
    const own = (this.threadsByPid.get(row.pid) ?? []).map(whole);
    const shared = (this.regionsByPid.get(row.pid) ?? []).flatMap((region) =>
      (this.byRegion.get(region.id) ?? []).filter((related) => related.row.pid === 0),
    );
    return relation(row, [...own, ...shared]);
  }
}

function whole<Row extends StatRow>(row: Row): Related<Row> {
  return { row, faults: row.faults };
}

function relation<Row>(of: StatRow, rows: readonly Related<Row>[]): Relation<Row> {
  const known = rows.reduce((sum, { faults }) => sum + faults, 0);
  return { rows, unknown: Math.max(0, of.faults - known) };
}

function byPid<Row extends { readonly pid: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const found = new Map<number, Row[]>();
  for (const row of rows) if (row.pid !== 0) push(found, row.pid, row);
  return found;
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
