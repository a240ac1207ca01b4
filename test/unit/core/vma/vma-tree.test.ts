import { kindOf } from '../../../../src/core/vma/vma-kind';
import { VmaMap } from '../../../../src/core/vma/vma-map';
import { ENTRY, FAN, LEAF } from '../../../../src/core/vma/vma-nodes';
import type { Rooted } from '../../../../src/core/vma/vma-nodes';
import { VmaPool } from '../../../../src/core/vma/vma-pool';
import { generator } from '../../../support/share';
import { FILE_A } from '../../../support/vma-kit';
import { expectSame } from '../../../support/same';

const SPAN = 2000;

/** Whole numbers from a seed, the same in every run. */
function random(seed: number): (below: number) => number {
  const next = generator(seed);
  return (below) => Math.floor(next() * below);
}

/** What every tree of a pool must hold to, from the roots of all of them. */
function verify(pool: VmaPool): void {
  const wrong: string[] = [];
  const references = [new Map<number, number>(), new Map<number, number>()];
  const refer = (level: number, node: number): boolean => {
    const seen = references[level > 0 ? 1 : 0]!;
    seen.set(node, (seen.get(node) ?? 0) + 1);
    return seen.get(node) === 1;
  };
  const ends = ({ root, height }: Rooted): void => {
    let floor = -1;
    const walk = (level: number, node: number): number => {
      const first = refer(level, node);
      if (level > 0) {
        const count = pool.inner.counts[node]!;
        if (count < 1 || count > FAN) wrong.push(`inner node of ${count}`);
        if (!first) return pool.endOf(level, node);
        for (let i = node * FAN; i < node * FAN + count; i++) {
          if (walk(level - 1, pool.kids[i]!) !== pool.keys[i]) wrong.push('key');
        }
        return pool.keys[node * FAN + count - 1]!;
      }
      const count = pool.leaves.counts[node]!;
      if (count < 1 || count > LEAF) wrong.push(`leaf of ${count}`);
      for (let i = node * LEAF; first && i < node * LEAF + count; i++) {
        const start = pool.f64[i * ENTRY]!;
        if (start < floor) wrong.push('overlap');
        floor = pool.f64[i * ENTRY + 1]!;
        if (floor <= start) wrong.push('empty entry');
      }
      return pool.endOf(0, node);
    };
    walk(height, root);
  };
  for (const tree of pool.trees) {
    // Each from the ground: what is shared is looked at with the first tree that has it.
    ends(tree);
  }
  for (const [level, table] of [pool.leaves, pool.inner].entries()) {
    const seen = references[level]!;
    for (const [node, count] of seen)
      if (table.refs[node] !== count) wrong.push(`${node}:${table.refs[node]} of ${count}`);
    // Nothing is lost: what no tree refers to is free.
    expect(table.cap - table.room).toBe(seen.size);
  }
  expect(wrong).toEqual([]);
}

/** A map and what it should say of each page: number of the mapping (0: none) and region code. */
class Twin {
  constructor(
    readonly map: VmaMap,
    readonly ids = new Int32Array(SPAN),
    readonly codes = new Int32Array(SPAN).fill(-1),
  ) {}

  insert(start: number, end: number, id: number, kind: number): void {
    // No two are neighbours in one file: nothing inherits a code.
    this.map.insert(start, end, id * 10 * SPAN, id, kind);
    this.ids.fill(id, start, end);
    this.codes.fill(-1, start, end);
  }

  unmap(start: number, end: number): void {
    this.map.unmap(start, end, Infinity);
    this.ids.fill(0, start, end);
    this.codes.fill(-1, start, end);
  }

  mark(page: number, code: number): void {
    const handle = this.map.find(page);
    if (handle < 0) return;
    const start = this.map.startOf(handle);
    const end = this.map.endOf(handle);
    this.map.setRegion(handle, code);
    if (this.map.region(this.map.find(page)) === code) this.codes.fill(code, start, end);
  }

  fork(): Twin {
    return new Twin(this.map.fork(), this.ids.slice());
  }

  /** Every page, by look-up; entries may be missing where some were forgotten. */
  agree(): void {
    const { map, ids, codes } = this;
    const complete = map.pool.forgotten === 0;
    const wrong: number[][] = [];
    for (let page = 0; page < SPAN; page++) {
      const handle = map.find(page);
      if (handle < 0 && !complete) continue;
      const id = handle < 0 ? 0 : map.bornOf(handle);
      const code = handle < 0 ? -1 : map.region(handle);
      if (id !== ids[page] || code !== codes[page]) wrong.push([page, id, code]);
    }
    expect(wrong).toEqual([]);
    // The same entries upwards, downwards and with codes only.
    const up: number[] = [];
    for (let i = map.first(); i >= 0; i = map.next(i)) up.push(i);
    const down: number[] = [];
    for (let i = map.lastBefore(Infinity); i >= 0; i = map.previous(i)) down.push(i);
    expectSame(down.reverse(), up);
    expect(map.length).toBe(up.length);
    const coded: number[] = [];
    map.eachRegion((handle) => coded.push(handle));
    expectSame(
      coded,
      up.filter((i) => map.region(i) !== -1),
    );
  }
}

function play(seed: number, pool: VmaPool, steps: number): void {
  const draw = random(seed);
  const kind = kindOf(pool.backings.number(FILE_A), 3, false);
  const twins = [new Twin(new VmaMap(pool))];
  let id = 0;
  let cursor = 0;
  for (let step = 0; step < steps; step++) {
    pool.clock += draw(2);
    const at = draw(twins.length);
    const twin = twins[at]!;
    const page = draw(SPAN - 8);
    const action = draw(100);
    if (action < 45) twin.insert(page, page + 1 + draw(action < 40 ? 3 : 8), ++id, kind);
    // Runs upwards and downwards, as a loader and as malloc map.
    else if (action < 60) {
      cursor = action < 52 ? (cursor + 1) % (SPAN - 8) : (cursor + SPAN - 9) % (SPAN - 8);
      twin.insert(cursor, cursor + 1, ++id, kind);
    } else if (action < 80) twin.unmap(page, page + 1 + draw(8));
    else if (action < 92) twin.mark(page, draw(1000));
    else if (action === 92) twin.unmap(page, Math.min(SPAN, page + draw(SPAN)));
    else if (action < 95) {
      twin.map.clearRegions();
      twin.codes.fill(-1);
    } else if (action < 98 && twins.length < 6) twins.push(twin.fork());
    else if (twins.length > 1) {
      twin.map.clear();
      twins.splice(at, 1);
    }
    if (step % 250 === 0) for (const each of twins) each.agree();
    if (step % 250 === 0) verify(pool);
  }
  for (const twin of twins) twin.map.clear();
  expect(pool.leaves.room).toBe(pool.leaves.cap);
  expect(pool.inner.room).toBe(pool.inner.cap);
}

test.each([1, 2, 3, 4])('forks and changes leave every tree sound and right (seed %d)', (seed) => {
  const pool = new VmaPool(4096);
  play(seed, pool, 6000);
  expect(pool.forgotten).toBe(0);
});

test.each([5, 6, 7, 8])('also where there is room for a part only (seed %d)', (seed) => {
  const pool = new VmaPool(24);
  play(seed, pool, 6000);
  expect(pool.forgotten).toBeGreaterThan(0);
});
