import { PageSet } from './pages';
import type { SectionSet } from './sections';
import type { SlabPool } from './slab-pool';
import type { VmaMap } from './vma-map';

/** One live process: its address space and what is cached about it. */
export class Process {
  /** Section sets; the map's entries refer to them by number (region-code.ts). */
  sets: SectionSet[] = [];
  readonly setNumbers = new Map<string, number>();
  readonly pages: PageSet;
  readonly tids = new Set<number>();
  /** Counts the programs it ran: rows of an image end with it. */
  image = 0;
  /** Session time (ns) of the maps snapshot; older records are not applied. */
  asOf = -Infinity;
  /** Records were lost: the map may be wrong until it is read again. */
  stale = false;
  alive = true;
  /** Region row of what lies in no mapping, -1 before the first such fault. */
  unknownRow = -1;
  /** For threads beyond the cap on live ones. */
  spare: Thread | null = null;

  constructor(
    /** Unlike the pid never reused. */
    readonly serial: number,
    readonly pid: number,
    public ppid: number,
    /** Number in CommTable. */
    public comm: number,
    /** Slot in the process table. */
    readonly row: number,
    public map: VmaMap,
    pagePool: SlabPool,
  ) {
    this.pages = new PageSet(pagePool);
  }

  /** Beginning of the keys of this image's region rows. */
  get keyPrefix(): string {
    return `${this.serial}.${this.image}`;
  }

  /** A new image (exec), or the end: nothing of the address space remains. */
  clearSpace(): void {
    this.map.clear();
    this.pages.clear();
    this.forgetSets();
    this.unknownRow = -1;
    this.image++;
  }

  forgetSets(): void {
    this.sets = [];
    this.setNumbers.clear();
    this.map.clearRegions();
  }
}

/** One live thread. */
export class Thread {
  /** Slot in the thread table, -1 before its first fault. */
  row = -1;

  constructor(
    readonly tid: number,
    readonly process: Process,
    public comm: number,
  ) {}
}
