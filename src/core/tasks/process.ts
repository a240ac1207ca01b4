import { AddressSpace } from './address-space';
import type { GuardedRanges } from '../classify/guarded-ranges';
import type { PageSet } from '../stats/page-set';
import type { SectionSet } from '../elf/section-set';
import type { SlabPool } from '../stats/slab-pool';
import type { VmaMap } from '../vma/vma-map';

/** One live process. */
export class Process {
  /** Its own, or another's that it shares. */
  private space: AddressSpace;
  readonly tids = new Set<number>();
  alive = true;
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
  ) {
    this.space = new AddressSpace(this, this.images, map, pagePool);
  }

  get map(): VmaMap {
    return this.space.map;
  }
  get pages(): PageSet {
    return this.space.pages;
  }
  get sets(): SectionSet[] {
    return this.space.sets;
  }
  get setNumbers(): Map<string, number> {
    return this.space.setNumbers;
  }
  get keyPrefix(): string {
    return this.space.keyPrefix;
  }
  /** The process whose name its regions go by. */
  get spaceMaker(): AddressSpace['maker'] {
    return this.space.maker;
  }
  get asOf(): number {
    return this.space.asOf;
  }
  set asOf(time: number) {
    this.space.asOf = time;
  }
  get stale(): boolean {
    return this.space.stale;
  }
  set stale(stale: boolean) {
    this.space.stale = stale;
  }
  get unread(): boolean {
    return this.space.unread;
  }
  set unread(unread: boolean) {
    this.space.unread = unread;
  }
  get unsure(): boolean {
    return this.space.unsure;
  }
  set unsure(unsure: boolean) {
    this.space.unsure = unsure;
  }
  get unknownRow(): number {
    return this.space.unknownRow;
  }
  set unknownRow(row: number) {
    this.space.unknownRow = row;
  }

  get guards(): GuardedRanges | null {
    return this.space.guards;
  }
  set guards(guards: GuardedRanges | null) {
    this.space.guards = guards;
  }
  get suspicion(): number {
    return this.space.suspicion;
  }
  set suspicion(faults: number) {
    this.space.suspicion = faults;
  }

  /** It was made with the memory of another process, not with a copy of it. */
  shareSpace(other: Process): void {
    if (this.space === other.space) return;
    this.leaveSpace();
    this.space = other.space;
    this.space.holders++;
  }

  /** Pages start to end (exclusive) show something else, or nothing, since `time` (ns). */
  forgetPages(start: number, end: number, time: number): void {
    this.space.forgetPages(start, end, time);
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
    this.space = new AddressSpace(this, this.images, map, this.pagePool);
  }

  private leaveSpace(): void {
    this.space.holders--;
    if (this.space.holders === 0) this.space.clear();
  }

  forgetSets(): void {
    this.space.forgetSets();
  }
}

/** One live thread. */
export class Thread {
  /** Slot in the thread table, -1 before its first fault. */
  row = -1;
  /** Handle of the mapping of its last fault, -1 for none, good as long as the map's stamp is this one. */
  handle = -1;
  stamp = 0;
  /** VmaPool.clock when it was looked up. */
  lookedUp = 0;

  constructor(
    readonly tid: number,
    readonly process: Process,
    public comm: number,
  ) {}
}
