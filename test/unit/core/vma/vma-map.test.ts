import type { VmaMap } from '../../../../src/core/vma/vma-map';
import {
  backing,
  HEAP,
  FILE_A,
  FILE_B,
  SHM,
  vma,
  newMap,
  insert,
  handles,
  entries,
  nth,
  ranges,
  slotAt,
} from '../../../support/vma-kit';

test('finds the first and last page of the highest mapping there can be', () => {
  const map = newMap();
  insert(map, vma(0xffffffffff600, 0xffffffffff601, { backing: backing('[vsyscall]') }));
  expect(map.find(0xffffffffff600)).toBe(map.first());
  expect(map.find(0xffffffffff601)).toBe(-1);
  expect(map.find(0)).toBe(-1);
});

test('neighbours that the kernel reports apart stay apart', () => {
  const map = newMap();
  insert(map, vma(10, 20));
  insert(map, vma(20, 30));
  expect(ranges(map)).toEqual(['10-20 ', '20-30 ']);
  // The record of a merge carries the whole: one entry, and the region lives on.
  map.setRegion(nth(map, 1), 7);
  insert(map, vma(10, 40));
  expect(ranges(map)).toEqual(['10-40 ']);
  expect(map.region(nth(map, 0))).toBe(7);
});

test('mprotect and back: the region outlives the split', () => {
  const map = newMap();
  insert(map, vma(0, 10, { backing: FILE_A, pgoff: 5 }));
  map.setRegion(nth(map, 0), 3);
  insert(map, vma(4, 6, { backing: FILE_A, pgoff: 9, prot: 1 }));
  expect(entries(map).map((v) => [v.start, v.end, v.prot, v.pgoff])).toEqual([
    [0, 4, 3, 5],
    [4, 6, 1, 9],
    [6, 10, 3, 11],
  ]);
  expect(handles(map).map((i) => map.region(i))).toEqual([3, -1, 3]);
  insert(map, vma(0, 10, { backing: FILE_A, pgoff: 5 }));
  expect(map.length).toBe(1);
  expect(map.region(nth(map, 0))).toBe(3);
});

test('another place of the same file is another mapping', () => {
  const map = newMap();
  insert(map, vma(0, 10, { backing: FILE_A, pgoff: 0 }));
  map.setRegion(nth(map, 0), 3);
  insert(map, vma(0, 10, { backing: FILE_A, pgoff: 64 }));
  expect(map.region(nth(map, 0))).toBe(-1);
});

test('a mapping born while munmap ran survives it', () => {
  const map = newMap();
  insert(map, vma(0, 10, { born: 1 }));
  // munmap of [0, 10) entered at 5; another thread mapped [2, 4) at 6, before its exit record.
  insert(map, vma(2, 4, { backing: FILE_A, born: 6 }));
  map.unmap(0, 10, 5);
  expect(ranges(map)).toEqual(['2-4 /lib/a.so']);
  // What sticks out of the range is not cut at its edge.
  map.unmap(3, 10, 5);
  expect(ranges(map)).toEqual(['2-4 /lib/a.so']);
  map.unmap(3, 10, 7);
  expect(ranges(map)).toEqual(['2-3 /lib/a.so']);
});

describe('mremap', () => {
  test('grows and shrinks in place', () => {
    const map = newMap();
    insert(map, vma(0, 4));
    map.setRegion(nth(map, 0), 9);
    map.remap(0, 4, 0, 8, 1, false);
    expect(ranges(map)).toEqual(['0-8 ']);
    expect(map.region(nth(map, 0))).toBe(9);
    map.remap(0, 4, 0, 8, 2, false);
    expect(ranges(map)).toEqual(['0-8 ']);
    map.remap(0, 8, 0, 3, 3, false);
    expect(ranges(map)).toEqual(['0-3 ']);
  });

  test('moves and takes the region along; replaying it changes nothing', () => {
    const map = newMap();
    insert(map, vma(0, 8, { backing: FILE_A, pgoff: 40 }));
    map.setRegion(nth(map, 0), 9);
    map.remap(2, 6, 100, 108, 1, false, 2);
    const expected = [
      [0, 2, 40],
      [6, 8, 46],
      [100, 108, 42],
    ];
    expect(entries(map).map((v) => [v.start, v.end, v.pgoff])).toEqual(expected);
    expect(slotAt(map, 100)).toBe(9);
    map.remap(2, 6, 100, 108, 1, false, 2);
    expect(entries(map).map((v) => [v.start, v.end, v.pgoff])).toEqual(expected);
  });

  test('shrinks on the way', () => {
    const map = newMap();
    insert(map, vma(0, 8));
    map.remap(0, 8, 100, 102, 1, false);
    expect(ranges(map)).toEqual(['100-102 ']);
  });

  test('MREMAP_DONTUNMAP leaves the old place mapped', () => {
    const map = newMap();
    insert(map, vma(0, 8));
    map.remap(0, 8, 100, 108, 1, true);
    expect(ranges(map)).toEqual(['0-8 ', '100-108 ']);
  });

  test('an old length of 0 duplicates a shared mapping, never a private one', () => {
    const map = newMap();
    insert(map, vma(0, 8, { backing: SHM, shared: true, pgoff: 3 }));
    insert(map, vma(20, 28));
    map.remap(2, 2, 100, 104, 1, false);
    expect(entries(map).map((v) => [v.start, v.end, v.pgoff])).toEqual([
      [0, 8, 3],
      [20, 28, 0],
      [100, 104, 5],
    ]);
    map.remap(20, 20, 200, 204, 1, false);
    expect(map.find(200)).toBe(-1);
  });

  test('what another thread mapped at the freed place meanwhile stays', () => {
    const map = newMap();
    insert(map, vma(0, 8, { born: 1 }));
    insert(map, vma(0, 2, { backing: FILE_A, born: 6 }));
    map.remap(0, 8, 100, 108, 5, false, 7);
    expect(ranges(map)).toEqual(['0-2 /lib/a.so', '102-108 ']);
    // A munmap that was entered before the move was done was about what lay there before.
    map.unmap(100, 108, 6);
    expect(map.find(104)).toBeGreaterThanOrEqual(0);
  });
});

describe('brk', () => {
  test('the first growth comes as //anon and becomes [heap]', () => {
    const map = newMap();
    map.setBreak(100);
    insert(map, vma(100, 102, { born: 1 }));
    map.setBreak(102);
    expect(ranges(map)).toEqual(['100-102 [heap]']);
    // Growth from then on is named by the kernel, with the whole range.
    map.setRegion(nth(map, 0), 4);
    insert(map, vma(100, 110, { backing: HEAP, born: 2 }));
    map.setBreak(110);
    expect(ranges(map)).toEqual(['100-110 [heap]']);
    expect(map.region(nth(map, 0))).toBe(4);
  });

  test('also when the break was not known before', () => {
    const map = newMap();
    insert(map, vma(50, 60));
    insert(map, vma(100, 102, { born: 1 }));
    map.setBreak(102);
    expect(ranges(map)).toEqual(['50-60 ', '100-102 [heap]']);
  });

  test('a query of the break names nothing that was there before', () => {
    const map = newMap();
    map.reset([vma(90, 100, { backing: FILE_A }), vma(100, 102)]);
    map.setBreak(102);
    expect(ranges(map)).toEqual(['90-100 /lib/a.so', '100-102 ']);
  });

  test('shrinking cuts the heap and only the heap', () => {
    const map = newMap();
    map.reset([vma(100, 110, { backing: HEAP }), vma(110, 112)]);
    map.setBreak(104);
    expect(ranges(map)).toEqual(['100-104 [heap]', '110-112 ']);
    insert(map, vma(104, 105, { backing: FILE_A }));
    map.setBreak(102);
    expect(ranges(map)).toEqual(['100-102 [heap]', '104-105 /lib/a.so', '110-112 ']);
  });

  test('a refused growth takes nothing from what is mapped behind the heap', () => {
    const map = newMap();
    map.setBreak(100);
    insert(map, vma(100, 103, { born: 1 }));
    map.setBreak(103);
    // The kernel merged an anonymous mapping with the heap and reports the whole as [heap].
    insert(map, vma(100, 105, { backing: HEAP, born: 2 }));
    map.setBreak(103);
    expect(ranges(map)).toEqual(['100-105 [heap]']);
  });

  test('anonymous memory behind the heap that the kernel kept apart is no heap', () => {
    const map = newMap();
    map.reset([vma(100, 110, { backing: HEAP })]);
    map.setBreak(110);
    insert(map, vma(110, 112, { prot: 7, born: 1 }));
    map.setBreak(110);
    expect(ranges(map)).toEqual(['100-110 [heap]', '110-112 ']);
  });

  test('a forked child knows the break, a new image does not', () => {
    const map = newMap();
    map.setBreak(100);
    const child = map.fork();
    insert(child, vma(100, 102, { born: 1 }));
    child.setBreak(102);
    expect(ranges(child)).toEqual(['100-102 [heap]']);
    expect(map.length).toBe(0);
    child.clear();
    insert(child, vma(100, 103, { backing: HEAP, born: 1 }));
    child.setBreak(103);
    expect(ranges(child)).toEqual(['100-103 [heap]']);
  });
});

describe('the first growth of the heap where no brk is seen', () => {
  const program = (): VmaMap => {
    const map = newMap();
    insert(map, vma(100, 110, { backing: FILE_A, prot: 5 }));
    insert(map, vma(110, 112, { backing: FILE_A, pgoff: 10 }));
    // Its .bss lies directly behind it.
    insert(map, vma(112, 114));
    insert(map, vma(0x7f0000000, 0x7f0000009, { backing: FILE_B, prot: 5 }));
    return map;
  };

  test('is known by its place behind the program', () => {
    const map = program();
    insert(map, vma(500, 533, { born: 1 }));
    insert(map, vma(600, 601, { born: 2 }));
    expect(ranges(map).slice(2, 5)).toEqual(['112-114 ', '500-533 [heap]', '600-601 ']);
  });

  test.each([
    ['too far away', vma(114 + (1 << 18) + 1, 0x60000)],
    ['among the libraries', vma(0x7effffff0, 0x7effffff4)],
    ['below the program', vma(50, 60)],
    ['not writable', vma(500, 533, { prot: 1 })],
    ['shared', vma(500, 533, { backing: SHM, shared: true })],
  ])('is not what lies %s', (_, mapping) => {
    const map = program();
    insert(map, mapping);
    expect(map.length).toBe(5);
    expect(ranges(map).join()).not.toContain('[heap]');
  });

  test('is not what lies behind a file that is no program', () => {
    const map = newMap();
    insert(map, vma(100, 110, { backing: FILE_A, prot: 1 }));
    insert(map, vma(500, 533, { born: 1 }));
    expect(ranges(map)).toEqual(['100-110 /lib/a.so', '500-533 ']);
  });

  test('is left to the break where that is known', () => {
    const map = program();
    map.setBreak(490);
    insert(map, vma(500, 533, { born: 1 }));
    expect(ranges(map).join()).not.toContain('[heap]');
  });
});

test('fill repairs gaps only, and a repaired region keeps its slot', () => {
  const map = newMap();
  insert(map, vma(4, 6, { backing: FILE_A }));
  insert(map, vma(10, 12));
  map.setRegion(nth(map, 1), 5);
  map.fill(vma(0, 14, { pgoff: 77 }));
  expect(ranges(map)).toEqual(['0-4 ', '4-6 /lib/a.so', '6-10 ', '10-12 ', '12-14 ']);
  expect(slotAt(map, 0)).toBe(5);
  expect(slotAt(map, 4)).toBe(-1);
  map.fill(vma(0, 14, { backing: FILE_B }));
  expect(map.length).toBe(5);
});

test('reset keeps the slots of what is still there, and clips overlaps', () => {
  const map = newMap();
  insert(map, vma(0, 10));
  map.setRegion(nth(map, 0), 1);
  insert(map, vma(20, 30, { backing: FILE_A, pgoff: 2 }));
  map.setRegion(nth(map, 1), 2);
  map.reset([
    vma(20, 40, { backing: FILE_A, pgoff: 2 }),
    vma(0, 12, { backing: backing('') }),
    vma(8, 16, { prot: 0 }),
  ]);
  expect(entries(map).map((v) => [v.start, v.end])).toEqual([
    [0, 12],
    [12, 16],
    [20, 40],
  ]);
  expect(handles(map).map((i) => map.region(i))).toEqual([1, -1, 2]);
});

test('fork shares until one side changes, in either direction', () => {
  const parent = newMap();
  insert(parent, vma(0, 10));
  parent.setRegion(nth(parent, 0), 1);
  const child = parent.fork();
  expect(child.region(nth(child, 0))).toBe(-1);
  child.setRegion(nth(child, 0), 2);
  expect(parent.region(nth(parent, 0))).toBe(1);
  insert(parent, vma(4, 6, { prot: 0 }));
  expect(child.length).toBe(1);
  expect(parent.length).toBe(3);
  child.clear();
  expect(child.find(0)).toBe(-1);
  expect(parent.length).toBe(3);
  parent.clearRegions();
  expect(parent.region(nth(parent, 0))).toBe(-1);
});
