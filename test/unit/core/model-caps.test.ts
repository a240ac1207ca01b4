import { HEAP_START, Rig } from '../../support/model-kit';
import { backing, R, vma } from '../../support/vma-kit';
import { expectExact, sum } from '../../support/snapshots';

describe('Model: caps', () => {
  it('folds processes that are gone, oldest first, and loses no fault', () => {
    const rig = new Rig({ regions: 40, threads: 20, processes: 20 }).attach();
    let faults = 0;
    for (let n = 0; n < 500; n++) {
      const pid = 1000 + n;
      rig.fork(100, pid).rename(pid, pid, n % 2 === 0 ? 'even' : 'odd');
      rig.fault({ page: HEAP_START, pid, code: 7 }).fault({ page: 0x9000, pid, end: 'none' });
      rig.exit(pid);
      faults += 2;
      if (n % 5 === 4) rig.run();
    }
    rig.run();
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, faults);
    expect(snapshot.processes.length).toBeLessThanOrEqual(20 + 5 + 3);
    expect(snapshot.regions.length).toBeLessThanOrEqual(40 + 10 + 4);
    const folded = snapshot.regions.filter((r) => r.pid === 0);
    expect(folded.map((r) => `${r.comm} ${r.label}`).sort()).toEqual([
      'even [heap]',
      'even [unknown]',
      'odd [heap]',
      'odd [unknown]',
    ]);
    // The newest are still told apart, and the target itself is never folded.
    expect(snapshot.processes.map((p) => p.pid)).toEqual(expect.arrayContaining([100, 1499]));
    expect(snapshot.caps.join('\n')).toMatch(/processes[^]*share rows/);
  });

  it('keeps the newest of the ended processes apart where it is told to', () => {
    const rig = new Rig({ endedProcesses: 3 }).attach();
    for (let n = 0; n < 20; n++) {
      rig.fork(100, 1000 + n).rename(1000 + n, 1000 + n, n === 0 ? 'first' : 'other');
      rig.fault({ page: HEAP_START, pid: 1000 + n, code: 7 });
      if (n !== 1) rig.exit(1000 + n); // This one goes on.
      rig.run();
    }
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 20);
    const pids = snapshot.processes.map((row) => row.pid).filter((pid) => pid !== 0);
    expect(pids).toEqual(expect.arrayContaining([100, 1001, 1017, 1018, 1019]));
    expect(pids.length).toBeLessThanOrEqual(2 + 2 * 3);
    const apart = pids.length - 2;
    for (const rows of [snapshot.processes, snapshot.threads]) {
      const shared = rows.filter((row) => row.pid === 0);
      expect(shared.map((row) => [row.comm, row.members, row.faults, row.alive])).toEqual([
        ['first', 1, 1, false],
        ['other', 18 - apart, 18 - apart, false],
      ]);
    }
    const heaps = snapshot.regions.filter((row) => row.pid === 0);
    expect(heaps.map((row) => [row.label, row.comm, row.faults])).toEqual([
      ['[heap]', 'first', 1],
      ['[heap]', 'other', 18 - apart],
    ]);
    // They share rows because they have ended, not for lack of room.
    expect(snapshot.caps).toEqual([]);
  });

  it('keeps ended processes apart as long as somebody asks for them', () => {
    const rig = new Rig({ endedProcesses: 1 }).attach();
    const child = (pid: number): void => {
      rig.fork(100, pid).fault({ page: HEAP_START, pid, code: 7 }).exit(pid).run();
    };
    const apart = (): number[] => rig.model.snapshot(rig.now).processes.map(({ pid }) => pid);
    rig.model.tasks.endedRows.keepApart([1000, 1001]);
    for (let pid = 1000; pid < 1020; pid++) child(pid);
    rig.run();
    expect(apart()).toEqual(expect.arrayContaining([1000, 1001, 1019]));
    expect(apart()).not.toContain(1002);
    expect(rig.model.snapshot(rig.now).regions.map(({ pid }) => pid)).toContain(1000);
    rig.model.tasks.endedRows.keepApart([1001]);
    for (let pid = 1020; pid < 1030; pid++) child(pid);
    rig.run();
    expect(apart()).toContain(1001);
    expect(apart()).not.toContain(1000);
    expectExact(rig.model.snapshot(rig.now), 30);
  });

  it('has a name for a process that was gone before it could be asked for, until a record tells it', () => {
    const rig = new Rig().attach();
    for (const pid of [700, 701]) rig.fault({ page: HEAP_START, pid, tid: pid, code: 7 });
    rig.run();
    const names = (): (string | number)[][] =>
      rig.model
        .snapshot(rig.now)
        .processes.filter(({ pid }) => pid >= 700)
        .map(({ pid, comm }) => [pid, comm]);
    expect(names()).toEqual([
      [700, '[unknown]'],
      [701, '[unknown]'],
    ]);
    rig.rename(701, 701, 'late').run();
    expect(names()).toEqual([
      [700, '[unknown]'],
      [701, 'late'],
    ]);
    const { threads, regions } = rig.model.snapshot(rig.now);
    expect(threads.find(({ pid }) => pid === 700)!.comm).toBe('[unknown]');
    expect(regions.find(({ pid }) => pid === 700)!.comm).toBe('[unknown]');
  });

  it('takes no room from what is gone where only ended processes are to share rows', () => {
    const rig = new Rig({ endedProcesses: 1, regions: 40 }).attach();
    // Unmapped again: gone, and nine tenths of the cap with what the children bring.
    for (let page = 0x9000; page < 0x9000 + 30 * 0x10; page += 0x10) {
      rig
        .mmap(vma(page, page + 4))
        .fault({ page, code: 6 })
        .munmap(page, page + 4);
    }
    rig.run();
    for (const pid of [1000, 1001, 1002]) {
      rig.fork(100, pid).fault({ page: HEAP_START, pid, code: 7 }).exit(pid).run();
    }
    rig.run();
    const { caps, regions, processes } = rig.model.snapshot(rig.now);
    expect(processes.find((row) => row.pid === 0)!.members).toBe(2);
    expect(regions.filter((row) => row.pid === 100)).toHaveLength(30);
    expect(caps).toEqual([]);
  });

  it('puts the stacks of ended threads into one row, a stack', () => {
    for (const limits of [{ endedThreads: 3 }, { regions: 40, threads: 40 }]) {
      const rig = new Rig(limits).attach();
      for (let n = 0; n < 3000; n++) {
        const tid = 200 + n;
        const page = 0x9000 + (n % 4) * 0x20;
        rig.mmap(vma(page, page + 1, '', { prot: 0 })).mmap(vma(page + 1, page + 0x10));
        rig.thread(100, tid).stackPointer(100, tid, page + 4);
        rig.fault({ page: page + 3, tid }).exit(100, tid);
        rig.munmap(page, page + 0x10);
        if (n % 10 === 9) rig.run();
      }
      rig.run();
      rig.run();
      const snapshot = rig.model.snapshot(rig.now);
      expectExact(snapshot, 3000);
      const shared = snapshot.regions.filter((row) => row.members > 1);
      const apart = snapshot.regions.filter((row) => row.label.startsWith('[stack:')).length;
      expect(shared).toMatchObject([
        { label: '[stack]', kind: 'stack', members: 3000 - apart, faults: 3000 - apart },
      ]);
      expect(shared[0]!.sumsUp).toMatch(/^(older )?regions of this name/);
      expect(snapshot.threads.find((row) => row.members > 1)!.sumsUp).toMatch(
        /threads of this name/,
      );
    }
  });

  it('keeps the kinds apart of what is one of too many names', () => {
    const rig = new Rig({ regions: 40 }).attach();
    for (let n = 0; n < 3000; n++) {
      const page = 0x9000;
      const name = n % 3 === 0 ? `/memfd:m${n} (deleted)` : `/tmp/file${n}`;
      const file = { shared: true, backing: backing(name, String(1000 + n)) };
      rig.mmap(vma(page, page + 4, file)).fault({ page, code: 4 });
      rig.munmap(page, page + 4);
      if (n % 10 === 9) rig.run();
    }
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 3000);
    const others = snapshot.regions.filter((row) => row.label === '[others]');
    expect(others.map((row) => row.kind).sort()).toEqual(['file', 'shm']);
    for (const row of others) {
      expect(row.sumsUp).toBe('regions beyond a cap: more than 40, of more than 2048 names');
    }
  });

  it('keeps the newest of the ended threads apart where it is told to', () => {
    const rig = new Rig({ endedThreads: 3 }).attach();
    for (let tid = 200; tid < 220; tid++) {
      rig.thread(100, tid).fault({ page: HEAP_START, tid, code: 7 });
      if (tid !== 201) rig.exit(100, tid); // This one goes on.
      rig.run();
    }
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 20);
    const tids = snapshot.threads.map((row) => row.tid).filter((tid) => tid !== 0);
    expect(tids).toEqual(expect.arrayContaining([201, 217, 218, 219]));
    expect(tids.length).toBeLessThanOrEqual(1 + 2 * 3);
    const shared = snapshot.threads.filter((row) => row.tid === 0);
    expect(shared.map((row) => [row.members, row.faults])).toEqual([
      [20 - tids.length, 20 - tids.length],
    ]);
    // Its process goes on, and so do the regions.
    expect(snapshot.processes.map((row) => row.pid)).toEqual([100]);
    expect(snapshot.regions.every((row) => row.pid === 100)).toBe(true);
  });

  it('keeps apart a process with the pid of one that ended', () => {
    const rig = new Rig({ endedProcesses: 1 }).attach();
    const child = (pid: number): Rig =>
      rig.fork(100, pid).fault({ page: HEAP_START, pid, code: 7 });
    child(1000).exit(1000).run();
    child(1000).run();
    for (const pid of [1001, 1002, 1003]) child(pid).exit(pid).run();
    rig.run();
    const { processes, regions } = rig.model.snapshot(rig.now);
    expect(processes.filter((row) => row.pid === 1000 && row.alive)).toHaveLength(1);
    expect(sum(regions)).toBe(5);
  });

  it('follows pairs of region and thread into the folded rows', () => {
    const rig = new Rig({ regions: 4, threads: 4, processes: 100 }).attach();
    for (let n = 0; n < 50; n++) {
      rig
        .fork(100, 1000 + n)
        .fault({ page: HEAP_START, pid: 1000 + n })
        .exit(1000 + n);
      rig.run();
    }
    rig.run();
    const { regions } = rig.model.snapshot(rig.now);
    const folded = regions.find((r) => r.pid === 0)!;
    expect(folded.faults).toBeGreaterThan(40);
    const { threads } = rig.model.regionDetail(folded.id)!;
    expect(threads.reduce((n, t) => n + t.faults, 0)).toBe(folded.faults);
  });

  it('counts new regions under shared rows where all others are alive, without churn', () => {
    const files = Array.from({ length: 300 }, (_, i) =>
      vma(0x1000 + i * 8, 0x1004 + i * 8, {
        prot: R,
        backing: backing(`/srv/${i % 3}`, String(i + 1)),
      }),
    );
    const rig = new Rig({ regions: 100 }).attach(100, files);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 300; i++) rig.fault({ page: 0x1000 + i * 8, code: 4 });
      rig.run();
      // A batch may exceed the cap; once the table is known to be full no row is added.
      if (round === 0) rig.now += 2e9;
    }
    const more = vma(0x100000, 0x100004, { prot: R, backing: backing('/srv/1', '999') });
    rig.mmap(more);
    for (let i = 0; i < 4; i++) rig.fault({ page: 0x100000 + i, code: 4 });
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 5 * 300 + 4);
    const shared = snapshot.regions.filter((r) => r.pid === 0);
    expect(shared.map((r) => [r.label, r.faults])).toEqual([['1', 4]]);
    const ids = snapshot.regions.map((r) => r.id);
    rig.fault({ page: 0x100000, code: 4 }).run();
    expect(rig.model.snapshot(rig.now).regions.map((r) => r.id)).toEqual(ids);
  });

  it('tells no more processes apart than it can follow', () => {
    const rig = new Rig({ spaces: 10 }).attach();
    for (let n = 0; n < 50; n++) rig.fork(100, 1000 + n).fault({ page: HEAP_START, pid: 1000 + n });
    const said = rig.run();
    expect(said.slice(0, 9).every((v) => v.region === '[heap]')).toBe(true);
    expect(said.slice(9).every((v) => v.region === '[unknown]')).toBe(true);
    expect(rig.model.tasks.liveCount).toBe(10);
    // A fault of the crowd asks /proc nothing.
    expect(rig.source.asked).toEqual({ maps: 0, pages: 0, comms: 0 });
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 50);
    expect(snapshot.caps.join('\n')).toMatch(/not told apart/);
  });

  it('tells no more threads apart than it can follow', () => {
    const rig = new Rig({ liveThreads: 5 }).attach();
    for (let tid = 101; tid < 150; tid++) rig.thread(100, tid).fault({ page: HEAP_START, tid });
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expectExact(snapshot, 49);
    expect(snapshot.threads.map((t) => t.faults).sort((a, b) => a - b)).toEqual([1, 1, 1, 1, 45]);
  });

  it('keeps no more section sets than it is told to, all processes together', () => {
    const rig = new Rig({ sectionBytes: 20_000 });
    const sections = Array.from({ length: 10 }, (_, n) => ({
      name: `.s${n}`,
      address: n * 0x400,
      size: 0x400,
      nobits: false,
    }));
    const load = { offset: 0, address: 0, fileSize: 0x4000, memSize: 0x4000, prot: R };
    const files = Array.from({ length: 40 }, (_, n) => `/srv/lib${n}.so`);
    for (const name of files) rig.source.images.set(name, { sections, segments: [load] });
    const vmas = files.map((name, n) =>
      vma(0x1000 + n * 8, 0x1004 + n * 8, { prot: R, backing: backing(name, String(n + 1)) }),
    );
    for (let pid = 100; pid < 104; pid++) rig.attach(pid, vmas);
    const labels = new Set<string>();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 40; n++) {
        for (let pid = 100; pid < 104; pid++) {
          rig.fault({ page: 0x1000 + n * 8, low: 0x400, pid, code: 4 });
        }
      }
      for (const label of rig.labels()) labels.add(label);
      const kept = [...rig.model.tasks.live()].flatMap(({ space }) => space.sets);
      const spans = kept.reduce((sum, { names }) => sum + names.length, 0);
      expect(spans).toBeGreaterThan(0);
      expect(spans * 100).toBeLessThan(20_000);
    }
    // What is forgotten is made again: the rows are the same.
    expect(labels).toEqual(new Set(files.map((_, n) => `lib${n}.so .s1`)));
    expect(rig.model.snapshot(rig.now).regions).toHaveLength(160);
  });

  it('says when unique pages are a lower bound', () => {
    const rig = new Rig({ pageChunks: 1 }).attach(100, [vma(0, 0x100000)]);
    rig.fault({ page: 0 }).fault({ page: 0x50000 }).fault({ page: 1 }).run();
    const { totals, caps } = rig.model.snapshot(rig.now);
    expect([totals.faults, totals.uniquePages, totals.refaults]).toEqual([3, 2, 1]);
    expect(caps.join('\n')).toMatch(/lower bound/);
  });

  it('says when mappings were forgotten to make room', () => {
    const rig = new Rig({ vmaLeaves: 16 });
    const maps = Array.from({ length: 2000 }, (_, i) => vma(2 * i, 2 * i + 1));
    rig.source.maps.set(100, { vmas: maps, asOf: 0 });
    rig.attach(100, maps).fault({ page: 3998 }).run();
    rig.fault({ page: 0 }).run();
    const { totals, caps, regions } = rig.model.snapshot(rig.now);
    expect(totals.faults).toBe(2);
    expect(regions.map(({ label }) => label)).not.toContain('[unknown]');
    expect(caps.join('\n')).toMatch(/mappings.*forgotten/);
  });

  it('states no cap where none was reached', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START }).run();
    expect(rig.model.snapshot(rig.now).caps).toEqual([]);
  });
});
