import { Cause, FaultClass } from '../classify/classes';
import { CodeTable } from '../code/code-table';
import type { AddressSpace } from '../tasks/address-space';
import { Batch, FAULT_CAPACITY, FaultFlag } from '../wire/batch';
import { FaultColumns, Mapping } from '../wire/fault-columns';
import { Resolved } from '../wire/resolved';

/** Of one address space: a storm must leave room for others. */
const MAX_OF_ONE = 4096;

/**
 * The first faults of address spaces whose maps have not been read, as they were counted: what they were is told
 * when the maps come. Bounded; of what finds no room the class stays undecided.
 */
export class KeptFaults {
  /** Of these only the faults are used. */
  private readonly kept = new Batch();
  /** AddressSpace.keptAs of each. */
  private readonly owner = new Uint32Array(FAULT_CAPACITY);
  private readonly thread = new Uint32Array(FAULT_CAPACITY);
  private readonly process = new Uint32Array(FAULT_CAPACITY);
  private readonly fresh = new Uint8Array(FAULT_CAPACITY);
  private readonly bucket = new Uint16Array(FAULT_CAPACITY);
  private readonly mapping = new Uint8Array(FAULT_CAPACITY);
  private readonly counts = new Map<number, number>();
  private used = 0;
  private last = 0;

  /** What take() has found: the faults, and the columns under which they were counted. */
  readonly taken = new Batch();
  readonly counted = new Resolved();
  readonly columns = new FaultColumns();

  /** Keeps fault i of a batch that has been counted. */
  add(
    space: AddressSpace,
    batch: Batch,
    resolved: Resolved,
    columns: FaultColumns,
    i: number,
  ): void {
    if (this.used === FAULT_CAPACITY) return;
    if (space.keptAs === 0) space.keptAs = ++this.last;
    const { keptAs } = space;
    const count = this.counts.get(keptAs) ?? 0;
    if (count === MAX_OF_ONE) return;
    this.counts.set(keptAs, count + 1);
    const to = this.used++;
    const from = batch.faultColumns;
    for (let k = 0; k < from.length; k++) this.kept.faultColumns[k]![to] = from[k]![i]!;
    this.owner[to] = keptAs;
    this.thread[to] = resolved.thread[i]!;
    this.process[to] = columns.process[i]!;
    this.fresh[to] = columns.fresh[i]!;
    this.bucket[to] = columns.bucket[i]!;
    this.mapping[to] = columns.mapping[i]!;
  }

  /** No more can be kept. */
  get full(): boolean {
    return this.used === FAULT_CAPACITY;
  }

  /**
   * Moves the faults of an address space to `taken`; returns how many there are. `region` is what all of them were
   * counted under, `code` the same of those whose instruction is known.
   */
  take(space: AddressSpace, region: number, code: number): number {
    const { taken, counted, columns } = this;
    taken.faults = 0;
    if (!this.counts.delete(space.keptAs)) return 0;
    this.sift((at) => {
      if (this.owner[at] !== space.keptAs) return true;
      const to = taken.faults++;
      this.kept.faultColumns.forEach((column, k) => {
        taken.faultColumns[k]![to] = column[at]!;
      });
      const major = (taken.flags[to]! & FaultFlag.COMPLETION) === FaultFlag.MAJ;
      counted.faultClass[to] = major ? FaultClass.MAJOR : FaultClass.MINOR;
      counted.cause[to] = Cause.UNKNOWN;
      counted.region[to] = region;
      counted.code[to] = (taken.flags[to]! & FaultFlag.ENTRY) === 0 ? CodeTable.NONE : code;
      counted.keep[to] = 1;
      counted.thread[to] = this.thread[at]!;
      columns.process[to] = this.process[at]!;
      columns.fresh[to] = this.fresh[at]!;
      columns.bucket[to] = this.bucket[at]!;
      columns.mapping[to] = this.mapping[at]!;
      return false;
    });
    space.keptAs = 0;
    return taken.faults;
  }

  /** Leaves those of others as they were counted. */
  keepOnly(owners: ReadonlySet<number>): void {
    for (const owner of this.counts.keys()) if (!owners.has(owner)) this.counts.delete(owner);
    this.sift((at) => owners.has(this.owner[at]!));
  }

  private sift(stays: (at: number) => boolean): void {
    const { kept, owner, thread, process, fresh, bucket, mapping } = this;
    const columns = [...kept.faultColumns, owner, thread, process, fresh, bucket, mapping];
    let to = 0;
    for (let at = 0; at < this.used; at++) {
      if (!stays(at)) continue;
      if (to !== at) for (const column of columns) column[to] = column[at]!;
      to++;
    }
    this.used = to;
  }

  /** Rows were folded: where the counts of each are now. */
  remap(threads: Int32Array, processes: Int32Array): void {
    for (let at = 0; at < this.used; at++) {
      this.thread[at] = threads[this.thread[at]!]!;
      this.process[at] = processes[this.process[at]!]!;
    }
  }

  /** What was counted is counted no more. */
  clear(): void {
    this.used = 0;
    this.counts.clear();
  }
}

/** It is worth keeping: what it was depends on its mapping. */
export function dependsOnMapping(mapping: number, flags: number): boolean {
  return mapping !== Mapping.KNOWN && (flags & FaultFlag.COMPLETION) !== FaultFlag.NONE;
}
