import { RegionKind } from '../classify/classes';
import { NO_REGION, setOf, slotOf } from '../regions/region-code';
import type { RegionTable } from '../regions/region-table';
import type { Tasks } from '../tasks/tasks';

/** Files that could not be looked at have been: their mappings are named anew when they fault. */
export function forgetUnsure(tasks: Tasks, regions: RegionTable): void {
  for (const process of tasks.live()) {
    if (!process.space.unsure) continue;
    process.space.unsure = false;
    process.map.eachRegion((handle, code) => {
      if (code <= NO_REGION) return;
      const kind = regions.rows.info(slotOf(code))?.kind;
      // Also what lies behind a file: it may be a .bss. Not the stacks of threads.
      if (kind === RegionKind.FILE || kind === RegionKind.ANON || kind === RegionKind.HEAP) {
        process.map.setRegion(handle, NO_REGION);
      }
    });
  }
}

/** 1 for every region row that something is mapped to now. */
export function mappedRegions(tasks: Tasks, regions: RegionTable): Uint8Array {
  const live = new Uint8Array(regions.rows.stats.limit);
  for (const { space } of tasks.live()) {
    const { map, sets, unknownRow } = space;
    if (unknownRow >= 0) live[unknownRow] = 1;
    // A program may map an ELF file of thousands of sections in as many pieces: each set once.
    const mapped = new Uint8Array(sets.length);
    map.eachRegion((_, code) => {
      if (code > NO_REGION) live[slotOf(code)] = 1;
      else mapped[setOf(code)] = 1;
    });
    for (let set = 0; set < mapped.length; set++) {
      if (mapped[set] === 0) continue;
      for (const row of sets[set]!.rows) if (row >= 0) live[row] = 1;
    }
  }
  return live;
}
