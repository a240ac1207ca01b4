import { PENDING, UNKNOWN } from '../ports';
import type { ProcSource } from '../ports';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';

const REMEMBERED = 256;
/** ns for which a page that was not mapped is not asked about again. */
const MEMORY_NS = 100e6;
/** Questions per batch: a storm over ever new unmapped addresses must not hold up the drain. */
const QUESTIONS_PER_BATCH = 2048;
/** Processes whose maps are read again per batch after a loss. */
const REREADS_PER_BATCH = 16;

/** In place of a handle: the answer is on its way (PENDING). */
export const WAIT = -2;

/** Gaps in the maps: addresses nobody announced, and maps that a loss of records made doubtful. */
export class MapRepair {
  /** Pages known not to be mapped, by hash; serial and time tell whose and when. */
  private readonly pages = new Float64Array(REMEMBERED).fill(-1);
  private readonly serials = new Float64Array(REMEMBERED);
  private readonly times = new Float64Array(REMEMBERED);
  private left = QUESTIONS_PER_BATCH;
  private rereads = 0;
  private doubtful: Process[] = [];
  /** The page that could not be asked about by itself: its process' maps are on their way. */
  private wholePage = -1;
  private wholeSerial = -1;

  constructor(
    private readonly source: ProcSource,
    private readonly tasks: Tasks,
  ) {}

  beginBatch(): void {
    this.left = QUESTIONS_PER_BATCH;
    this.rereads = Math.min(REREADS_PER_BATCH, this.doubtful.length);
  }

  /** Records were lost: which, nobody knows, so every map is doubtful. */
  doubtAll(): void {
    this.doubtful = [];
    for (const process of this.tasks.live()) {
      const { space, inDetail } = process;
      if (this.tasks.admission !== null && (!inDetail || space.unread)) {
        space.unlearn();
        continue;
      }
      space.stale = true;
      this.doubtful.push(process);
    }
    this.pages.fill(-1);
  }

  /** Reads some doubtful maps again. False: to be called again when the answer is there. */
  rereadDoubtful(): boolean {
    for (; this.rereads > 0; this.rereads--) {
      const process = this.doubtful[0];
      if (process === undefined) return true;
      if (process.alive && process.space.stale) {
        const read = this.tasks.reread(process);
        if (read === PENDING) return false;
        // Its exit may have been among what was lost; else the source does not want to be asked yet.
        if (!read) {
          if (this.source.hasEnded(process.pid)) this.tasks.endAll(process);
          else this.doubtful.push(process);
        }
      }
      this.doubtful.shift();
    }
    return true;
  }

  /**
   * Handle of the mapping of a page that the map does not know, -1 when /proc does not either, WAIT. A
   * fault that came to nothing (`failed`: SIGSEGV) is expected to have none: it costs one question for
   * one page, never the whole file.
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
    if (this.left <= 0 || process.pid === 0 || this.isBeyondAsking(process)) return -1;
    const handle = this.ask(process, page, failed);
    if (handle === WAIT) return WAIT;
    this.left--;
    if (handle < 0) {
      this.pages[hash] = page;
      this.serials[hash] = process.serial;
      this.times[hash] = time;
    }
    return handle;
  }

  /** It has ended: what no record told of its address space nobody tells any more. */
  private isBeyondAsking({ pid, space }: Process): boolean {
    if (space.refused) return true;
    if (!this.source.hasEnded(pid)) return false;
    // Who shares it may live.
    if (space.holders === 1) space.refused = true;
    return true;
  }

  private ask(process: Process, page: number, failed: boolean): number {
    const { map, pid } = process;
    if (process.space.stale) {
      const read = this.tasks.reread(process);
      if (read === PENDING) return WAIT;
      const handle = read ? map.find(page) : -1;
      if (handle >= 0) return handle;
    }
    if (this.wholePage !== page || this.wholeSerial !== process.serial) {
      const vma = this.source.queryPage(pid, page);
      if (vma === PENDING) return WAIT;
      if (vma !== null && vma !== UNKNOWN) {
        map.fill(vma);
        return map.find(page);
      }
      if (failed || vma === null) return -1;
      this.wholePage = page;
      this.wholeSerial = process.serial;
    }
    const maps = this.source.readMaps(pid);
    if (maps === PENDING) return WAIT;
    this.wholePage = -1;
    if (maps === null || maps === UNKNOWN) return -1;
    for (const known of maps.vmas) map.fill(known);
    return map.find(page);
  }
}
