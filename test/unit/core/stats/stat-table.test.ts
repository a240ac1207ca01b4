import fc from 'fast-check';
import { CAUSE_COUNT, CLASS_COUNT } from '../../../../src/core/classify/classes';
import { Batch, FAULT_CAPACITY } from '../../../../src/core/wire/batch';
import { FaultColumns } from '../../../../src/core/wire/fault-columns';
import { Resolved } from '../../../../src/core/wire/resolved';
import { Cell } from '../../../../src/core/stats/cells';
import { SlabPool } from '../../../../src/core/stats/slab-pool';
import { bucketOf } from '../../../../src/core/stats/histogram';
import { HISTORY_TICKS } from '../../../../src/core/stats/history';
import { STAT_BLOCK_WORDS } from '../../../../src/core/stats/row-histograms';
import { StatTable } from '../../../../src/core/stats/stat-table';
import { fill } from '../../../support/fault-kit';

interface Fault {
  readonly row: number;
  readonly faultClass: number;
  readonly cause: number;
  readonly latency: number;
  readonly fresh: number;
}
const ROWS = 200;
const ALL_ROWS = Array.from({ length: ROWS }, (_, row) => row);
const fault: fc.Arbitrary<Fault> = fc.record({
  row: fc.integer({ min: 0, max: ROWS - 1 }),
  faultClass: fc.integer({ min: 0, max: CLASS_COUNT - 1 }),
  cause: fc.integer({ min: 0, max: CAUSE_COUNT - 1 }),
  latency: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 31 })),
  fresh: fc.integer({ min: 0, max: 1 }),
});

const batch = new Batch();
const resolved = new Resolved();
const columns = new FaultColumns();
const rows = new Uint32Array(FAULT_CAPACITY);

/** Enters faults with times 0, 1, 2 ... as one batch. */
const addAll = (table: StatTable, faults: readonly Fault[], time = 0): void => {
  fill(
    batch,
    resolved,
    faults.map(({ latency, faultClass, cause }, i) => ({
      time: time + i,
      ...{ latency, faultClass, cause },
    })),
  );
  faults.forEach((f, i) => {
    rows[i] = f.row;
    columns.fresh[i] = f.fresh;
    columns.bucket[i] = bucketOf(f.latency);
  });
  table.add(rows, batch, resolved, columns);
};
const add = (table: StatTable, row: number, f: Omit<Fault, 'row'>, time = 0): void => {
  addAll(table, [{ ...f, row }], time);
};
const tally = (faults: readonly Fault[], by: 'faultClass' | 'cause', length: number): number[] =>
  Array.from({ length }, (_, value) => faults.filter((f) => f[by] === value).length);
/** As large as these tests need; the default is 32 MiB. */
const pool = (cap = 4000): SlabPool => new SlabPool(STAT_BLOCK_WORDS, cap);
const PLAIN = { faultClass: 1, cause: 0, latency: 1000, fresh: 1 };

describe('StatTable', () => {
  it('counts as a list of faults would', () => {
    fc.assert(
      fc.property(fc.array(fault, { maxLength: 400 }), (faults) => {
        const table = new StatTable(pool(), 1);
        expect(Array.from(ALL_ROWS, () => table.alloc())).toEqual(ALL_ROWS);
        addAll(table, faults);
        for (const row of new Set(faults.map((f) => f.row))) {
          const mine = faults.filter((f) => f.row === row);
          const timed = mine.filter((f) => f.latency >= 0).map((f) => f.latency);
          const cells = (first: number, length: number): number[] =>
            Array.from({ length }, (_, at) => table.get(row, first + at));
          expect({
            faults: table.faults(row),
            classes: cells(Cell.byClass, CLASS_COUNT),
            causes: cells(Cell.byCause, CAUSE_COUNT),
            uniquePages: table.get(row, Cell.uniquePages),
            stallNs: table.get(row, Cell.stallNs),
            maxNs: table.get(row, Cell.maxNs),
            lastTime: table.get(row, Cell.lastTime),
          }).toEqual({
            faults: mine.length,
            classes: tally(mine, 'faultClass', CLASS_COUNT),
            causes: tally(mine, 'cause', CAUSE_COUNT),
            uniquePages: mine.filter((f) => f.fresh === 1).length,
            stallNs: timed.reduce((a, b) => a + b, 0),
            maxNs: Math.max(0, ...timed),
            lastTime: faults.lastIndexOf(mine[mine.length - 1]!),
          });
          const median = table.p50Ns(row);
          const exact = timed.sort((a, b) => a - b)[Math.ceil(timed.length / 2) - 1];
          if (exact === undefined) expect(median).toBeNaN();
          else expect(Math.abs(median - exact)).toBeLessThanOrEqual(exact * 0.032);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('folding a row into another gives the sum, and the free slot begins at zero', () => {
    const blocks = pool();
    const table = new StatTable(blocks);
    const [a, b] = [table.alloc(), table.alloc()];
    for (const latency of [10, 100, 5000]) add(table, a, { ...PLAIN, latency }, latency);
    add(table, b, { ...PLAIN, latency: 70000, faultClass: 0 }, 42);
    const id = table.id(a);
    table.fold(a, b);
    table.release(a);
    expect([
      table.faults(b),
      table.get(b, Cell.byClass + 0),
      table.get(b, Cell.byClass + 1),
    ]).toEqual([4, 1, 3]);
    expect([
      table.get(b, Cell.maxNs),
      table.get(b, Cell.stallNs),
      table.get(b, Cell.lastTime),
    ]).toEqual([70000, 75110, 5000]);
    expect(table.p50Ns(b)).toBeCloseTo(100, -1);
    const reused = table.alloc();
    expect(reused).toBe(a);
    expect(table.id(reused)).not.toBe(id);
    expect([table.faults(a), table.get(a, Cell.maxNs), table.p50Ns(a)]).toEqual([0, 0, NaN]);
    table.release(a);
    table.release(b);
    expect(blocks.used).toBe(0);
  });

  it('samples rates and a history that is aligned for all rows', () => {
    const table = new StatTable(pool());
    const [early, late] = [table.alloc(), table.alloc()];
    add(table, early, PLAIN);
    table.tick(1e9, 1e9);
    add(table, early, PLAIN);
    add(table, late, PLAIN);
    add(table, late, PLAIN);
    table.tick(0.5e9, 0.5e9);
    expect([table.get(early, Cell.rate), table.get(late, Cell.rate)]).toEqual([2, 4]);
    expect(table.history(early)).toEqual([1, 1]);
    expect(table.history(late)).toEqual([0, 2]);
    for (let i = 0; i < HISTORY_TICKS - 1; i++) table.tick(1e9, 1e9);
    expect(table.get(early, Cell.rate)).toBe(0);
    expect(table.history(late)).toHaveLength(HISTORY_TICKS);
    expect(table.history(late)[0]).toBe(2);
  });

  it('gives up the history of rows that rest, and finds it again', () => {
    const blocks = pool();
    const table = new StatTable(blocks);
    const row = table.alloc();
    add(table, row, { ...PLAIN, latency: -1 });
    for (let i = 0; i < HISTORY_TICKS + 2; i++) table.tick(1e9, 1e9);
    expect(blocks.used).toBe(0);
    expect(table.history(row)).toEqual([]);
    add(table, row, { ...PLAIN, latency: -1 });
    table.tick(1e9, 1e9);
    expect(table.get(row, Cell.rate)).toBe(1);
    expect(table.history(row)[HISTORY_TICKS - 1]).toBe(1);
  });

  it('zero() keeps the rows and does not report a negative rate', () => {
    const table = new StatTable(pool());
    const row = table.alloc();
    const id = table.id(row);
    for (let i = 0; i < 5; i++) add(table, row, PLAIN);
    table.tick(1e9, 1e9);
    table.zero();
    expect([table.faults(row), table.get(row, Cell.uniquePages), table.id(row)]).toEqual([
      0,
      0,
      id,
    ]);
    add(table, row, PLAIN);
    table.tick(1e9, 1e9);
    expect(table.get(row, Cell.rate)).toBe(1);
  });

  it('does not show percentiles of what was counted before', () => {
    const table = new StatTable(pool());
    const row = table.alloc();
    add(table, row, { ...PLAIN, latency: 10 });
    expect([table.p50Ns(row), table.p99Ns(row)]).toEqual([10, 10]);
    add(table, row, { ...PLAIN, latency: 12 });
    expect([table.p50Ns(row), table.p99Ns(row)]).toEqual([10, 12]);
    table.zero();
    expect(table.p50Ns(row)).toBeNaN();
    // As many as before, of another kind.
    add(table, row, { ...PLAIN, latency: 14 });
    add(table, row, { ...PLAIN, latency: 15 });
    expect([table.p50Ns(row), table.p90Ns(row)]).toEqual([14, 15]);
  });

  it('goes on counting when its pool is exhausted, and says so', () => {
    const table = new StatTable(pool(1));
    const [a, b] = [table.alloc(), table.alloc()];
    add(table, a, PLAIN);
    expect(table.incomplete).toBe(false);
    add(table, b, PLAIN);
    table.tick(1e9, 1e9);
    expect(table.incomplete).toBe(true);
    expect([table.faults(b), table.get(b, Cell.stallNs), table.get(b, Cell.rate)]).toEqual([
      1, 1000, 1,
    ]);
    expect(table.p50Ns(b)).toBeNaN();
  });
});

test('a row has another revision when a tick has changed the rate of a class alone', () => {
  const table = new StatTable(pool());
  const row = table.alloc();
  table.tick(1e9, 1e9);
  add(table, row, { ...PLAIN, latency: -1 });
  table.tick(1e9, 1e9);
  add(table, row, { ...PLAIN, latency: -1, faultClass: 2 });
  const before = table.revision(row);
  table.tick(1e9, 1e9);
  expect(table.get(row, Cell.classRate + 2)).toBe(1);
  expect(table.revision(row)).not.toBe(before);
});

test('a row that rests is looked at again when it counts more, or had counted less at the last tick', () => {
  const table = new StatTable(pool());
  const row = table.alloc();
  const stalled = (): number => {
    table.tick(1e9, 1e9);
    return table.get(row, Cell.stalled);
  };
  table.stall(row, 0.5e9, 1);
  expect([stalled(), stalled(), stalled()]).toEqual([0.5, 0, 0]);
  table.late(row, -0.25e9);
  expect([stalled(), stalled(), stalled()]).toEqual([0.25, 0, 0]);
  table.stall(row, 0.125e9, 5);
  expect([stalled(), stalled()]).toEqual([0.125, 0]);
});
