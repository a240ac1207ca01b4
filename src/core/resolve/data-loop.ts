import { meet, PlaceKind } from '../code/address';
import { CodeTable } from '../code/code-table';
import type { RegionTable } from '../regions/region-table';
import type { Tasks } from '../tasks/tasks';
import { Prot } from '../vma/vma';
import type { Vma } from '../vma/vma';
import type { Batch } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import type { FileEras } from './code-loop';

const PAGE = 4096;
const WORD = 2 ** 32;
/** In place of a place's number: no symbol can be there. */
const NOWHERE = -1;

/**
 * Finds what of a program's data lies at the address of each fault: in sections that are not code, by
 * the offset in the file. That of a .bss is the one it would have, were the file longer.
 */
export class DataLoop {
  readonly codes = new CodeTable();
  /** Numbers of places by the slot of the region, good for one epoch of the regions and one era of the table. */
  private places: number[] = [];
  private epoch = -1;
  private era = -1;
  private changes = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
    private readonly columns: Pick<FaultColumns, 'heatPage'>,
    private readonly files: FileEras,
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
      if (place === NOWHERE) {
        resolved.data[i] = CodeTable.NONE;
        continue;
      }
      const offset = heatPage[i]! * PAGE + (batch.addrLo[i]! % PAGE);
      resolved.data[i] = codes.intern(place, Math.floor(offset / WORD), offset % WORD);
    }
  }

  /** Between batches: no more is kept than there is room for. */
  makeRoom(): void {
    if (this.codes.crowded) this.codes.clear();
  }

  private placeOf(slot: number, batch: Batch, i: number): number {
    const info = this.regions.rows.info(slot);
    if (info === null || info.section === '' || this.regions.rows.stands(slot)) return NOWHERE;
    const vma = this.fileAt(batch, i);
    if (vma === null || (vma.prot & Prot.EXEC) !== 0) return NOWHERE;
    const { name, devMajor, devMinor, ino } = vma.backing;
    const era = this.files.fileEra(vma.backing);
    const key = `${devMajor}:${devMinor}:${ino}:${era}:${name} ${vma.prot}`;
    const pid = batch.pid[i]!;
    const known = this.codes.placeNumber(key);
    if (known >= 0) {
      meet(this.codes.place(known), pid, vma);
      return known;
    }
    return this.codes.addPlace({
      kind: PlaceKind.DATA,
      object: info.label,
      path: info.path,
      key,
      pid,
      vma,
    });
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
