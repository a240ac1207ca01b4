import type { CauseFacts } from '../classify/cause-text';
import type { HugePageFacts } from '../facts/huge-pages';
import { Cause, CAUSE_NAMES } from '../classify/classes';
import { grouped } from '../text/format';
import { latencyHistogram } from './latency-histogram';
import type { ModelTables } from './model-tables';
import { pairRows, pairRowsOf } from './pair-rows';
import { regionsOfSites, sitesOfRows } from './site-pairs';
import { makerFrames, MakerTexts, stackRows, stacksOfSites } from './stack-rows';
import { NO_REGION, setOf, slotOf } from '../regions/region-code';
import type {
  LatencyHistogram,
  PairedRow,
  PairRows,
  ProcessRow,
  RegionRow,
  Served,
  SiteRow,
  Snapshot,
  StackRow,
  StatRow,
  ThreadRow,
} from './snapshot';
import { FOLDED_CAP, Stands } from '../stats/row-table';
import type { RowTable } from '../stats/row-table';
import { ProcessStats, RegionStats, share, SiteStats, ThreadStats } from './rows';
import { RowPool } from './row-pool';
import { TotalStats } from './total-stats';
import { Cell } from '../stats/cells';
import { NOT_IN_DETAIL } from '../stats/limits';
import type { TimeGrid } from '../stats/over-time';

export interface SnapshotOptions {
  /** At most so many rows per table, those with the most faults; all without it. */
  readonly limit?: number;
  /**
   * Fills the rows of the last snapshot that was made with it: that one is over. For whoever takes one
   * after the other and shows only the last.
   */
  readonly reuse?: boolean;
}

const PAGE = 4096;

/** Makes snapshots of a model. */
export class SnapshotBuilder {
  /** Those that are filled again. */
  private readonly pools: Pools;
  /** That of buildProcesses(): a snapshot at hand keeps its own. */
  private readonly loneRows: RowPool<ProcessStats>;
  /** Of the regions of the last snapshot of `pools`. */
  private sizes: Float64Array = new Float64Array();
  private makersVersion = 0;
  /** The same in every snapshot. */
  private readonly stacks = (): StackRow[] => stackRows(this.model);

  private readonly mappedBy = (id: number): readonly string[] =>
    makerFrames(this.model, this.model.regions.rows.stats.slotOf(id));

  private readonly hugePages = (id: number): HugePageFacts | null =>
    this.model.hugePages.factsOf(id);

  private readonly server = (id: number, of: Served): string => {
    const { servers, regions } = this.model;
    const info = regions.rows.info(regions.rows.stats.slotOf(id));
    if (servers === null || info === null) return '';
    return of === 'file' ? servers.ofDevice(info.device) : servers.ofUserfaultfd(info.pid);
  };

  private readonly makers: MakerTexts;

  constructor(private readonly model: ModelTables) {
    this.makers = new MakerTexts(model);
    this.pools = poolsOf(model);
    this.loneRows = poolsOf(model).processes;
  }

  build(now: number, elapsed: number, options: SnapshotOptions): Snapshot {
    const { limit = Infinity, reuse = false } = options;
    // Whoever keeps a snapshot has rows of his own.
    const pools = reuse ? this.pools : poolsOf(this.model);
    return {
      now,
      since: now - elapsed,
      elapsed,
      totals: new TotalStats(this.model.counters.total, elapsed),
      regions: most(this.regions(elapsed, pools.regions), limit),
      threads: most(this.threads(elapsed, pools.threads), limit),
      processes: most(this.processes(elapsed, pools.processes), limit),
      sites: most(this.sites(elapsed, pools.sites), limit),
      changes: limit === Infinity ? changesOf(pools) : {},
      latency: this.latency(),
      causeLatency: CAUSE_NAMES.map((_, cause) => this.model.counters.total.percentilesOf(cause)),
      latencyOverTime: this.latencyOverTime(),
      pairs: this.pairs(),
      siteRegions: this.siteRegions(),
      rowSites: this.rowSites(),
      stacks: this.stacks,
      siteStacks: this.siteStacks(),
      mappedBy: this.mappedBy,
      hugePages: this.hugePages,
      server: this.server,
      causeFacts: this.causeFacts(),
      caps: this.caps(),
    };
  }

  /** The whole and the processes alone: for whoever looks at nothing else, and often. The rows are those of the last time. */
  buildProcesses(elapsed: number): Pick<Snapshot, 'totals' | 'processes'> {
    return {
      totals: new TotalStats(this.model.counters.total, elapsed),
      processes: this.processes(elapsed, this.loneRows),
    };
  }

  private causeFacts(): CauseFacts {
    const { system, answerer, busReasons, counters, pages } = this.model;
    const reads = counters.total.get(Cell.byCause + Cause.FILE_READ);
    // Where pages were not entered for want of room nobody can tell which had been there.
    const known = reads > 0 && pages.used > 0 && pages.used < pages.cap;
    return {
      ...system,
      answerer,
      busReasons,
      rereadShare: known ? counters.total.rereads / reads || 0 : 0,
    };
  }

  private regions(elapsed: number, pool: RowPool<RegionStats>): RegionRow[] {
    const { regions } = this.model;
    const { stats } = regions.rows;
    const sizes = this.mappedBytes();
    const renamed = this.makersVersion !== this.makers.version;
    if (pool === this.pools.regions) {
      const before = this.sizes;
      for (let slot = 0; slot < sizes.length; slot++) {
        if (sizes[slot] !== before[slot]) stats.revise(slot);
      }
      this.sizes = sizes;
      this.makersVersion = this.makers.version;
    }
    return pool.next(elapsed, {
      shown: (slot) => stats.inUse(slot),
      fill: (row, slot) => {
        const sumsUp = this.sumsUp(regions.rows, slot, 'regions');
        row.fill(slot, regions, sizes[slot]!, this.makers.text(slot), sumsUp);
      },
      revised: !renamed,
    });
  }

  /** Bytes mapped now, by region slot. Also widens the rows to what their mappings have grown to. */
  private mappedBytes(): Float64Array {
    const { regions, tasks } = this.model;
    const sizes = new Float64Array(regions.rows.stats.limit);
    for (const { space, alive } of tasks.live()) {
      const { map, sets } = space;
      if (!alive) continue;
      map.eachRegion((handle, code) => {
        const start = map.startOf(handle);
        const end = map.endOf(handle);
        if (code > NO_REGION) {
          const slot = slotOf(code);
          sizes[slot]! += (end - start) * PAGE;
          regions.widen(slot, start, end);
          return;
        }
        const set = sets[setOf(code)]!;
        const first = (set.byFile ? map.pgoffOf(handle) : start - set.origin) * PAGE;
        set.eachRowWithin(first, end - start, (slot, bytes) => {
          sizes[slot]! += bytes;
        });
      });
    }
    return sizes;
  }

  private threads(elapsed: number, pool: RowPool<ThreadStats>): ThreadRow[] {
    const { threads } = this.model.tasks;
    return pool.next(elapsed, {
      shown: (slot) => threads.stats.inUse(slot),
      fill: (row, slot) => {
        const sumsUp = this.sumsUp(threads, slot, 'threads');
        row.fill(threads.info(slot)!, threads.members(slot), sumsUp);
      },
    });
  }

  private processes(elapsed: number, pool: RowPool<ProcessStats>): ProcessRow[] {
    const { processes, threads } = this.model.tasks;
    const worst = new Map<number, number>();
    for (let slot = 0; slot < threads.stats.limit; slot++) {
      const info = threads.info(slot);
      if (info === null || info.tid === 0) continue;
      const best = worst.get(info.serial);
      if (
        best === undefined ||
        threads.stats.get(slot, Cell.stallNs) > threads.stats.get(best, Cell.stallNs)
      ) {
        worst.set(info.serial, slot);
      }
    }
    return pool.next(elapsed, {
      shown: (slot) => processes.stats.inUse(slot) || processes.info(slot)!.alive,
      fill: (row, slot) => {
        const info = processes.info(slot)!;
        const sumsUp = this.sumsUp(processes, slot, 'processes');
        const thread = worst.get(info.serial);
        const waited =
          thread === undefined ? 0 : share(threads.stats.get(thread, Cell.stallNs), elapsed);
        const tid = thread === undefined ? 0 : threads.info(thread)!.tid;
        row.fill(info, processes.members(slot), sumsUp, waited, tid);
      },
    });
  }

  private sites(elapsed: number, pool: RowPool<SiteStats> | null): SiteRow[] {
    const { sites, limits } = this.model;
    if (sites === null || pool === null) return [];
    const { rows } = sites;
    return pool.next(elapsed, {
      shown: (slot) => rows.stats.inUse(slot),
      fill: (row, slot) => {
        const { object } = rows.info(slot)!;
        const why =
          object === NOT_IN_DETAIL
            ? 'code of processes that are not kept in detail'
            : rows.stands(slot)
              ? `code of this object, the oldest first: more than ${limits.sites} places`
              : '';
        row.fill(rows.info(slot)!, rows.members(slot), why);
      },
      revised: true,
    });
  }

  /** Why a row stands for several, in words; '' where it does not. */
  private sumsUp<Info extends { readonly pid: number; readonly alive?: boolean }>(
    table: RowTable<Info>,
    slot: number,
    what: 'regions' | 'threads' | 'processes',
  ): string {
    const { limits } = this.model;
    switch (table.standing(slot)) {
      case Stands.ENDED:
        return `older ${what} of this name that have ended`;
      case Stands.CROWDED:
        return `${what} of this name, the oldest that are gone first: more than ${limits[what]}`;
      case Stands.REST:
        return `${what} of processes that are not kept in detail: those that are opened, or stall most, are`;
      case Stands.OTHERS:
        return `${what} beyond a cap: more than ${limits[what]}, of more than ${FOLDED_CAP} names`;
    }
    const { tid, pid, alive } = table.info(slot)! as Info & { readonly tid?: number };
    if (alive !== true) return '';
    if (pid === 0) return `processes beyond a cap: more than ${limits.spaces} live ones`;
    return tid === 0 ? `threads beyond a cap: more than ${limits.liveThreads} live ones` : '';
  }

  private latency(): LatencyHistogram[] {
    return this.model.counters.total.latency.map(({ counts, count, totalNs, maxNs }, cls) =>
      latencyHistogram(cls, counts, count, totalNs, maxNs),
    );
  }

  private siteRegions(): Snapshot['siteRegions'] {
    let made: ReadonlyMap<number, readonly PairedRow[]> | null = null;
    return (id) => (made ??= regionsOfSites(this.model)).get(id) ?? [];
  }

  private rowSites(): Snapshot['rowSites'] {
    const made = new Map<string, ReturnType<typeof sitesOfRows>>();
    return (table, id) => {
      const known = made.get(table) ?? sitesOfRows(this.model, table);
      made.set(table, known);
      return known.get(id) ?? [];
    };
  }

  private siteStacks(): Snapshot['siteStacks'] {
    let made: Snapshot['siteStacks'] | null = null;
    return (id) => (made ??= stacksOfSites(this.model))(id);
  }

  private latencyOverTime(): () => TimeGrid {
    let made: TimeGrid | null = null;
    return () =>
      (made ??= this.model.counters.overTime?.latency() ?? { times: [], columns: [], count: 0 });
  }

  private pairs(): Snapshot['pairs'] {
    let made: PairRows | null = null;
    return (region) =>
      made === null && region !== undefined
        ? pairRowsOf(this.model, region)
        : (made ??= pairRows(this.model));
  }

  private caps(): string[] {
    const { regions, tasks, counters, limits, comms, pages, stats, spaces } = this.model;
    const caps: string[] = [];
    const folded = (name: string, cap: number): string =>
      `more than ${cap} ${name}: the oldest that are gone share rows`;
    if (regions.rows.capped) caps.push(folded('regions', limits.regions));
    if (tasks.threads.capped) caps.push(folded('threads', limits.threads));
    if (tasks.processes.capped) caps.push(folded('processes', limits.processes));
    if (this.model.sites?.rows.capped === true) caps.push(folded('call sites', limits.sites));
    if (this.model.stacks?.capped === true) {
      caps.push('too many call stacks: those met last are called [others]');
    }
    if (this.model.makersCapped) {
      caps.push('too many mappings in one process: of those made last nobody knows who made them');
    }
    const lost = this.model.stacks?.lost ?? 0;
    if (lost > 0)
      caps.push(
        `${grouped(lost)} call stacks could not be unwound: no stack stands for their faults`,
      );
    if (tasks.crowded) {
      caps.push(
        `more than ${limits.spaces} live processes or ${limits.liveThreads} live threads: the rest is not told apart`,
      );
    }
    if (pages.used >= pages.cap) caps.push('too many pages: unique pages are a lower bound');
    if (stats.used >= stats.cap) {
      caps.push('too many histograms: percentiles of some rows rest on part of their faults');
    }
    if (counters.pairs.incomplete)
      caps.push('too many threads per region: shares by thread are incomplete');
    const { sites } = this.model;
    if (sites !== null && Object.values(sites.pairs).some(({ incomplete }) => incomplete))
      caps.push(
        'too many places of code per region, thread or process: shares by code are incomplete',
      );
    if (comms.full) caps.push('too many thread names: the rest is called [others]');
    if (spaces.forgotten > 0) {
      caps.push(
        'too many mappings: those not used for longest were forgotten, and read again where they faulted',
      );
    }
    return caps;
  }
}

/** The rows of one picture after the other. */
interface Pools {
  readonly regions: RowPool<RegionStats>;
  readonly threads: RowPool<ThreadStats>;
  readonly processes: RowPool<ProcessStats>;
  /** null where nobody asked for the code. */
  readonly sites: RowPool<SiteStats> | null;
}

function poolsOf({ regions, tasks, sites }: ModelTables): Pools {
  return {
    regions: new RowPool(regions.rows.stats, (of, slot) => new RegionStats(of, slot)),
    threads: new RowPool(tasks.threads.stats, (of, slot) => new ThreadStats(of, slot)),
    processes: new RowPool(tasks.processes.stats, (of, slot) => new ProcessStats(of, slot)),
    sites:
      sites === null ? null : new RowPool(sites.rows.stats, (of, slot) => new SiteStats(of, slot)),
  };
}

function changesOf({ regions, threads, processes, sites }: Pools): Snapshot['changes'] {
  return {
    regions: regions.change,
    threads: threads.change,
    processes: processes.change,
    ...(sites === null ? {} : { sites: sites.change }),
  };
}

/** Those with the most faults where there are more than the limit. */
function most<Row extends StatRow>(rows: Row[], limit: number): Row[] {
  if (rows.length <= limit) return rows;
  return rows.sort((a, b) => b.faults - a.faults).slice(0, limit);
}
