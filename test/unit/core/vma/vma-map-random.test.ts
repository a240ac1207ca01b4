import fc from 'fast-check';
import type { VmaMap } from '../../../../src/core/vma/vma-map';
import type { Vma } from '../../../../src/core/vma/vma';
import {
  backing,
  ANON,
  FILE_A,
  FILE_B,
  SHM,
  vma,
  newMap,
  insert,
  handles,
  entries,
} from '../../../support/vma-kit';
import { expectSame } from '../../../support/same';

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
        expectSame(listed(map), table.runs());
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
