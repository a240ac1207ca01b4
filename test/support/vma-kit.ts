import { kindOf } from '../../src/core/vma/vma-kind';
import { VmaMap } from '../../src/core/vma/vma-map';
import { VmaPool } from '../../src/core/vma/vma-pool';
import type { Backing, Vma } from '../../src/core/vma/vma';

export const backing = (name: string, ino = '0'): Backing => ({
  name,
  devMajor: 0,
  devMinor: 0,
  ino,
});
export const ANON = backing('//anon');
export const HEAP = backing('[heap]');
export const FILE_A = backing('/lib/a.so', '11');
export const FILE_B = backing('/tmp/b (deleted)', '12');
export const SHM = backing('/dev/zero (deleted)', '13');

export function vma(start: number, end: number, over: Partial<Vma> = {}): Vma {
  return {
    start,
    end,
    prot: 3,
    shared: false,
    pgoff: 0,
    backing: ANON,
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
