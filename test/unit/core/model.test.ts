import type { Snapshot } from '../../../src/core/snapshot/snapshot';
import type { ElfImage } from '../../../src/core/elf/elf';
import { FILE_START, HEAP_START, Rig, STACK_START } from '../../support/model-kit';
import { R, vma, W, X } from '../../support/vma-kit';

/** Text at file pages 0-3; data at 4-4.5, .bss from there to page 8. */
const PROGRAM: ElfImage = {
  sections: [
    { name: '.text', address: 0x1000, size: 0x3000, nobits: false },
    { name: '.data', address: 0x14000, size: 0x800, nobits: false },
    { name: '.bss', address: 0x14800, size: 0x3000, nobits: true },
  ],
  segments: [
    { offset: 0, address: 0, fileSize: 0x4000, memSize: 0x4000, prot: R | X },
    { offset: 0x4000, address: 0x14000, fileSize: 0x800, memSize: 0x3800, prot: R | W },
  ],
};

describe('Model: where a fault happened', () => {
  it('names heap, stack, file and unknown addresses', () => {
    const rig = new Rig().attach();
    rig
      .fault({ page: HEAP_START })
      .fault({ page: STACK_START + 5 })
      .fault({ page: 5 });
    rig.fault({ page: FILE_START + 2, low: 0x123, code: 0x4 });
    const said = rig.run();
    expect(said.map((v) => [v.region, v.cause, v.offset])).toEqual([
      ['[heap]', 'demand-zero', -1],
      ['[stack]', 'demand-zero', -1],
      ['[unknown]', 'unknown', -1],
      ['data.db', 'page-cache', 2 * 4096 + 0x123],
    ]);
  });

  it('names the ELF section, and the tail of a .bss in anonymous memory, merged or not', () => {
    const rig = new Rig();
    rig.source.images.set('/bin/prog', PROGRAM);
    rig.attach(100, [
      vma(0x400, 0x404, '/bin/prog', { prot: R | X }),
      vma(0x414, 0x415, '/bin/prog', { pgoff: 4 }),
      // .bss has three more pages; what lies behind them is somebody else's.
      vma(0x415, 0x420),
    ]);
    rig.fault({ page: 0x400, low: 0x10, code: 0x14 }).fault({ page: 0x401, low: 0, code: 0x14 });
    rig.fault({ page: 0x414, low: 0x7ff, code: 0x6 }).fault({ page: 0x414, low: 0x800, code: 0x7 });
    rig.fault({ page: 0x415, code: 0x6 }).fault({ page: 0x417, code: 0x7 }).fault({ page: 0x418 });
    const said = rig.run();
    expect(said.map((v) => [v.region, v.cause, v.offset])).toEqual([
      ['prog', 'page-cache', 0x10],
      ['prog .text', 'page-cache', 0x1000],
      ['prog .data', 'cow-file', 0x47ff],
      ['prog .bss', 'cow-file', 0x4800],
      ['prog .bss', 'demand-zero', -1],
      ['prog .bss', 'cow-anon', -1],
      ['[anon]', 'demand-zero', -1],
    ]);
    const { regions } = rig.model.snapshot(rig.now);
    const bss = regions.filter((r) => r.label === 'prog .bss');
    expect(bss.map((r) => [r.kind, r.section, r.path, r.faults, r.size])).toEqual([
      ['file', '.bss', '/bin/prog', 3, 0x3800],
    ]);
    // Bytes of the two mappings, to the last: 0x800 + 0x800 and 11 pages.
    expect(regions.find((r) => r.label === 'prog .data')!.size).toBe(0x800);
    expect(regions.find((r) => r.label === '[anon]')!.size).toBe(11 * 4096 - 0x3000);
  });

  it('looks every fault up in the map as it was at its time', () => {
    const rig = new Rig().attach();
    const file = vma(0x5000, 0x5010, '/srv/a', { prot: R });
    rig.fault({ page: 0x5000, end: 'none' });
    rig.mmap(vma(0x5000, 0x5010)).fault({ page: 0x5000 });
    rig.mmap(file).fault({ page: 0x5000, code: 0x4 });
    rig
      .munmap(0x5000, 0x5008)
      .fault({ page: 0x5000, end: 'none' })
      .fault({ page: 0x5008, code: 4 });
    rig.mmap(vma(0x5000, 0x5004, '/srv/b', { prot: R })).fault({ page: 0x5003, code: 0x4 });
    expect(rig.labels()).toEqual(['[unknown]', '[anon]', 'a', '[unknown]', 'a', 'b']);
  });

  it('spares a mapping made while a munmap of its place was under way', () => {
    const rig = new Rig().attach();
    rig.mmap(vma(0x5000, 0x5010));
    const entered = rig.now;
    rig.mmap(vma(0x5000, 0x5010, '/srv/a', { prot: R }));
    rig.munmap(0x5000, 0x5010, 100, entered).fault({ page: 0x5001, code: 0x4 });
    expect(rig.labels()).toEqual(['a']);
  });

  it('fills the rows of the last snapshot again when told to, with the numbers of new ones', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START, latency: 3000 }).fault({ page: FILE_START, end: 'maj' }).run();
    const kept = rig.model.snapshot(rig.now);
    const first = rig.model.snapshot(rig.now, { reuse: true });
    const rows = [...first.regions, ...first.threads, ...first.processes];
    rig.fault({ page: HEAP_START, code: 0x7, latency: 9000 }).run();
    rig.model.tick(rig.now);
    const again = rig.model.snapshot(rig.now, { reuse: true });
    const next = [...again.regions, ...again.threads, ...again.processes];
    expect(next.every((row, i) => row === rows[i])).toBe(true);
    const fresh = rig.model.snapshot(rig.now);
    const plain = (of: Snapshot): object =>
      Object.fromEntries(
        Object.entries({ ...of, changes: null }).map(([name, value]: [string, unknown]) => [
          name,
          // Some are asked of one row, the others of none.
          typeof value === 'function' ? (value as (id: number) => unknown)(0) : value,
        ]),
      );
    expect(plain(again)).toEqual(plain(fresh));
    expect(again.changes.regions).toMatchObject({ version: 2, changed: [0, 1] });
    expect(fresh.changes.regions).toMatchObject({ version: 1, changed: null });
    expect(kept.regions.map((row) => row.faults)).toEqual([1, 1]);
    expect(again.regions.map((row) => row.faults)).toEqual([2, 1]);
  });

  it.each(['totals', 'rows', 'detail'] as const)('counts no more than is shown: %s', (depth) => {
    const rig = new Rig({}, depth).attach();
    rig.fault({ page: HEAP_START, latency: 3000 }).fault({ page: FILE_START, end: 'maj' });
    // Verdicts do not depend on it.
    expect(rig.run().map((v) => [v.class, v.region])).toEqual([
      ['MINOR', '[heap]'],
      ['MAJOR', 'data.db'],
    ]);
    const { totals, regions, threads } = rig.model.snapshot(rig.now);
    expect(totals.byClass).toEqual([1, 1, 0, 0]);
    expect(totals.uniquePages).toBe(depth === 'totals' ? 0 : 2);
    expect(regions).toHaveLength(depth === 'totals' ? 0 : 2);
    expect(threads).toHaveLength(depth === 'totals' ? 0 : 1);
    if (depth === 'totals') return;
    expect(rig.model.regionDetail(regions[0]!.id)!.threads).toHaveLength(depth === 'rows' ? 0 : 1);
  });

  it('does not apply records that the snapshot of /proc already shows', () => {
    const rig = new Rig();
    rig.mmap(vma(0x5000, 0x5010)).munmap(0x6000, 0x6010).fault({ page: 0x5000, code: 0x4 });
    rig.fault({ page: 0x6000 });
    rig.model.addProcess(100, {
      ppid: 1,
      comm: 'demo',
      maps: {
        vmas: [vma(0x5000, 0x5010, '/srv/newer', { prot: R }), vma(0x6000, 0x6010)],
        asOf: rig.now + 1,
      },
    });
    expect(rig.labels()).toEqual(['newer', '[anon]']);
  });

  it('follows mremap and brk', () => {
    const rig = new Rig().attach();
    rig.mmap(vma(0x5000, 0x5010, '/srv/a', { shared: true })).fault({ page: 0x5001, low: 8 });
    rig.mremap([0x5000, 0x5010], [0x9000, 0x9020]).fault({ page: 0x9011, low: 8 });
    rig.fault({ page: 0x5001, end: 'none' });
    rig.brk(HEAP_START + 64).mmap(vma(HEAP_START + 64, HEAP_START + 80, '[heap]'));
    rig.brk(HEAP_START + 80).fault({ page: HEAP_START + 70 });
    rig.brk(HEAP_START + 64).fault({ page: HEAP_START + 70, end: 'none' });
    const said = rig.run();
    expect(said.map((v) => [v.region, v.offset])).toEqual([
      ['a', 0x1008],
      ['a', 0x11008],
      ['[unknown]', -1],
      ['[heap]', -1],
      ['[unknown]', -1],
    ]);
    // One row, wherever it was mapped.
    expect(rig.model.snapshot(rig.now).regions.filter((r) => r.label === 'a')).toHaveLength(1);
  });

  it('knows how far a heap once went that was trimmed before anybody looked, and of an ended process', () => {
    const rig = new Rig().attach();
    rig.brk(HEAP_START + 64).fault({ page: HEAP_START + 1 });
    rig.mmap(vma(HEAP_START, HEAP_START + 500, '[heap]')).brk(HEAP_START + 500);
    rig.fault({ page: HEAP_START + 400 }).brk(HEAP_START + 64);
    rig.run();
    const far = (): unknown =>
      rig.model
        .snapshot(rig.now)
        .regions.filter(({ kind }) => kind === 'heap')
        .map(({ startPage, endPage }) => endPage - startPage);
    expect(far()).toEqual([500]);
    const other = new Rig().attach();
    other.brk(HEAP_START + 64).fault({ page: HEAP_START + 1 });
    other
      .mmap(vma(HEAP_START, HEAP_START + 300, '[heap]'))
      .brk(HEAP_START + 300)
      .exit(100);
    other.run();
    other.clear();
    other.run();
    const [heap] = other.model.snapshot(other.now).regions.filter(({ kind }) => kind === 'heap');
    expect(heap!.endPage - heap!.startPage).toBe(300);
  });

  it('finds the file offset after a piece of a mapping was replaced by another part of the file', () => {
    const rig = new Rig();
    rig.source.images.set('/bin/prog', PROGRAM);
    rig.attach(100, [vma(0x400, 0x402, '/bin/prog', { prot: R | X })]);
    rig.fault({ page: 0x401, code: 0x14 });
    rig.mmap(vma(0x400, 0x402, '/bin/prog', { prot: R | X, pgoff: 2 }));
    rig.fault({ page: 0x400, code: 0x14 }).fault({ page: 0x401, low: 5, code: 0x14 });
    expect(rig.run().map((v) => [v.region, v.offset])).toEqual([
      ['prog .text', 0x1000],
      ['prog .text', 0x2000],
      ['prog .text', 0x3005],
    ]);
  });

  it('keeps one row for a file however many mappings show it, one per permissions', () => {
    const rig = new Rig().attach(100, []);
    for (let i = 0; i < 50; i++) {
      rig.mmap(vma(0x1000 + i * 16, 0x1008 + i * 16, '/srv/a', { prot: R, pgoff: i * 8 }));
      rig.fault({ page: 0x1000 + i * 16, code: 0x4 });
    }
    rig.mmap(vma(0x1000, 0x1008, '/srv/a')).fault({ page: 0x1000, code: 0x6 });
    rig.run();
    const rows = rig.model
      .snapshot(rig.now)
      .regions.map((r) => [r.label, r.permissions, r.faults, r.size]);
    expect(rows).toEqual([
      ['a', 'r--p', 50, 49 * 8 * 4096],
      ['a', 'rw-p', 1, 8 * 4096],
    ]);
  });

  it('keeps the identity of anonymous memory over growth and splits', () => {
    const rig = new Rig().attach(100, [vma(0x1000, 0x1010), vma(0x2000, 0x2010)]);
    rig.fault({ page: 0x1000 }).fault({ page: 0x2000 });
    rig.mmap(vma(0x1000, 0x1020)).fault({ page: 0x1018 });
    rig.munmap(0x1004, 0x1008).fault({ page: 0x1002 }).fault({ page: 0x1010 });
    rig.run();
    const rows = rig.model.snapshot(rig.now).regions;
    expect(rows.map((r) => [r.startPage, r.faults])).toEqual([
      [0x1000, 4],
      [0x2000, 1],
    ]);
  });
});

describe('Model: a stack of a thread', () => {
  const guard = vma(0x5000, 0x5001, '', { prot: 0 });

  it('is told by its guard page and gets its label in retrospect', () => {
    const rig = new Rig().attach(100, [guard, vma(0x5001, 0x5801), ...[vma(0x9000, 0x9010)]]);
    rig.thread(100, 101).fault({ page: 0x5800, tid: 101 }).stackPointer(100, 101, 0x5800);
    rig.fault({ page: 0x57ff, tid: 101 }).stackPointer(100, 101, 0x9001).fault({ page: 0x9001 });
    expect(rig.labels()).toEqual(['[stack:101]', '[stack:101]', '[anon]']);
    const row = rig.model.snapshot(rig.now).regions.find((r) => r.label === '[stack:101]')!;
    expect([row.kind, row.faults]).toEqual(['stack', 2]);
  });

  it('is named anew when another thread takes it over', () => {
    const rig = new Rig().attach(100, [guard, vma(0x5001, 0x5801)]);
    rig.thread(100, 101).stackPointer(100, 101, 0x5800).fault({ page: 0x5800, tid: 101 });
    rig.exit(100, 101).thread(100, 102).stackPointer(100, 102, 0x5800);
    rig.fault({ page: 0x5800, tid: 102, code: 0x7 });
    expect(rig.labels()).toEqual(['[stack:101]', '[stack:102]']);
  });

  it('is known from before the snapshot of /proc, which shows it too', () => {
    const rig = new Rig();
    const maps = { vmas: [guard, vma(0x5001, 0x5801)], asOf: 10_000 };
    rig.model.addProcess(100, { ppid: 1, comm: 'demo', tids: [100, 101], maps });
    rig.stackPointer(100, 101, 0x5800).fault({ page: 0x5790, tid: 101 });
    expect(rig.now).toBeLessThan(maps.asOf);
    expect(rig.labels()).toEqual(['[stack:101]']);
  });

  it('of the first thread is [stack]', () => {
    const rig = new Rig().attach();
    rig.stackPointer(100, 100, STACK_START + 8).fault({ page: STACK_START + 8 });
    expect(rig.labels()).toEqual(['[stack]']);
  });
});

describe('Model: addresses nobody announced', () => {
  it('are asked about once and then known', () => {
    const rig = new Rig().attach();
    rig.source.maps.set(100, { vmas: [vma(0x5000, 0x5010, '/srv/a', { prot: R })], asOf: 1 });
    for (let i = 0; i < 10; i++) rig.fault({ page: 0x5000 + i, code: 0x4 });
    expect(new Set(rig.labels())).toEqual(new Set(['a']));
    expect(rig.source.asked).toMatchObject({ pages: 1, maps: 0 });
  });

  it('are looked for in the whole file where single pages cannot be asked about', () => {
    const rig = new Rig().attach();
    rig.source.answersPages = false;
    // What is known stays: the map is as of the fault's time, the file is as of now.
    rig.source.maps.set(100, {
      vmas: [vma(0x5000, 0x5010, '/srv/a'), vma(HEAP_START, HEAP_START + 64, '/srv/later')],
      asOf: 1,
    });
    rig.fault({ page: 0x5000 }).fault({ page: HEAP_START });
    expect(rig.labels()).toEqual(['a', '[heap]']);
    expect(rig.source.asked.maps).toBe(1);
  });

  it('cost one question in a storm of SIGSEGV at one place, and never a read of the file', () => {
    const rig = new Rig().attach();
    for (let i = 0; i < 1000; i++) rig.fault({ page: 5, end: 'none' });
    const said = rig.run();
    expect(said.every((v) => v.class === 'ERROR' && v.region === '[unknown]')).toBe(true);
    expect(rig.source.asked).toMatchObject({ pages: 1, maps: 0 });
  });

  it('are asked about again after a while', () => {
    const rig = new Rig().attach();
    rig.fault({ page: 5, end: 'none' }).run();
    rig.source.maps.set(100, { vmas: [vma(0, 16)], asOf: 1 });
    rig.now += 200e6;
    expect(rig.fault({ page: 5 }).labels()).toEqual(['[anon]']);
  });

  it('cost a bounded number of questions per batch', () => {
    const rig = new Rig().attach();
    for (let i = 0; i < 16000; i++) rig.fault({ page: 0x100000 + i, end: 'none' });
    rig.run();
    expect(rig.source.asked.pages).toBeLessThanOrEqual(2048);
  });

  it('are not asked about once their process has ended: what was told before stays', () => {
    const rig = new Rig().attach();
    rig.source.maps.set(100, { vmas: [vma(0x5000, 0x5010, '/srv/a')], asOf: 1 });
    rig.fault({ page: 0x5000 }).run();
    const asked = { ...rig.source.asked };
    rig.source.ended.add(100);
    for (let i = 0; i < 100; i++) rig.fault({ page: 0x7000 + i }).fault({ page: 0x5001 });
    expect(rig.labels()).toEqual(Array.from({ length: 200 }, (_, i) => ['[unknown]', 'a'][i % 2]));
    expect(rig.source.asked).toEqual(asked);
  });

  it('are asked about of who shares the memory of a process that has ended', () => {
    const rig = new Rig().attach();
    rig.fork(100, 200).share(100, 200).run();
    rig.source.ended.add(200);
    rig.source.maps.set(100, { vmas: [vma(0x5000, 0x5010, '/srv/a')], asOf: 1 });
    rig.fault({ pid: 200, page: 0x5000 }).fault({ page: 0x5000 });
    expect(rig.labels()).toEqual(['[unknown]', 'a']);
  });

  it('of a process first seen by a fault are found in its maps', () => {
    const rig = new Rig();
    rig.source.maps.set(7, { vmas: [vma(0x5000, 0x5010, '/srv/a')], asOf: 1 });
    rig.source.comms.set(7, 'cron').set(8, 'helper');
    rig.fault({ pid: 7, tid: 8, page: 0x5000 });
    const [said] = rig.run();
    expect([said!.region, said!.comm, said!.tid]).toEqual(['a', 'helper', 8]);
    const [row] = rig.model.snapshot(rig.now).processes;
    expect([row!.pid, row!.comm]).toEqual([7, 'cron']);
  });

  it('are read anew after a loss, over what is stale', () => {
    const rig = new Rig().attach();
    rig
      .mmap(vma(0x5000, 0x5010, '/srv/old'))
      .lost(3)
      .run();
    rig.source.maps.set(100, { vmas: [vma(0x5000, 0x5010, '/srv/new')], asOf: rig.now });
    expect(rig.fault({ page: 0x5000 }).labels()).toEqual(['new']);
    expect(rig.model.lostRecords).toBe(3);
    // That /proc does not answer is no death.
    rig.source.maps.delete(100);
    rig.lost(1).run();
    rig.run();
    expect(rig.model.snapshot(rig.now).processes.map((p) => p.alive)).toEqual([true]);
    // Gone, and nobody has seen it go.
    rig.source.ended.add(100);
    rig.run();
    expect(rig.model.snapshot(rig.now).processes.map((p) => p.alive)).toEqual([false]);
  });
});
