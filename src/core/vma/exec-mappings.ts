import { Prot } from './vma';
import type { Vma } from './vma';
import { protOf } from './vma-kind';
import type { VmaMap } from './vma-map';

/** More are no program: the rest is not listed. */
const MAX_LISTED = 1024;
/** A map with so many entries is gone through once per batch at most. */
const MANY = 4096;

/**
 * The executable mappings of an address space. Gone through when one has been made, looked at one by one when
 * anything has changed: code changes seldom, memory always.
 */
export class ExecMappings {
  private list: readonly Vma[] = [];
  private stamp = -1;
  private execWrites = -1;
  private entries = 0;
  private listedAt = -1;

  /** By address. The same array as before where they are the same. */
  of(map: VmaMap): readonly Vma[] {
    if (map.stamp === this.stamp) return this.list;
    const spared = this.entries > MANY && this.listedAt === map.pool.clock;
    if (map.execWrites === this.execWrites || spared) this.keepValid(map);
    else this.listAll(map);
    this.stamp = map.stamp;
    return this.list;
  }

  private listAll(map: VmaMap): void {
    const list: Vma[] = [];
    this.entries = 0;
    for (let i = map.first(); i >= 0 && list.length < MAX_LISTED; i = map.next(i)) {
      this.entries++;
      if ((protOf(map.kindOf(i)) & Prot.EXEC) !== 0) list.push(map.vma(i));
    }
    this.execWrites = map.execWrites;
    this.listedAt = map.pool.clock;
    const { list: before } = this;
    const same = before.length === list.length && list.every((vma, i) => isSame(vma, before[i]!));
    if (!same) this.list = list;
  }

  /** Without those that are no more, or not as they were. */
  private keepValid(map: VmaMap): void {
    const holds = (vma: Vma): boolean => {
      const i = map.find(vma.start);
      return (
        i >= 0 &&
        map.startOf(i) === vma.start &&
        map.endOf(i) === vma.end &&
        map.bornOf(i) === vma.born
      );
    };
    if (this.list.every(holds)) return;
    this.list = this.list.filter(holds);
    // A part of it may have stayed.
    this.execWrites = -1;
  }
}

function isSame(a: Vma, b: Vma): boolean {
  return (
    a.start === b.start &&
    a.end === b.end &&
    a.pgoff === b.pgoff &&
    a.born === b.born &&
    a.backing === b.backing
  );
}
