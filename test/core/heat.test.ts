import fc from 'fast-check';
import { HEAT_BINS, HeatTable } from '../../src/core/heat';
import { statPool } from '../../src/core/stat-table';

describe('HeatTable', () => {
  it('shows a sixty-fourth of the range per bin', () => {
    const heat = new HeatTable(statPool());
    heat.open(0, 1000, 1000 + 6400);
    heat.add(0, 1000);
    heat.add(0, 1099);
    heat.add(0, 1100);
    heat.add(0, 7399);
    const { start, width, bins } = heat.read(0)!;
    expect([start, width]).toEqual([1000, 100]);
    expect([bins[0], bins[1], bins[63]]).toEqual([2, 1, 1]);
  });

  it('counts every fault in the bin of its page, however the range grows', () => {
    const anywhere = fc.oneof(
      fc.integer({ min: 9000, max: 11000 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
    );
    fc.assert(
      fc.property(
        fc.array(anywhere, { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 5000 }),
        (pages, size) => {
          const heat = new HeatTable(statPool());
          heat.open(3, 10000, 10000 + size);
          for (const page of pages) heat.add(3, page);
          const { start, width, bins } = heat.read(3)!;
          const expected = new Array<number>(HEAT_BINS).fill(0);
          for (const page of pages) expected[Math.floor((page - start) / width)]!++;
          expect(bins).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('counts nothing in a row that was not opened, and gives its bins back', () => {
    const pool = statPool();
    const heat = new HeatTable(pool);
    heat.open(100, 0, 64);
    heat.add(0, 5);
    expect(heat.read(0)).toBeNull();
    heat.add(100, 5);
    expect(pool.used).toBe(1);
    heat.clear(100);
    expect(heat.read(100)).toBeNull();
    heat.add(100, 6);
    expect(heat.read(100)!.bins[6]).toBe(1);
    heat.close(100);
    heat.add(100, 6);
    expect(heat.read(100)).toBeNull();
    expect(pool.used).toBe(0);
  });
});
