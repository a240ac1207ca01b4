import fc from 'fast-check';
import { Batch } from '../../../../src/core/wire/batch';
import { Resolved } from '../../../../src/core/wire/resolved';
import { PairCounts } from '../../../../src/core/stats/region-threads';

const batch = new Batch();
const resolved = new Resolved();
const add = (counts: PairCounts, ...pairs: readonly (readonly [number, number])[]): void => {
  pairs.forEach(([region, thread], i) => {
    resolved.region[i] = region;
    resolved.thread[i] = thread;
  });
  batch.faults = pairs.length;
  counts.add(batch, resolved);
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
          const got = counts.threadsOf(region, 1000);
          expect(new Map(got.map((t) => [t.thread, t.faults]))).toEqual(threads);
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
    expect(counts.threadsOf(1, 1000)).toHaveLength(12);
    add(counts, [1, 0]);
    expect(counts.threadsOf(1, 1)).toEqual([{ thread: 0, faults: 2 }]);
    counts.clear();
    expect(counts.incomplete).toBe(false);
    expect(counts.threadsOf(1, 10)).toEqual([]);
  });

  it('follows slots that are folded or gone', () => {
    const counts = new PairCounts(6);
    add(counts, [0, 0]);
    add(counts, [1, 0]);
    add(counts, [1, 1]);
    add(counts, [2, 0]);
    counts.remap(Int32Array.of(1, 1, -1), Int32Array.of(0, 0));
    expect(counts.threadsOf(0, 9)).toEqual([]);
    expect(counts.threadsOf(1, 9)).toEqual([{ thread: 0, faults: 3 }]);
    expect(counts.threadsOf(2, 9)).toEqual([]);
    add(counts, [1, 0]);
    expect(counts.threadsOf(1, 9)).toEqual([{ thread: 0, faults: 4 }]);
  });
});
