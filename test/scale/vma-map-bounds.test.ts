import { VmaMap } from '../../src/core/vma/vma-map';
import { VmaPool } from '../../src/core/vma/vma-pool';
import type { Backing } from '../../src/core/vma/vma';
import { backing, FILE_A, FILE_B, vma, newMap, insert, entries, ranges } from '../support/vma-kit';

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
