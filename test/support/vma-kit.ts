import { kindOf } from '../../src/core/vma/vma-kind';
import { VmaMap } from '../../src/core/vma/vma-map';
import { VmaPool } from '../../src/core/vma/vma-pool';
import type { Lineage } from '../../src/core/vma/lineage';
import type { Backing, Vma } from '../../src/core/vma/vma';

// PROT_READ, PROT_WRITE, PROT_EXEC (mmap(2)).
export const R = 1;
export const W = 2;
export const X = 4;

/** What a mapping is of. A path has an inode on a disk, all else has none. */
export function backing(name: string, ino = /^\/(?!\/)/.test(name) ? '11' : '0'): Backing {
  return { name, devMajor: ino === '0' ? 0 : 8, devMinor: 0, ino };
}

export const ANON = backing('//anon');
export const HEAP = backing('[heap]');
export const FILE_A = backing('/lib/a.so', '11');
export const FILE_B = backing('/tmp/b (deleted)', '12');
export const SHM = backing('/dev/zero (deleted)', '13');

/** Private memory that can be written, in pages: without a name, of what has this name, or whatever else is given. */
export function vma(
  start: number,
  end: number,
  of: string | Partial<Vma> = '',
  more: Partial<Vma> = {},
): Vma {
  const [name, over] = typeof of === 'string' ? [of, more] : ['', of];
  return {
    start,
    end,
    prot: R | W,
    shared: false,
    pgoff: 0,
    backing: backing(name),
    born: -Infinity,
    ...over,
  };
}

export const newMap = (leaves = 4096): VmaMap => new VmaMap(new VmaPool(leaves));

export function insert(map: VmaMap, v: Vma): void {
  const kind = kindOf(map.pool.backings.number(v.backing), v.prot, v.shared);
  map.insert(v.start, v.end, v.pgoff, v.born, kind);
}

export function handles(map: VmaMap): number[] {
  const found: number[] = [];
  for (let i = map.first(); i >= 0; i = map.next(i)) found.push(i);
  return found;
}

export const entries = (map: VmaMap): Vma[] => handles(map).map((i) => map.vma(i));
/** Handle of the nth entry. */
export const nth = (map: VmaMap, n: number): number => handles(map)[n]!;
export const ranges = (map: VmaMap): string[] =>
  entries(map).map((v) => `${v.start}-${v.end} ${v.backing.name}`);
export const slotAt = (map: VmaMap, page: number): number => map.region(map.find(page));

/** A process of which nobody knows where it comes from. */
export const alone = (pid: number): Lineage => ({ pid, ancestors: [] });
