import type { ModelTables } from './model-tables';
import { makerFrames } from './stack-rows';
import { sitesOfRegion } from './site-pairs';
import type { PairedRow } from './snapshot';
import type { PlacesOverTime } from '../stats/over-time';

/** Threads named in a region's detail. */
const TOP_THREADS = 16;

/** What the drill-down into one region shows beyond its row. */
export interface RegionDetail {
  readonly id: number;
  /** Where its faults fall; null when nothing was counted since the counters were zeroed. */
  readonly heat: {
    /** Pages of the file, or of the address space. */
    readonly byFile: boolean;
    /** Bin i covers pages start + i * width to start + (i + 1) * width (exclusive); 4 KiB units. */
    readonly start: number;
    readonly width: number;
    readonly bins: readonly number[];
  } | null;
  /** The same from refresh to refresh; null where there is none. */
  readonly overTime: PlacesOverTime | null;
  /** Most faults first. tid 0 stands for several threads that are gone. */
  readonly threads: readonly {
    readonly tid: number;
    readonly pid: number;
    readonly comm: string;
    readonly faults: number;
  }[];
  /** The call stack that mapped most of it, root first; empty where none was seen. */
  readonly mappedBy: readonly string[];
  /** The code that causes its faults, most faults first. */
  readonly sites: readonly PairedRow[];
}

/** null when no row has this id (any more). Causes and classes are in the row itself. */
export function regionDetail(model: ModelTables, id: number): RegionDetail | null {
  const { rows, heat } = model.regions;
  const slot = rows.stats.slotOf(id);
  const info = rows.info(slot);
  if (info === null) return null;
  const bins = heat.read(slot);
  const threads = model.tasks.threads;
  return {
    id,
    heat: bins === null ? null : { byFile: info.byFile, ...bins },
    overTime: bins === null ? null : (model.counters.overTime?.places(id) ?? null),
    threads: model.counters.pairs
      .rightOf(slot, TOP_THREADS, threads.stats.limit)
      .map(({ slot: thread, faults }) => {
        const { tid, pid, comm } = threads.info(thread)!;
        return { tid, pid, comm, faults };
      }),
    mappedBy: makerFrames(model, slot),
    sites: sitesOfRegion(model, slot),
  };
}
