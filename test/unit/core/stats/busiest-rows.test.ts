import * as fc from 'fast-check';
import { BusiestRows } from '../../../../src/core/stats/busiest-rows';
import { statPool } from '../../../../src/core/stats/row-histograms';
import { StatTable } from '../../../../src/core/stats/stat-table';
import { expectSame } from '../../../support/same';

const MOST = 3;
const CLASS = 1;

const step = fc.record({
  do: fc.constantFrom('count', 'count', 'count', 'take', 'release', 'alloc', 'look'),
  row: fc.nat({ max: 9 }),
  n: fc.integer({ min: 1, max: 4 }),
});

/** How many faults the busiest rows have, looked for among all. */
function most(stats: StatTable): number[] {
  const faults: number[] = [];
  for (let row = 0; row < stats.limit; row++)
    if (stats.id(row) !== 0) faults.push(stats.faults(row));
  return faults
    .filter((n) => n > 0)
    .sort((a, b) => b - a)
    .slice(0, MOST);
}

test('the busiest rows are those with the most faults, whatever becomes of rows between two looks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const stats = new StatTable(statPool(64));
      const busiest = new BusiestRows(stats, MOST);
      for (let k = 0; k < 5; k++) stats.alloc();
      for (const { do: what, row: wanted, n } of [...steps, { do: 'look', row: 0, n: 0 }]) {
        const row = wanted % stats.limit;
        const isThere = stats.id(row) !== 0;
        if (what === 'alloc') stats.alloc();
        else if (what === 'count' && isThere) stats.count(row, CLASS, n, 0);
        else if (what === 'take' && isThere) {
          stats.count(row, CLASS, -Math.min(n, stats.faults(row)), 0);
        } else if (what === 'release' && isThere) stats.release(row);
        else if (what === 'look') {
          const found = busiest.slots();
          expectSame(
            found.map((slot) => stats.faults(slot)),
            most(stats),
          );
          expectSame(new Set(found).size, found.length);
        }
      }
    }),
  );
});
