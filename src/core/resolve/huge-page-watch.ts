import { Cause, RegionKind } from '../classify/classes';
import type { HugePageFacts } from '../facts/huge-pages';
import type { HugePageSource, Reached } from '../ports';
import { NO_REGION, slotOf } from '../regions/region-code';
import type { RegionTable } from '../regions/region-table';
import { Cell } from '../stats/cells';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';

/** Between two looks at the rows, ns. */
const PERIOD_NS = 1e9;
/** So many first touches since the last answer make a region worth another question: two huge pages. */
const MANY = 1024;
/** Regions that something is known of. */
const KNOWN_CAP = 64;

interface Known {
  /** Its first touches when it was asked about. */
  readonly faults: number;
  readonly facts: HugePageFacts | null;
}

/**
 * Learns whether memory that is touched for the first time could be in huge pages. Only smaps says it, which is dear
 * to read: one region a second at most, the one with the most new first touches.
 */
export class HugePageWatch {
  /** By the id of the row, the one asked about last at the end. */
  private readonly known = new Map<number, Known>();
  private lookedAt = -Infinity;

  /** Without a source nothing is known of any. */
  constructor(
    private readonly source: HugePageSource | null,
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
  ) {}

  /** What is known of a row, null where nothing is. */
  factsOf(id: number): HugePageFacts | null {
    return this.known.get(id)?.facts ?? null;
  }

  /** Takes over what has come, and asks where it is time to; between batches. */
  look(now: number, reached: Reached): void {
    const { source } = this;
    if (source === null) return;
    for (const { ticket, pid, space, facts } of source.takeHugePages(reached)) {
      const known = this.known.get(ticket);
      // Another program by now, or another process.
      if (known === undefined || this.tasks.process(pid)?.space.keyPrefix !== space) continue;
      this.known.set(ticket, { ...known, facts });
    }
    if (now - this.lookedAt < PERIOD_NS) return;
    this.lookedAt = now;
    this.ask(source);
  }

  private ask(source: HugePageSource): void {
    const { stats } = this.regions.rows;
    let most = MANY - 1;
    let found = -1;
    for (let slot = 0; slot < stats.limit; slot++) {
      const info = this.regions.rows.info(slot);
      if (info === null || info.pid === 0) continue;
      if (info.kind !== RegionKind.ANON && info.kind !== RegionKind.HEAP) continue;
      const fresh = this.touches(slot) - (this.known.get(stats.id(slot))?.faults ?? 0);
      if (fresh <= most) continue;
      most = fresh;
      found = slot;
    }
    if (found >= 0) this.askAbout(source, found);
  }

  private askAbout(source: HugePageSource, slot: number): void {
    const { pid } = this.regions.rows.info(slot)!;
    const process = this.tasks.process(pid);
    const id = this.regions.rows.stats.id(slot);
    if (process?.alive === true) {
      const page = largestMapping(process, slot);
      const question = { ticket: id, pid, space: process.space.keyPrefix, page };
      // Not now: at the next look it is still the one with the most.
      if (page >= 0 && !source.askHugePages(question)) return;
    }
    const before = this.known.get(id);
    this.known.delete(id);
    this.known.set(id, { facts: before?.facts ?? null, faults: this.touches(slot) });
    if (this.known.size > KNOWN_CAP) this.known.delete(this.known.keys().next().value!);
  }

  private touches(slot: number): number {
    return this.regions.rows.stats.get(slot, Cell.byCause + Cause.DEMAND_ZERO);
  }

  /** The counters were set to zero: what is known stays. */
  zero(): void {
    for (const [id, known] of this.known) this.known.set(id, { ...known, faults: 0 });
  }
}

/** The first page of the largest mapping that is of the row now, -1 where none is. */
function largestMapping({ map }: Process, slot: number): number {
  let most = 0;
  let first = -1;
  map.eachRegion((handle, code) => {
    if (code <= NO_REGION || slotOf(code) !== slot) return;
    const pages = map.endOf(handle) - map.startOf(handle);
    if (pages <= most) return;
    most = pages;
    first = map.startOf(handle);
  });
  return first;
}
