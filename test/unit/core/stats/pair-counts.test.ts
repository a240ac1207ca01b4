import fc from 'fast-check';
import { PairCounts } from '../../../../src/core/stats/pair-counts';

const add = (counts: PairCounts, ...pairs: readonly (readonly [number, number])[]): void => {
  const left = Uint32Array.from(pairs, ([l]) => l);
  const right = Uint32Array.from(pairs, ([, r]) => r);
  counts.add(pairs.length, left, right, new Uint8Array(pairs.length).fill(1));
};
const slot = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 32767 }));

describe('PairCounts', () => {
  it('counts pairs as a map would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(slot, slot), { maxLength: 300 }), (pairs) => {
        const counts = new PairCounts(10);
        const model = new Map<number, Map<number, number>>();
        add(counts, ...pairs);
        for (const [region, thread] of pairs) {
          const row = model.get(region) ?? new Map<number, number>();
          model.set(region, row.set(thread, (row.get(thread) ?? 0) + 1));
        }
        for (const [region, threads] of model) {
          const got = counts.rightOf(region, 1000);
          expect(new Map(got.map((t) => [t.slot, t.faults]))).toEqual(threads);
          const faults = got.map((t) => t.faults);
          expect(faults).toEqual([...faults].sort((a, b) => b - a));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stops at its cap, keeps counting what it has, and says so', () => {
    const counts = new PairCounts(4);
    for (let thread = 0; thread < 100; thread++) add(counts, [1, thread]);
    expect(counts.incomplete).toBe(true);
    expect(counts.rightOf(1, 1000)).toHaveLength(12);
    add(counts, [1, 0]);
    expect(counts.rightOf(1, 1)).toEqual([{ slot: 0, faults: 2 }]);
    counts.clear();
    expect(counts.incomplete).toBe(false);
    expect(counts.rightOf(1, 10)).toEqual([]);
  });

  it('follows slots that are folded or gone', () => {
    const counts = new PairCounts(6);
    add(counts, [0, 0]);
    add(counts, [1, 0]);
    add(counts, [1, 1]);
    add(counts, [2, 0]);
    counts.remap(Int32Array.of(1, 1, -1), Int32Array.of(0, 0));
    expect(counts.rightOf(0, 9)).toEqual([]);
    expect(counts.rightOf(1, 9)).toEqual([{ slot: 0, faults: 3 }]);
    expect(counts.rightOf(2, 9)).toEqual([]);
    add(counts, [1, 0]);
    expect(counts.rightOf(1, 9)).toEqual([{ slot: 0, faults: 4 }]);
    add(counts, [3, 0], [3, 2]);
    counts.remap(null, Int32Array.of(5, 0, 5));
    expect(counts.leftOf(5, 9)).toEqual([
      { slot: 1, faults: 4 },
      { slot: 3, faults: 2 },
    ]);
  });
});
