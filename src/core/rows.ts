import { CAUSE_COUNT, CLASS_COUNT, CLASS_NAMES, FaultClass, KIND_NAMES } from './classes';
import { BUCKETS, bucketLow } from './histogram';
import type { Model } from './model';
import { NO_REGION, setOf, slotOf } from './region-code';
import type {
  LatencyHistogram,
  ProcessRow,
  RegionRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from './snapshot';
import type { StatTable } from './stat-table';

export interface SnapshotOptions {
  /** At most so many rows per table, those with the most faults; all without it. */
  readonly limit?: number;
}

const PAGE = 4096;
const QUANTILES = [0.5, 0.9, 0.99] as const;
const QUANTILES_FINE = [0.5, 0.9, 0.99, 0.999] as const;

/** Makes snapshots of a model. */
export class SnapshotBuilder {
  constructor(private readonly model: Model) {}

  build(now: number, elapsed: number, options: SnapshotOptions): Snapshot {
    const { model } = this;
    const limit = options.limit ?? Infinity;
    const threads = this.threads(elapsed, limit);
    return {
      now,
      elapsed,
      totals: statRow(model.counters.total, 0, elapsed),
      regions: this.regions(elapsed, limit),
      threads,
      processes: this.processes(elapsed, limit),
      latency: this.latency(),
      swapInUse: model.swapInUse,
      caps: this.caps(),
    };
  }

  private regions(elapsed: number, limit: number): RegionRow[] {
    const { regions } = this.model;
    const { stats } = regions.rows;
    const sizes = this.mappedBytes();
    return most(stats, limit).map((slot) => {
      const info = regions.rows.info(slot)!;
      return {
        ...statRow(stats, slot, elapsed),
        kind: KIND_NAMES[info.kind]!,
        label: info.label,
        path: info.path,
        section: info.section,
        permissions: info.permissions,
        pid: info.pid,
        comm: info.comm,
        size: sizes[slot]!,
        startPage: regions.startPage(slot),
        endPage: regions.endPage(slot),
      };
    });
  }

  /** Bytes mapped now, by region slot. Also widens the rows to what their mappings have grown to. */
  private mappedBytes(): Float64Array {
    const { regions, tasks } = this.model;
    const sizes = new Float64Array(regions.rows.stats.limit);
    for (const { map, sets, alive } of tasks.live()) {
      if (!alive) continue;
      for (let i = 0; i < map.length; i++) {
        const code = map.region(i);
        if (code === NO_REGION) continue;
        const vma = map.vma(i);
        const pages = vma.end - vma.start;
        if (code > NO_REGION) {
          const slot = slotOf(code);
          sizes[slot]! += pages * PAGE;
          regions.widen(slot, vma.start, vma.end);
          continue;
        }
        const set = sets[setOf(code)]!;
        const first = (set.byFile ? vma.pgoff : vma.start - set.origin) * PAGE;
        set.rows.forEach((slot, span) => {
          if (slot >= 0) sizes[slot]! += set.bytesWithin(span, first, pages);
        });
      }
    }
    return sizes;
  }

  private threads(elapsed: number, limit: number): ThreadRow[] {
    const { threads } = this.model.tasks;
    return most(threads.stats, limit).map((slot) => {
      const { tid, pid, comm, alive } = threads.info(slot)!;
      return { ...statRow(threads.stats, slot, elapsed), tid, pid, comm, alive };
    });
  }

  private processes(elapsed: number, limit: number): ProcessRow[] {
    const { processes, threads } = this.model.tasks;
    const worst = new Map<number, number>();
    for (let slot = 0; slot < threads.stats.limit; slot++) {
      const info = threads.info(slot);
      if (info === null || info.tid === 0) continue;
      const best = worst.get(info.serial);
      if (best === undefined || threads.stats.stallNs(slot) > threads.stats.stallNs(best)) {
        worst.set(info.serial, slot);
      }
    }
    return most(processes.stats, limit, (slot) => processes.info(slot)!.alive).map((slot) => {
      const info = processes.info(slot)!;
      const thread = worst.get(info.serial);
      return {
        ...statRow(processes.stats, slot, elapsed),
        pid: info.pid,
        ppid: info.ppid,
        comm: info.comm,
        alive: info.alive,
        threads: info.threads,
        worstThreadShare: thread === undefined ? 0 : share(threads.stats.stallNs(thread), elapsed),
        worstTid: thread === undefined ? 0 : threads.info(thread)!.tid,
      };
    });
  }

  private latency(): LatencyHistogram[] {
    return this.model.counters.latency.map((histogram, c) => {
      const [p50Ns, p90Ns, p99Ns, p999Ns] = histogram.quantiles(QUANTILES_FINE);
      const buckets = [];
      for (let b = 0; b < BUCKETS; b++) {
        const count = histogram.counts[b]!;
        if (count > 0) buckets.push({ lowNs: bucketLow(b), highNs: bucketLow(b + 1), count });
      }
      return {
        faultClass: CLASS_NAMES[c]!,
        count: histogram.count,
        totalNs: histogram.totalNs,
        maxNs: histogram.maxNs,
        p50Ns: p50Ns!,
        p90Ns: p90Ns!,
        p99Ns: p99Ns!,
        p999Ns: p999Ns!,
        buckets,
      };
    });
  }

  private caps(): string[] {
    const { regions, tasks, counters, limits, comms, pages, stats } = this.model;
    const caps: string[] = [];
    const folded = (name: string, cap: number): string =>
      `more than ${cap} ${name}: the oldest that are gone share rows`;
    if (regions.rows.folds) caps.push(folded('regions', limits.regions));
    if (tasks.threads.folds) caps.push(folded('threads', limits.threads));
    if (tasks.processes.folds) caps.push(folded('processes', limits.processes));
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
    if (comms.full) caps.push('too many thread names: the rest is called [others]');
    return caps;
  }
}

/** Slots with faults (or otherwise wanted), most faults first when there is a limit. */
function most(stats: StatTable, limit: number, wanted?: (slot: number) => boolean): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < stats.limit; slot++) {
    if (stats.id(slot) === 0) continue;
    if (stats.faults(slot) > 0 || wanted?.(slot) === true) slots.push(slot);
  }
  if (slots.length <= limit) return slots;
  return slots.sort((a, b) => stats.faults(b) - stats.faults(a)).slice(0, limit);
}

function share(ns: number, elapsed: number): number {
  return elapsed > 0 ? ns / elapsed : 0;
}

export function statRow(stats: StatTable, slot: number, elapsed: number): StatRow {
  const faults = stats.faults(slot);
  const byClass = new Array<number>(CLASS_COUNT);
  for (let c = 0; c < CLASS_COUNT; c++) byClass[c] = stats.byClass(slot, c);
  const byCause = new Array<number>(CAUSE_COUNT);
  for (let c = 0; c < CAUSE_COUNT; c++) byCause[c] = stats.byCause(slot, c);
  const uniquePages = stats.unique(slot);
  const [p50Ns, p90Ns, p99Ns] = stats.quantiles(slot, QUANTILES);
  const stallNs = stats.stallNs(slot);
  return {
    id: stats.id(slot),
    faults,
    byClass,
    byCause,
    uniquePages,
    refaults: faults - byClass[FaultClass.ERROR]! - uniquePages,
    stallNs,
    maxNs: stats.maxNs(slot),
    p50Ns: p50Ns!,
    p90Ns: p90Ns!,
    p99Ns: p99Ns!,
    stallShare: share(stallNs, elapsed),
    rate: stats.rate(slot),
    history: stats.history(slot),
    lastTime: stats.lastTime(slot),
  };
}
