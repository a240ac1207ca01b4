import fc from 'fast-check';
import { kindOf } from '../../../../src/core/vma/vma-kind';
import { VmaMap } from '../../../../src/core/vma/vma-map';
import { VmaPool } from '../../../../src/core/vma/vma-pool';
import type { Backing, Vma } from '../../../../src/core/vma/vma';

const backing = (name: string, ino = '0'): Backing => ({ name, devMajor: 0, devMinor: 0, ino });
const ANON = backing('//anon');
const HEAP = backing('[heap]');
const FILE_A = backing('/lib/a.so', '11');
const FILE_B = backing('/tmp/b (deleted)', '12');
const SHM = backing('/dev/zero (deleted)', '13');

function vma(start: number, end: number, over: Partial<Vma> = {}): Vma {
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

const newMap = (leaves = 4096): VmaMap => new VmaMap(new VmaPool(leaves));

function insert(map: VmaMap, v: Vma): void {
  const kind = kindOf(map.pool.backings.number(v.backing), v.prot, v.shared);
  map.insert(v.start, v.end, v.pgoff, v.born, kind);
}

function handles(map: VmaMap): number[] {
  const found: number[] = [];
  for (let i = map.first(); i >= 0; i = map.next(i)) found.push(i);
  return found;
}

const entries = (map: VmaMap): Vma[] => handles(map).map((i) => map.vma(i));
/** Handle of the nth entry. */
const nth = (map: VmaMap, n: number): number => handles(map)[n]!;
const ranges = (map: VmaMap): string[] =>
  entries(map).map((v) => `${v.start}-${v.end} ${v.backing.name}`);
const slotAt = (map: VmaMap, page: number): number => map.region(map.find(page));

/** The same map as a table of pages: slow, and too simple to be wrong in the same way. */
interface Page {
  /** Pages of one entry share it: a run of equal ids is a maximal piece. */
  readonly id: number;
  readonly prot: number;
  readonly shared: boolean;
  readonly name: string;
  readonly pgoff: number;
  readonly born: number;
  readonly slot: number;
}

class PageTable {
  pages = new Map<number, Page>();
  private nextId = 0;

  private static like(a: Page, b: Page): boolean {
    return a.prot === b.prot && a.shared === b.shared && a.name === b.name && a.pgoff === b.pgoff;
  }

  private wanted(v: Vma, page: number, id: number): Page {
    const anonymous = v.backing.ino === '0';
    return {
      id,
      prot: v.prot,
      shared: v.shared,
      name: v.backing.name === '//anon' ? '' : v.backing.name,
      pgoff: anonymous ? 0 : v.pgoff + page - v.start,
      born: v.born,
      slot: -1,
    };
  }

  private inherited(v: Vma): number {
    for (let p = v.start; p < v.end; p++) {
      const old = this.pages.get(p);
      if (old && old.slot !== -1 && PageTable.like(old, this.wanted(v, p, 0))) return old.slot;
    }
    return -1;
  }

  insert(v: Vma): void {
    const slot = this.inherited(v);
    const id = this.nextId++;
    for (let p = v.start; p < v.end; p++) this.pages.set(p, { ...this.wanted(v, p, id), slot });
  }

  fill(v: Vma): void {
    const slot = this.inherited(v);
    let id = this.nextId++;
    for (let p = v.start; p < v.end; p++) {
      if (this.pages.has(p)) id = this.nextId++;
      else this.pages.set(p, { ...this.wanted(v, p, id), slot });
    }
  }

  unmap(start: number, end: number, enteredAt: number): void {
    for (let p = start; p < end; p++) {
      if ((this.pages.get(p)?.born ?? Infinity) < enteredAt) this.pages.delete(p);
    }
  }

  move(
    start: number,
    end: number,
    to: number,
    newEnd: number,
    entered: number,
    done: number,
  ): void {
    const moved: [number, Page][] = [];
    const kept = Math.min(end, start + newEnd - to);
    for (let p = start; p < end; p++) {
      const page = this.pages.get(p);
      if (page === undefined) continue;
      if (page.born >= entered) continue;
      if (p < kept) moved.push([p - start + to, page]);
      this.pages.delete(p);
    }
    const ids = new Map<number, number>();
    const last = moved.at(-1);
    for (const [p, page] of moved) {
      // A piece that was cut in two by something younger lands as two.
      const run = this.runId(ids, page.id, moved, p);
      this.pages.set(p, { ...page, id: run, born: done });
    }
    if (last?.[0] !== to + (end - start) - 1) return;
    for (let p = last[0] + 1; p < newEnd; p++) {
      const before = this.pages.get(p - 1)!;
      this.pages.set(p, { ...before, pgoff: before.pgoff + (before.name.startsWith('/') ? 1 : 0) });
    }
  }

  private runId(ids: Map<number, number>, id: number, moved: [number, Page][], p: number): number {
    const joined = moved.some(([q, page]) => q === p - 1 && page.id === id);
    if (!joined) ids.set(id, this.nextId++);
    return ids.get(id)!;
  }

  /** Maximal runs of one id, as the map should list them. */
  runs(): unknown[] {
    const out: { start: number; end: number; page: Page }[] = [];
    for (const p of [...this.pages.keys()].sort((a, b) => a - b)) {
      const page = this.pages.get(p)!;
      const last = out.at(-1);
      if (last?.end === p && last.page.id === page.id) last.end = p + 1;
      else out.push({ start: p, end: p + 1, page });
    }
    return out.map(({ start, end, page }) => {
      const { prot, shared, name, pgoff, born, slot } = page;
      return { start, end, prot, shared, name, pgoff, born, slot };
    });
  }
}

const listed = (map: VmaMap): unknown[] =>
  handles(map)
    .map((i) => [i, map.vma(i)] as const)
    .map(([i, v]) => ({
      start: v.start,
      end: v.end,
      prot: v.prot,
      shared: v.shared,
      name: v.backing.name,
      pgoff: v.pgoff,
      born: v.born,
      slot: map.region(i),
    }));

const SPAN = 48;
const range = fc
  .tuple(fc.nat(SPAN - 2), fc.integer({ min: 1, max: 14 }))
  .map(([start, length]) => ({ start, end: Math.min(start + length, SPAN) }));
const kind = fc.constantFrom<Partial<Vma>>(
  { backing: ANON },
  { backing: ANON, pgoff: 999 },
  { backing: ANON, prot: 0 },
  { backing: backing('') },
  { backing: FILE_A, prot: 5 },
  { backing: FILE_A, prot: 3 },
  { backing: FILE_B, shared: true },
  { backing: SHM, shared: true },
  { backing: backing('[stack]') },
);
const ago = fc.nat(6);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('insert' as const), range, kind }) },
  // File mappings whose pages line up with each other, as those of one library do.
  { weight: 3, arbitrary: fc.record({ op: fc.constant('library' as const), range, kind }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('unmap' as const), range, ago }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('fill' as const), range, kind }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('move' as const),
      range,
      to: fc.nat(20),
      grow: fc.integer({ min: -4, max: 6 }),
      ago,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('slot' as const), at: fc.nat(SPAN - 1) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fork' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reset' as const) }) },
);

test('agrees with a table of pages after any operations', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const table = new PageTable();
      // No tree of this span needs more.
      let map = newMap(64);
      // Where the break is known no place is taken for the heap.
      map.setBreak(0);
      const frozen: { map: VmaMap; was: string }[] = [];
      let now = 0;
      let slot = 0;
      for (const o of operations) {
        now++;
        if (o.op === 'insert' || o.op === 'library' || o.op === 'fill') {
          const pgoff = o.op === 'library' ? o.range.start + 100 : (o.kind.pgoff ?? 0);
          const v = vma(o.range.start, o.range.end, { ...o.kind, pgoff, born: now });
          if (o.op === 'fill') {
            map.fill(v);
            table.fill(v);
          } else {
            insert(map, v);
            table.insert(v);
          }
        } else if (o.op === 'unmap') {
          map.unmap(o.range.start, o.range.end, now - o.ago);
          table.unmap(o.range.start, o.range.end, now - o.ago);
        } else if (o.op === 'move') {
          // Behind everything: the kernel lets source and destination not overlap.
          const to = SPAN + o.to;
          const newEnd = to + Math.max(1, o.range.end - o.range.start + o.grow);
          const { start, end } = o.range;
          map.remap(start, end, to, newEnd, now - o.ago, false, now);
          table.move(start, end, to, newEnd, now - o.ago, now);
        } else if (o.op === 'slot') {
          const i = map.find(o.at);
          if (i < 0) continue;
          slot++;
          map.setRegion(i, slot);
          const { start, end } = map.vma(i);
          for (let p = start; p < end; p++) table.pages.set(p, { ...table.pages.get(p)!, slot });
        } else if (o.op === 'fork') {
          // The child goes on; the parent must not feel it. Its slots are its own.
          frozen.push({ map, was: JSON.stringify(listed(map)) });
          map = map.fork();
          for (const [p, page] of table.pages) table.pages.set(p, { ...page, slot: -1 });
        } else {
          const before = JSON.stringify(listed(map));
          map.reset(entries(map));
          expect(JSON.stringify(listed(map))).toBe(before);
        }
        expect(listed(map)).toEqual(table.runs());
      }
      const wrong: number[] = [];
      for (let p = 0; p < SPAN + 40; p++) {
        const i = map.find(p);
        const inside = i >= 0 && map.startOf(i) <= p && p < map.endOf(i);
        if (inside !== table.pages.has(p) || inside !== i >= 0) wrong.push(p);
      }
      expect(wrong).toEqual([]);
      for (const { map: parent, was } of frozen) expect(JSON.stringify(listed(parent))).toBe(was);
    }),
    { numRuns: 600 },
  );
});

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

test('reads back a map of 262,144 entries', () => {
  const map = newMap(16_384);
  map.reset(Array.from({ length: 262_144 }, (_, i) => vma(i * 2, i * 2 + 1)));
  expect(map.length).toBe(262_144);
  expect(map.startOf(map.find(262_143 * 2))).toBe(262_143 * 2);
});

test('stays bounded when a target maps for ever and no unmapping is seen', () => {
  const map = newMap(1024);
  for (let i = 0; i < 100_000; i++) insert(map, vma(i * 2, i * 2 + 1, { born: i }));
  expect(map.length).toBeLessThanOrEqual((1024 + 64) * 32);
  expect(map.length).toBeGreaterThan(20_000);
  expect(map.find(99_999 * 2)).toBeGreaterThanOrEqual(0);
});

test('what faults stays, above and below what is mapped for ever, and in other processes', () => {
  const pool = new VmaPool(256);
  const map = new VmaMap(pool);
  const idle = new VmaMap(pool);
  const program = vma(10, 20, { backing: FILE_A, prot: 5 });
  const library = vma(0x7f0000000, 0x7f0000100, { backing: FILE_B, prot: 5 });
  for (const v of [program, library]) insert(map, v);
  for (let i = 0; i < 1000; i++) insert(idle, vma(i * 2, i * 2 + 1));
  for (let i = 0; i < 50_000; i++) {
    if (i % 500 === 0) {
      pool.clock++;
      expect(map.vma(map.find(15)).backing).toEqual(FILE_A);
      expect(map.vma(map.find(0x7f0000050)).backing).toEqual(FILE_B);
    }
    insert(map, vma(1000 + i * 2, 1001 + i * 2, { born: i }));
  }
  // The one that did nothing has gone first: /proc can say all of it again.
  expect(idle.length).toBe(0);
  expect(map.length).toBeGreaterThan(4000);
});

test('a forgotten mapping that moves leaves nothing wrong where it moved to', () => {
  const pool = new VmaPool(64);
  const map = new VmaMap(pool);
  insert(map, vma(5, 6, { backing: FILE_A, born: 1 }));
  for (let i = 0; i < 20_000; i++) insert(map, vma(100 + i * 2, 101 + i * 2, { born: 2 }));
  expect(map.find(5)).toBe(-1);
  insert(map, vma(60_000, 60_004, { backing: FILE_B, born: 3 }));
  map.remap(5, 6, 60_000, 60_001, 4, false, 5);
  expect(ranges(map).filter((r) => r.includes('/'))).toEqual(['60001-60004 /tmp/b (deleted)']);
});

test('names are bounded: those of no mapping go, then those of the mappings not used for longest', () => {
  const pool = new VmaPool(4096, 64);
  const map = new VmaMap(pool);
  const file = (i: number): Backing => backing(`/tmp/${i}`, `${i + 100}`);
  for (let i = 0; i < 1000; i++) {
    insert(map, vma(10, 20, { backing: file(i), born: i }));
    expect(map.vma(map.find(10)).backing).toEqual(file(i));
  }
  expect(pool.forgotten).toBe(0);
  for (let i = 0; i < 5000; i++) {
    pool.clock++;
    insert(map, vma(i * 4, i * 4 + 1, { backing: file(i), born: i }));
    if (i > 0 && i % 10 === 0) {
      const before = map.find((i - 1) * 4);
      if (before >= 0) expect(map.vma(before).backing).toEqual(file(i - 1));
    }
  }
  expect(pool.forgotten).toBeGreaterThan(0);
  for (const v of entries(map)) expect(v.backing).toEqual(file(v.start / 4));
});

test('a child of 64,000 mappings that changes ten costs kilobytes', () => {
  const pool = new VmaPool();
  const map = new VmaMap(pool);
  for (let i = 0; i < 64_000; i++) insert(map, vma(i * 2, i * 2 + 1));
  const used = (): number => pool.leaves.cap - pool.leaves.room;
  const before = used();
  // Made upwards, they fill their leaves.
  expect(before).toBeLessThan(64_000 / 32 / 0.9);
  const children = Array.from({ length: 100 }, () => map.fork());
  for (const child of children) {
    for (let i = 0; i < 10; i++) insert(child, vma(i * 12_000, i * 12_000 + 1, { prot: 1 }));
    expect(child.length).toBe(64_000);
  }
  // Ten leaves of 1,280 bytes each.
  expect(used() - before).toBe(100 * 10);
  for (const child of children) child.clear();
  expect(used()).toBe(before);
});

test('churn on a map of 1,000 entries leaves it as it was', () => {
  const map = newMap();
  for (let i = 0; i < 1000; i++) insert(map, vma(i * 10, i * 10 + 4));
  const wrong: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const at = ((i * 7919) % 1000) * 10 + 5;
    insert(map, vma(at, at + 3, { born: i }));
    if (map.find(at) < 0 || map.find(at + 2) !== map.find(at)) wrong.push(at);
    map.unmap(at, at + 3, i + 1);
    if (map.find(at) !== -1) wrong.push(at);
  }
  expect(wrong).toEqual([]);
  expect(map.length).toBe(1000);
});
