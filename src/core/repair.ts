import type { ProcSource } from './ports';
import type { Process } from './process';
import type { Tasks } from './tasks';

const REMEMBERED = 256;
/** ns for which a page that was not mapped is not asked about again. */
const MEMORY_NS = 100e6;
/** Questions per batch: a storm over ever new unmapped addresses must not hold up the drain. */
const QUESTIONS_PER_BATCH = 2048;
/** Processes whose maps are read again per batch after a loss. */
const REREADS_PER_BATCH = 16;

/** Gaps in the maps: addresses nobody announced, and maps that a loss of records made doubtful. */
export class MapRepair {
  /** Pages known not to be mapped, by hash; serial and time tell whose and when. */
  private readonly pages = new Float64Array(REMEMBERED).fill(-1);
  private readonly serials = new Float64Array(REMEMBERED);
  private readonly times = new Float64Array(REMEMBERED);
  private left = QUESTIONS_PER_BATCH;
  private doubtful: Process[] = [];

  constructor(
    private readonly source: ProcSource,
    private readonly tasks: Tasks,
  ) {}

  beginBatch(): void {
    this.left = QUESTIONS_PER_BATCH;
    if (this.doubtful.length > 0) this.rereadDoubtful();
  }

  /** Records were lost: which, nobody knows, so every map is doubtful. */
  doubtAll(): void {
    this.doubtful = [...this.tasks.live()];
    for (const process of this.doubtful) process.stale = true;
    this.pages.fill(-1);
  }

  private rereadDoubtful(): void {
    const batch = this.doubtful.splice(0, REREADS_PER_BATCH);
    for (const process of batch) {
      if (!process.alive || !process.stale || this.tasks.reread(process)) continue;
      // Its exit may have been among what was lost; else the source does not want to be asked yet.
      if (this.source.hasEnded(process.pid)) this.tasks.endAll(process);
      else this.doubtful.push(process);
    }
  }

  /**
   * Handle of the mapping of a page that the map does not know, -1 when /proc does not either. A fault
   * that came to nothing (`failed`: SIGSEGV) is expected to have none: it costs one question for one
   * page, never the whole file.
   */
  find(process: Process, page: number, time: number, failed: boolean): number {
    const hash = (page ^ Math.imul(process.serial, 0x9e3779b1)) & (REMEMBERED - 1);
    if (
      this.pages[hash] === page &&
      this.serials[hash] === process.serial &&
      Math.abs(time - this.times[hash]!) < MEMORY_NS
    ) {
      return -1;
    }
    if (this.left <= 0 || process.pid === 0) return -1;
    this.left--;
    const handle = this.ask(process, page, failed);
    if (handle < 0) {
      this.pages[hash] = page;
      this.serials[hash] = process.serial;
      this.times[hash] = time;
    }
    return handle;
  }

  private ask(process: Process, page: number, failed: boolean): number {
    const { map, pid } = process;
    if (process.stale && this.tasks.reread(process)) {
      const handle = map.find(page);
      if (handle >= 0) return handle;
    }
    const vma = this.source.queryPage(pid, page);
    if (vma !== null) {
      map.fill(vma);
      return map.find(page);
    }
    if (failed) return -1;
    const maps = this.source.readMaps(pid);
    if (maps === null) return -1;
    for (const known of maps.vmas) map.fill(known);
    return map.find(page);
  }
}
