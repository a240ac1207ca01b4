import { FaultClass } from '../../../src/core/classify/classes';
import { HEAP_START, Rig, STACK_START } from '../../support/model-kit';

const { MAJOR, MINOR, COW } = FaultClass;

describe('Model: a sample', () => {
  it('counts threads and processes exactly, and what was hit by weight', () => {
    const rig = new Rig().attach(100, undefined, [100, 101]);
    rig.fault({ page: HEAP_START, weight: 10, counted: 7, latency: 100 });
    rig.fault({ page: HEAP_START + 1, weight: 10, counted: 12, latency: 300 });
    rig.fault({ page: STACK_START, tid: 101, weight: 10, counted: 9, latency: 100 });
    rig.fault({ page: HEAP_START + 2, end: 'maj', latency: 5000 });
    rig.counted(5, 100, 101).run();
    const { totals, regions, threads, processes, latency } = rig.model.snapshot(rig.now);
    expect([totals.byClass[MAJOR], totals.byClass[MINOR]]).toEqual([1, 33]);
    expect(processes.map((row) => row.byClass[MINOR])).toEqual([33]);
    expect(new Map(threads.map((row) => [row.tid, row.faults]))).toEqual(
      new Map([
        [100, 20],
        [101, 14],
      ]),
    );
    const of = (label: string): number[] => {
      const row = regions.find((region) => region.label.startsWith(label))!;
      return [row.byClass[MAJOR]!, row.byClass[MINOR]!, row.stallNs];
    };
    expect(of('[heap]')).toEqual([1, 20, 9000]);
    expect(of('[stack]')).toEqual([0, 10, 1000]);
    expect(totals.stallNs).toBe(10_000);
    expect(latency.find((h) => h.faultClass === 'MINOR')).toMatchObject({
      count: 30,
      totalNs: 5000,
    });
    // Which pages the others hit is not known.
    expect([totals.uniquePages, totals.refaults]).toEqual([NaN, NaN]);
  });

  it('takes what no row tells of as COW in the share of those that were captured', () => {
    const rig = new Rig().attach(100);
    rig.fork(100, 200).fork(100, 300);
    const cow = { page: HEAP_START, code: 0x7, pid: 200 };
    rig.fault({ ...cow, weight: 10, counted: 3 });
    rig.fault({ page: HEAP_START + 1, pid: 200, weight: 10, counted: 1 });
    rig.counted(11, 200).counted(4, 300).counted(-2, 200).run();
    const { totals, processes } = rig.model.snapshot(rig.now);
    const classes = (pid: number): number[] => {
      const { byClass } = processes.find((row) => row.pid === pid)!;
      return [byClass[MINOR]!, byClass[COW]!];
    };
    // Half of 11, 4 and -2; the halves that are left over go to whoever comes next.
    expect(classes(200)[0]! + classes(200)[1]!).toBe(13);
    expect(Math.abs(classes(200)[1]! - 7.5)).toBeLessThanOrEqual(1);
    expect(classes(300)).toEqual([2, 2]);
    expect(totals.faults).toBe(17);
  });

  it('leaves what no row tells of out of what a filter keeps', () => {
    const rig = new Rig().attach(100);
    rig.model.setKeep((batch, _, i) => batch.tid[i] === 100);
    rig.fault({ page: HEAP_START, weight: 10, counted: 7 }).counted(5).run();
    expect(rig.model.snapshot(rig.now).totals.faults).toBe(7);
  });
});
