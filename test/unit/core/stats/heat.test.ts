import fc from 'fast-check';
import { HEAT_BINS, HeatTable } from '../../../../src/core/stats/heat';
import { Batch } from '../../../../src/core/wire/batch';
import { FaultColumns } from '../../../../src/core/wire/fault-columns';
import { Resolved } from '../../../../src/core/wire/resolved';
import { SlabPool } from '../../../../src/core/stats/slab-pool';
import { fill } from '../../../support/fault-kit';
import { expectSame } from '../../../support/same';

const batch = new Batch();
const resolved = new Resolved();
const columns = new FaultColumns();
const addAll = (heat: HeatTable, row: number, pages: readonly number[]): void => {
  fill(
    batch,
    resolved,
    pages.map(() => ({ time: 0, region: row })),
  );
  columns.heatPage.set(pages);
  heat.add(batch, resolved, columns);
};
const pool = (): SlabPool => new SlabPool(HEAT_BINS, 4);

describe('HeatTable', () => {
  it('shows a sixty-fourth of the range per bin', () => {
    const heat = new HeatTable(pool());
    heat.open(0, 1000, 1000 + 6400);
    addAll(heat, 0, [1000, 1099, 1100, 7399]);
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
          const heat = new HeatTable(pool());
          heat.open(3, 10000, 10000 + size);
          addAll(heat, 3, pages);
          const { start, width, bins } = heat.read(3)!;
          const expected = new Array<number>(HEAT_BINS).fill(0);
          for (const page of pages) expected[Math.floor((page - start) / width)]!++;
          expectSame(bins, expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('counts nothing in a row that was not opened, and gives its bins back', () => {
    const blocks = pool();
    const heat = new HeatTable(blocks);
    heat.open(100, 0, 64);
    addAll(heat, 0, [5]);
    expect(heat.read(0)).toBeNull();
    addAll(heat, 100, [5]);
    expect(blocks.used).toBe(1);
    heat.clear(100);
    expect(heat.read(100)).toBeNull();
    addAll(heat, 100, [6]);
    expect(heat.read(100)!.bins[6]).toBe(1);
    heat.close(100);
    addAll(heat, 100, [6]);
    expect(heat.read(100)).toBeNull();
    expect(blocks.used).toBe(0);
  });
});
