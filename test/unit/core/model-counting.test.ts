import { FaultClass } from '../../../src/core/classify/classes';
import { mergeCounted } from '../../../src/core/stats/cells';
import { FILE_START, HEAP_START, Rig, STACK_START } from '../../support/model-kit';
import { R, vma } from '../../support/vma-kit';

describe('Model: counting', () => {
  it('adds up to the same totals in every table', () => {
    const rig = new Rig().attach(100, undefined, [100, 101]);
    rig.fork(100, 200);
    for (let i = 0; i < 3000; i++) {
      const pid = i % 3 === 0 ? 200 : 100;
      const tid = i % 3 === 1 ? 101 : pid;
      const page = [HEAP_START, STACK_START, FILE_START, 0][i % 4]! + (i % 16);
      const end = (['min', 'maj', 'none', 'min'] as const)[i % 7 === 0 ? i % 4 : 0]!;
      rig.fault({ page, pid, tid, end, code: i % 8, latency: i % 5 === 0 ? -1 : i * 10 });
    }
    rig.run();
    // Whatever is divided by a power of two adds up without rounding.
    rig.model.tick(2 ** 33);
    const { totals, regions, threads, processes, latency } = rig.model.snapshot(2 ** 33);
    expect(totals.faults).toBe(3000);
    expect([totals.rate, totals.stalled].every((n) => n > 0)).toBe(true);
    for (const rows of [regions, threads, processes]) {
      expect(mergeCounted(rows)).toEqual(mergeCounted([totals]));
      for (const key of ['faults', 'stallNs', 'uniquePages', 'refaults'] as const) {
        expect([key, rows.reduce((n, r) => n + r[key], 0)]).toEqual([key, totals[key]]);
      }
      totals.byClass.forEach((n, c) => {
        expect(rows.reduce((sum, r) => sum + r.byClass[c]!, 0)).toBe(n);
      });
      totals.byCause.forEach((n, c) => {
        expect(rows.reduce((sum, r) => sum + r.byCause[c]!, 0)).toBe(n);
      });
    }
    expect(latency.reduce((n, h) => n + h.totalNs, 0)).toBe(totals.stallNs);
    expect(latency.map((h) => h.buckets.reduce((n, b) => n + b.count, 0))).toEqual(
      latency.map((h) => h.count),
    );
    const worst = Math.max(...threads.filter((t) => t.pid === 100).map((t) => t.stallShare));
    expect(processes.find((p) => p.pid === 100)!.worstThreadShare).toBe(worst);
  });

  it('tells unique pages from re-faults; what was unmapped is new again', () => {
    const rig = new Rig().attach();
    for (const page of [0, 1, 2, 0, 1, 0]) rig.fault({ page: HEAP_START + page });
    rig.mmap(vma(0x5000, 0x5010)).fault({ page: 0x5000 }).munmap(0x5000, 0x5010);
    rig.mmap(vma(0x5000, 0x5010)).fault({ page: 0x5000 });
    // mprotect: the same memory, another protection.
    rig.mmap(vma(0x5000, 0x5010, '', { prot: R })).fault({ page: 0x5000, code: 0x5 });
    // A SIGSEGV populates nothing.
    rig.fault({ page: HEAP_START + 9, end: 'none' }).fault({ page: HEAP_START + 9 });
    rig.run();
    const by = new Map<string, number[]>();
    for (const r of rig.model.snapshot(rig.now).regions) {
      by.set(`${r.label} ${r.permissions}`, [r.faults, r.uniquePages, r.refaults]);
    }
    expect(by.get('[heap] rw-p')).toEqual([8, 4, 3]);
    expect(by.get('[anon] rw-p')).toEqual([2, 2, 0]);
    expect(by.get('[anon] r--p')).toEqual([1, 0, 1]);
  });

  it('leaves what a filter drops out of the tables', () => {
    const rig = new Rig().attach();
    rig.model.setKeep((_, resolved, i) => resolved.faultClass[i] === FaultClass.COW);
    rig.fault({ page: HEAP_START }).fault({ page: HEAP_START, code: 0x7 }).run();
    expect([rig.resolved.keep[0], rig.resolved.keep[1]]).toEqual([0, 1]);
    expect(rig.model.filteredOut).toBe(1);
    const { totals, regions } = rig.model.snapshot(rig.now);
    expect([totals.faults, totals.uniquePages]).toEqual([1, 1]);
    expect(regions.map((r) => r.faults)).toEqual([1]);
    rig.model.setKeep(null);
    rig.fault({ page: HEAP_START }).run();
    expect(rig.resolved.keep[0]).toBe(1);
  });

  it('zero() begins anew with the maps kept', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START, latency: 500 }).run();
    const before = rig.model.snapshot(rig.now).regions[0]!;
    rig.model.zero(rig.now);
    const empty = rig.model.snapshot(rig.now + 1000);
    expect([empty.totals.faults, empty.regions.length, empty.elapsed]).toEqual([0, 0, 1000]);
    expect(empty.latency.every((h) => h.count === 0)).toBe(true);
    rig.fault({ page: HEAP_START }).run();
    const after = rig.model.snapshot(rig.now).regions[0]!;
    expect([after.id, after.label, after.faults]).toEqual([before.id, '[heap]', 1]);
  });

  it('shares, rates and percentiles are those of the interval', () => {
    const rig = new Rig().attach();
    for (let i = 1; i <= 100; i++) rig.fault({ page: HEAP_START + (i % 64), latency: i * 1000 });
    rig.run();
    rig.model.tick(2e9);
    const { totals } = rig.model.snapshot(10e6);
    expect(totals.stallNs).toBe(5050 * 1000);
    expect(totals.stallShare).toBeCloseTo(0.505);
    expect(totals.rate).toBe(50);
    expect(totals.maxNs).toBe(100000);
    expect(Math.abs(totals.p50Ns - 50000)).toBeLessThanOrEqual(1600);
    expect(Math.abs(totals.p99Ns - 99000)).toBeLessThanOrEqual(3168);
  });

  it('shows where in a region its faults fall and who causes them', () => {
    const rig = new Rig().attach(100, undefined, [100, 101]);
    for (let i = 0; i < 5; i++) rig.fault({ page: HEAP_START + 3, tid: 101 });
    rig.fault({ page: HEAP_START + 63 });
    rig.run();
    const [row] = rig.model.snapshot(rig.now).regions;
    const detail = rig.model.regionDetail(row!.id)!;
    expect(detail.heat).toMatchObject({ byFile: false, start: HEAP_START, width: 1 });
    expect([detail.heat!.bins[3], detail.heat!.bins[63]]).toEqual([5, 1]);
    expect(detail.threads.map((t) => [t.tid, t.faults])).toEqual([
      [101, 5],
      [100, 1],
    ]);
    expect(rig.model.regionDetail(999)).toBeNull();
    expect(rig.model.regionDetail(0)).toBeNull();
  });
});
