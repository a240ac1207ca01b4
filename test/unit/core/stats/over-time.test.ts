import { LATENCY_ROWS } from '../../../../src/core/stats/over-time';
import type { PlacesOverTime } from '../../../../src/core/stats/over-time';
import { HEAP_START, Rig } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';

/** Faults on some pages of the heap, then a tick. */
function tick(rig: Rig, pages: readonly number[], latency = 1000): void {
  for (const page of pages) rig.fault({ page: HEAP_START + page, latency });
  rig.run();
  rig.now += 1e9;
  rig.model.tick(rig.now);
}

function places(rig: Rig): PlacesOverTime {
  const heap = rig.model.snapshot(rig.now).regions.find(({ kind }) => kind === 'heap')!;
  return rig.model.regionDetail(heap.id)!.overTime!;
}

/** Slices with faults, column by column. */
const seen = ({ columns }: PlacesOverTime): number[][] =>
  columns.map((column) => Array.from(column).flatMap((n, k) => (n > 0 ? [k] : [])));

test('a scan is a slope, and each fault is in the column of its tick', () => {
  const rig = new Rig().attach();
  for (const page of [0, 1, 2]) tick(rig, [page, page]);
  tick(rig, []);
  const found = places(rig);
  expect(found.since).toBe(0);
  expect(seen(found)).toEqual([[0], [1], [2], []]);
  expect(found.columns.map((column) => Array.from(column).reduce((a, b) => a + b, 0))).toEqual([
    2, 2, 2, 0,
  ]);
  expect(found.times).toHaveLength(4);
});

test('what is counted is the sum of the columns, whatever the region grew to meanwhile', () => {
  const rig = new Rig().attach();
  tick(rig, [0, 1, 2, 3]);
  const before = places(rig);
  tick(rig, [4, 5, 6]);
  const after = places(rig);
  const sum = ({ columns }: PlacesOverTime): number =>
    columns.reduce((total, column) => total + Array.from(column).reduce((a, b) => a + b, 0), 0);
  expect([sum(before), sum(after)]).toEqual([4, 7]);
});

test('latencies are told by power of two, class and tick', () => {
  const rig = new Rig().attach();
  tick(rig, [0, 1], 3000);
  tick(rig, [2], 5000);
  const { columns, count } = rig.model.snapshot(rig.now).latencyOverTime();
  expect(count).toBe(2);
  // 2^11 to 2^12 ns, then 2^12 to 2^13: class 1 is MINOR.
  const cells = columns.map((column) =>
    Array.from(column).flatMap((n, k) => (n > 0 ? [[k, n]] : [])),
  );
  expect(cells).toEqual([[[LATENCY_ROWS + 11, 2]], [[LATENCY_ROWS + 12, 1]]]);
});

test('zeroed counters begin anew', () => {
  const rig = new Rig().attach();
  tick(rig, [0, 1]);
  rig.model.zero(rig.now);
  tick(rig, [3]);
  expect(seen(places(rig))).toEqual([[3]]);
  expect(rig.model.snapshot(rig.now).latencyOverTime().count).toBe(1);
});

test('kept for the 20 busiest regions; of another one from when it is opened', () => {
  const starts = Array.from({ length: 21 }, (_, k) => 0x10000 + k * 0x1000);
  const rig = new Rig().attach(
    100,
    starts.map((start) => vma(start, start + 64)),
  );
  // The region that is opened last has one fault, the others from 2 on.
  const faults = (): void => {
    starts.forEach((start, k) => {
      for (let n = 0; n <= k; n++) rig.fault({ page: start + n });
    });
    tick(rig, []);
  };
  faults();
  faults();
  const { regions } = rig.model.snapshot(rig.now);
  const kept = starts.map((start) => {
    const { id } = regions.find((row) => row.startPage === start)!;
    const { since, columns } = rig.model.regionDetail(id)!.overTime!;
    return { since, ticks: columns.length };
  });
  expect(kept.slice(1)).toEqual(starts.slice(1).map(() => ({ since: 0, ticks: 2 })));
  expect(kept[0]).toEqual({ since: rig.now, ticks: 0 });
});
