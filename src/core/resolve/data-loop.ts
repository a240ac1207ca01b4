import { meet, PlaceKind } from '../code/address';
import { CodeTable } from '../code/code-table';
import { RegionKind } from '../classify/classes';
import { regionNature } from '../regions/region-label';
import type { RegionTable } from '../regions/region-table';
import type { Tasks } from '../tasks/tasks';
import { FileStore } from '../vma/file-store';
import { Prot } from '../vma/vma';
import type { Vma } from '../vma/vma';
import type { Batch } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import type { FileEras } from './code-loop';
import type { TlsWatch } from './tls-watch';

const PAGE = 4096;
const WORD = 2 ** 32;
/**
 * In place of a place's number: no symbol can be there, or a thread-local one alone. The first thread has none on its stack:
 * that it faults there is no reason to ask where it has them.
 */
const NOWHERE = -1;
const ANONYMOUS = -2;
const FIRST_STACK = -3;

const MAY_HOLD_TLS: ReadonlySet<number> = new Set([
  RegionKind.ANON,
  RegionKind.HEAP,
  RegionKind.STACK,
]);

/**
 * Finds what of a program's data lies at the address of each fault: in sections that are not code, by
 * the offset in the file. That of a .bss is the one it would have, were the file longer. In the memory of threads, where
 * the thread-local variables of the program are.
 */
export class DataLoop {
  readonly codes = new CodeTable();
  /** Numbers of places by the slot of the region, good for one epoch of the regions and one era of the table. */
  private places: number[] = [];
  private epoch = -1;
  private era = -1;
  private changes = 0;
  /** The batch has faults in memory that thread-local variables may be in. */
  private anonymous = false;

  constructor(
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
    private readonly columns: Pick<FaultColumns, 'heatPage'>,
    private readonly files: FileEras,
    /** null: nobody knows where those are. */
    private readonly tls: TlsWatch | null,
  ) {}

  /** Faults from (inclusive) to (exclusive), between two records; their regions are known already. */
  run(batch: Batch, resolved: Resolved, from: number, to: number): void {
    const { codes, regions } = this;
    const { heatPage } = this.columns;
    const changes = this.files.fileChanges;
    if (this.epoch !== regions.epoch || this.era !== codes.era || this.changes !== changes) {
      this.changes = changes;
      this.places = [];
      this.epoch = regions.epoch;
      this.era = codes.era;
    }
    for (let i = from; i < to; i++) {
      const slot = resolved.region[i]!;
      const place = (this.places[slot] ??= this.placeOf(slot, batch, i));
      if (place < 0) {
        resolved.data[i] = CodeTable.NONE;
        if (place === ANONYMOUS) this.meet(batch, i);
        continue;
      }
      const offset = heatPage[i]! * PAGE + (batch.addrLo[i]! % PAGE);
      resolved.data[i] = codes.intern(place, Math.floor(offset / WORD), offset % WORD);
    }
  }

  private meet(batch: Batch, i: number): void {
    const thread = this.tasks.thread(batch.pid[i]!, batch.tid[i]!);
    if (thread === null) return;
    this.anonymous = true;
    this.tls?.met(thread, batch.time[i]!);
  }

  /**
   * All faults of the batch are resolved: finds the thread-local variables among what they hit. False where it is on
   * its way where those are: to be called again.
   */
  settle(batch: Batch, resolved: Resolved): boolean {
    const { tls } = this;
    if (tls === null) return true;
    tls.update();
    if (this.anonymous && tls.expecting) return false;
    if (this.anonymous) this.findLocal(batch, resolved);
    if (this.anonymous && tls.askForNew()) return false;
    this.anonymous = false;
    tls.endBatch();
    return true;
  }

  private findLocal(batch: Batch, resolved: Resolved): void {
    for (let i = 0; i < batch.faults; i++) {
      const slot = resolved.region[i]!;
      // Asked anew: a record of the batch may have changed what slots stand for.
      const place = (this.places[slot] ??= this.placeOf(slot, batch, i));
      if (place === ANONYMOUS || place === FIRST_STACK) resolved.data[i] = this.local(batch, i);
    }
  }

  private local(batch: Batch, i: number): number {
    const page = batch.page(i);
    const process = this.tasks.process(batch.pid[i]!);
    const block = process?.space.tls.at(page);
    if (block === undefined) {
      if (process) this.tls?.missed(process, page);
      return CodeTable.NONE;
    }
    if (block.before?.held(page, batch.time[i]!) === false) return CodeTable.NONE;
    const offset = batch.addrHi[i]! * WORD + batch.addrLo[i]! - block.from;
    if (offset < 0 || offset >= block.size) return CodeTable.NONE;
    const place = this.placeIn(block.program, PlaceKind.TLS, 'tls ', batch.pid[i]!);
    return this.codes.intern(place, Math.floor(offset / WORD), offset % WORD);
  }

  /** Between batches: no more is kept than there is room for. */
  makeRoom(): void {
    if (this.codes.crowded) this.codes.clear();
  }

  private placeOf(slot: number, batch: Batch, i: number): number {
    const info = this.regions.rows.info(slot);
    if (info === null || this.regions.rows.stands(slot)) return NOWHERE;
    if (info.section === '') {
      if (info.kind === RegionKind.STACK && info.label === '[stack]') return FIRST_STACK;
      return MAY_HOLD_TLS.has(info.kind) ? ANONYMOUS : NOWHERE;
    }
    const vma = this.fileAt(batch, i);
    if (vma === null || (vma.prot & Prot.EXEC) !== 0) return NOWHERE;
    return this.placeIn(vma, PlaceKind.DATA, `${vma.prot} `, batch.pid[i]!);
  }

  private placeIn(vma: Vma, kind: number, prefix: string, pid: number): number {
    const process = this.tasks.process(pid) ?? { pid, ancestors: [] };
    const { name, devMajor, devMinor, ino } = vma.backing;
    const era = this.files.fileEra(vma.backing);
    const key = `${prefix}${devMajor}:${devMinor}:${ino}:${era}:${name}`;
    const known = this.codes.placeNumber(key);
    if (known >= 0) {
      meet(this.codes.place(known), process, vma);
      return known;
    }
    const { label, path } = regionNature(vma, FileStore.UNKNOWN);
    const { ancestors } = process;
    return this.codes.addPlace({ kind, object: label, path, era, key, pid, vma, ancestors });
  }

  /** The file mapping of a fault's page, or the one that a .bss lies behind. */
  private fileAt(batch: Batch, i: number): Vma | null {
    const map = this.tasks.process(batch.pid[i]!)?.map;
    const handle = map?.find(batch.page(i)) ?? -1;
    if (map === undefined || handle < 0) return null;
    const vma = map.vma(handle);
    if (vma.backing.ino !== '0') return vma;
    const below = map.previous(handle);
    return below < 0 ? null : map.vma(below);
  }
}
