import { FILE_START, HEAP_START, ORDINARY, Rig, STACK_START } from '../../support/model-kit';
import { R, vma } from '../../support/vma-kit';

describe('Model: processes and threads', () => {
  it('gives a forked child a copy of the map, and pages of its own', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START }).fork(100, 200).fault({ page: HEAP_START, pid: 200, code: 0x7 });
    rig.mmap(vma(0x9000, 0x9010, '/srv/child', { prot: R }), 200);
    rig.fault({ page: 0x9000, pid: 200, code: 4 }).fault({ page: 0x9000, end: 'none' });
    expect(rig.run().map((v) => [v.region, v.cause, v.comm])).toEqual([
      ['[heap]', 'demand-zero', 'demo'],
      ['[heap]', 'cow-anon', 'demo'],
      ['child', 'page-cache', 'demo'],
      ['[unknown]', 'unresolved', 'demo'],
    ]);
    const { regions, processes } = rig.model.snapshot(rig.now);
    const heaps = regions.filter((r) => r.label === '[heap]');
    expect(heaps.map((r) => [r.pid, r.uniquePages, r.refaults])).toEqual([
      [100, 1, 0],
      [200, 1, 0],
    ]);
    expect(processes.map((p) => [p.pid, p.ppid, p.alive, p.threads])).toEqual([
      [100, 1, true, 1],
      [200, 100, true, 1],
    ]);
  });

  it('gives threads their maker’s name until they get one', () => {
    const rig = new Rig().attach();
    rig.thread(100, 101).rename(100, 101, 'worker').thread(100, 102, 101);
    rig.fault({ page: HEAP_START, tid: 101 }).fault({ page: HEAP_START, tid: 102 });
    rig.rename(100, 102, 'other').fault({ page: HEAP_START, tid: 102 });
    rig.fault({ page: HEAP_START, tid: 100 });
    expect(rig.run().map((v) => [v.tid, v.comm])).toEqual([
      [101, 'worker'],
      [102, 'worker'],
      [102, 'other'],
      [100, 'demo'],
    ]);
    const { threads, processes } = rig.model.snapshot(rig.now);
    expect(threads.find((t) => t.tid === 102)!.comm).toBe('other');
    expect(processes.map((p) => [p.comm, p.threads])).toEqual([['demo', 3]]);
  });

  it('knows the names of threads that were there before', () => {
    const rig = new Rig();
    rig.source.comms.set(101, 'worker');
    rig.attach(100, ORDINARY, [100, 101, 102]);
    for (const tid of [100, 101, 102]) rig.fault({ page: HEAP_START, tid });
    expect(rig.run().map((v) => v.comm)).toEqual(['demo', 'worker', 'demo']);
  });

  it('starts a new image with exec: new rows, new pages, the old ones stay', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START }).exec(100, 'second').fault({ page: HEAP_START, end: 'none' });
    rig.mmap(vma(HEAP_START, HEAP_START + 8, '[heap]')).fault({ page: HEAP_START });
    expect(rig.labels()).toEqual(['[heap]', '[unknown]', '[heap]']);
    const heaps = rig.model.snapshot(rig.now).regions.filter((r) => r.label === '[heap]');
    expect(heaps.map((r) => [r.comm, r.faults, r.uniquePages, r.size])).toEqual([
      ['demo', 1, 1, 0],
      ['second', 1, 1, 8 * 4096],
    ]);
    expect(rig.model.snapshot(rig.now).processes.map((p) => p.comm)).toEqual(['second']);
  });

  it('begins with the exec of a started command', () => {
    const rig = new Rig();
    rig.exec(300, 'prog').mmap(vma(0x400, 0x404, '/bin/prog', { prot: R }), 300);
    rig.fault({ page: 0x400, pid: 300, code: 4 });
    expect(rig.run().map((v) => [v.region, v.comm])).toEqual([['prog', 'prog']]);
    expect(rig.source.asked).toEqual({ maps: 0, pages: 0, comms: 0 });
  });

  it('keeps the pid when another thread execs: it becomes the first one', () => {
    const rig = new Rig().attach(100, ORDINARY, [100, 101, 102]);
    rig.fault({ page: HEAP_START, tid: 101 });
    // de_thread(): all others exit, also the first; the one that execs takes its tid over.
    rig.exit(100, 100).exit(100, 102).exec(100, 'new');
    rig.mmap(vma(0x9000, 0x9010)).fault({ page: 0x9000, tid: 100 });
    expect(rig.run().map((v) => [v.region, v.tid, v.comm])).toEqual([
      ['[heap]', 101, 'demo'],
      ['[anon]', 100, 'new'],
    ]);
    const [process] = rig.model.snapshot(rig.now).processes;
    expect([process!.alive, process!.threads, process!.comm]).toEqual([true, 1, 'new']);
    rig.run();
    // The end of the previous image's threads must not take the new one along.
    rig.fault({ page: 0x9001, tid: 100 });
    expect(rig.labels()).toEqual(['[anon]']);
  });

  it('survives an exec by a thread that nobody announced', () => {
    const rig = new Rig().attach();
    rig.exit(100).exec(100, 'new').mmap(vma(0x9000, 0x9010)).fault({ page: 0x9000 });
    expect(rig.labels()).toEqual(['[anon]']);
    expect(rig.fault({ page: 0x9001 }).labels()).toEqual(['[anon]']);
    expect(rig.source.asked).toEqual({ maps: 0, pages: 0, comms: 0 });
    const alive = rig.model.snapshot(rig.now).processes.filter((p) => p.alive);
    expect(alive.map((p) => [p.pid, p.ppid, p.comm, p.faults])).toEqual([[100, 1, 'new', 2]]);
  });

  it('knows a process as gone with its last thread, and labels what comes right behind', () => {
    const rig = new Rig().attach(100, ORDINARY, [100, 101]);
    rig.exit(100, 100).fault({ page: HEAP_START, tid: 101 }).run();
    expect(rig.model.snapshot(rig.now).processes[0]).toMatchObject({ alive: true, threads: 1 });
    rig.exit(100, 101).fault({ page: FILE_START, tid: 101, end: 'none' });
    expect(rig.labels()).toEqual(['data.db']);
    rig.run();
    const { processes, threads, regions } = rig.model.snapshot(rig.now);
    expect(processes.map((p) => [p.alive, p.threads])).toEqual([[false, 0]]);
    expect(threads.map((t) => [t.tid, t.alive, t.faults])).toEqual([[101, false, 2]]);
    expect(regions.map((r) => [r.label, r.size])).toEqual([
      ['[heap]', 0],
      ['data.db', 0],
    ]);
  });

  it('takes a reused pid for a new process', () => {
    const rig = new Rig().attach();
    rig.fork(100, 200).fault({ page: HEAP_START, pid: 200 }).exit(200);
    rig.fork(100, 200).rename(200, 200, 'again').fault({ page: HEAP_START, pid: 200 }).run();
    // Also where the first one's end was not seen.
    rig.fork(100, 200).fault({ page: STACK_START, pid: 200 }).run();
    const rows = rig.model.snapshot(rig.now).processes.filter((p) => p.pid === 200);
    expect(rows.map((p) => [p.comm, p.faults, p.alive])).toEqual([
      ['demo', 1, false],
      ['again', 1, false],
      ['demo', 1, true],
    ]);
    expect(new Set(rows.map((p) => p.id)).size).toBe(3);
    const { threads } = rig.model.snapshot(rig.now);
    expect(threads.filter((t) => t.tid === 200).map((t) => t.alive)).toEqual([false, false, true]);
  });

  it('frees the pages and the map of what has ended', () => {
    const rig = new Rig().attach();
    rig.fork(100, 200).fault({ page: HEAP_START, pid: 200 }).run();
    const held = rig.model.pages.used;
    rig.exit(200).run();
    rig.run();
    expect(rig.model.pages.used).toBe(held - 1);
    expect(rig.model.tasks.liveCount).toBe(1);
  });

  it('does not mind records of threads and processes it never met', () => {
    const rig = new Rig().attach();
    rig.exit(900, 901).rename(900, 901, 'x').thread(900, 902).stackPointer(900, 902, 7);
    rig.fork(800, 801).munmap(0, 9, 901).mremap([0, 9], [20, 29], 901).brk(7, 901);
    rig.fault({ page: HEAP_START });
    expect(rig.labels()).toEqual(['[heap]']);
  });
});
