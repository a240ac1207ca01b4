import { AddressSpace } from './address-space';
import type { SlabPool } from '../stats/slab-pool';
import type { VmaMap } from '../vma/vma-map';

/** One live process. */
export class Process {
  private shown: AddressSpace;
  readonly tids = new Set<number>();
  alive = true;
  /** Its regions, threads and code have rows of their own (Details); otherwise all such processes share rows. */
  inDetail = true;
  /** For threads beyond the cap on live ones. */
  spare: Thread | null = null;
  /** Counts the programs it ran. */
  private images = 0;

  constructor(
    /** Unlike the pid never reused. */
    readonly serial: number,
    readonly pid: number,
    public ppid: number,
    /** Number in CommTable. */
    public comm: number,
    /** Slot in the process table. */
    readonly row: number,
    map: VmaMap,
    private readonly pagePool: SlabPool,
    /** As of its birth. */
    readonly ancestors: readonly number[] = [],
  ) {
    this.shown = new AddressSpace(this, this.images, map, pagePool);
  }

  /** Its own, or another's that it shares. */
  get space(): AddressSpace {
    return this.shown;
  }

  get map(): VmaMap {
    return this.shown.map;
  }

  /** It was made with the memory of another process, not with a copy of it. */
  shareSpace(other: Process): void {
    if (this.space === other.space) return;
    this.leaveSpace();
    this.shown = other.space;
    this.space.holders++;
  }

  /** A new image (exec), or the end: nothing of the address space remains. */
  clearSpace(): void {
    this.images++;
    if (this.space.holders === 1 && this.space.maker === this) {
      this.space.clear();
      this.space.image = this.images;
      return;
    }
    const map = this.map.another();
    this.leaveSpace();
    this.shown = new AddressSpace(this, this.images, map, this.pagePool);
  }

  private leaveSpace(): void {
    this.space.holders--;
    if (this.space.holders === 0) this.space.clear();
  }
}

/** One live thread. */
export class Thread {
  /** Slot in the thread table, -1 before its first fault. */
  row = -1;
  /** The same of its own row while it counts under a shared one; -1 where it has none. */
  ownRow = -1;
  /** Handle of the mapping of its last fault, -1 for none, good as long as the map's stamp is this one. */
  handle = -1;
  stamp = 0;
  /** VmaPool.clock when it was looked up. */
  lookedUp = 0;
  /** The same as handle and stamp, for the mapping of the instruction. */
  codeHandle = -1;
  codeStamp = 0;
  /** What that mapping shows, as long as the code table's era is this one. */
  codePlace = 0;
  codeEra = -1;
  /**
   * The program for which its thread-local variables were asked about, how often, and when next (TlsWatch); how often while
   * its faults waited (StartingThreads), and the batch with the last of those that may lie in them.
   */
  readonly tls = { image: -1, tries: 0, next: 0, again: 0, met: -1 };

  constructor(
    readonly tid: number,
    readonly process: Process,
    public comm: number,
  ) {}
}
