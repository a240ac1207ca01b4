import { FILE_START, HEAP_START, Rig } from '../../support/model-kit';
import { backing, vma } from '../../support/vma-kit';

const SEGMENT = { shared: true, backing: backing('/SYSV00000000 (deleted)', '7') };

/** A process 100 whose child 101 has its memory. */
function shared(): Rig {
  return new Rig().attach().fork(100, 101).share(100, 101);
}

describe('a process that shares the memory of another', () => {
  it('sees what the other maps, and the other what it maps', () => {
    const rig = shared();
    rig.mmap(vma(0x5000, 0x5010, '/srv/a'), 100).mmap(vma(0x6000, 0x6010, '/srv/b'), 101);
    rig.fault({ pid: 101, page: 0x5000 }).fault({ pid: 100, page: 0x6000 });
    rig.munmap(0x5000, 0x5010, 101).munmap(0x6000, 0x6010, 100);
    rig.fault({ pid: 100, page: 0x5001 }).fault({ pid: 101, page: 0x6001 });
    expect(rig.labels()).toEqual(['a', 'b', '[unknown]', '[unknown]']);
  });

  it('counts in the same rows of regions, and in its own of processes', () => {
    const rig = shared();
    rig
      .fault({ pid: 101, page: HEAP_START })
      .fault({ pid: 100, page: HEAP_START + 1 })
      .run();
    const { regions, processes } = rig.model.snapshot(rig.now);
    const counts = regions.map(({ label, pid, faults }) => [label, pid, faults]);
    expect(counts).toEqual([['[heap]', 100, 2]]);
    expect(processes.map(({ pid, faults }) => [pid, faults]).sort()).toEqual([
      [100, 1],
      [101, 1],
    ]);
  });

  it.each([
    ['exec', (rig: Rig) => rig.exec(101, 'new')],
    ['end', (rig: Rig) => rig.exit(101)],
  ])('leaves it at its %s', (_, leave) => {
    const rig = shared();
    leave(rig).run();
    rig.run();
    expect(rig.fault({ page: FILE_START }).fault({ page: HEAP_START }).labels()).toEqual([
      'data.db',
      '[heap]',
    ]);
    rig.mmap(vma(0x5000, 0x5010, '/srv/a'), 100).fault({ pid: 101, page: 0x5000 });
    expect(rig.labels()).toEqual(['[unknown]']);
  });

  it.each([
    ['execs', (rig: Rig) => rig.exec(100, 'new')],
    ['ends', (rig: Rig) => rig.exit(100)],
  ])('keeps it when the other %s', (_, leave) => {
    const rig = shared();
    leave(rig).run();
    rig.run();
    rig.fault({ pid: 101, page: FILE_START }).fault({ pid: 101, page: 0x5000 });
    expect(rig.labels()).toEqual(['data.db', '[unknown]']);
    // What the other maps now is its own.
    rig.mmap(vma(0x5000, 0x5010, '/srv/a'), 100).fault({ pid: 101, page: 0x5001 });
    rig.fault({ pid: 100, page: 0x5000 });
    expect(rig.labels()).toEqual(['[unknown]', 'a']);
  });

  it('passes it on: a copy to a fork, itself to a vfork', () => {
    const rig = shared();
    rig.fork(101, 102).share(101, 102).fork(102, 103);
    rig.mmap(vma(0x5000, 0x5010, '/srv/a'), 102);
    for (const pid of [100, 101, 102, 103]) rig.fault({ pid, page: 0x5000 });
    expect(rig.labels()).toEqual(['a', 'a', 'a', '[unknown]']);
  });
});

describe('shmdt', () => {
  it('unmaps the whole segment, however it was cut, and nothing else', () => {
    const rig = new Rig().attach();
    rig.mmap(vma(0x5000, 0x5010, '', SEGMENT));
    rig.mmap(vma(0x5010, 0x5020, '', SEGMENT)); // attached once more, right behind
    rig.mmap(vma(0x5004, 0x5006, '', { ...SEGMENT, prot: 1, pgoff: 4 })); // mprotect
    rig.munmap(0x5008, 0x500a);
    rig.fault({ page: 0x5007 }).shmdt(0x5000);
    for (const page of [0x5000, 0x5005, 0x500f, 0x5010, 0x501f]) rig.fault({ page });
    const label = 'SYSV00000000';
    const [before, ...after] = rig.labels();
    expect(before).toContain(label);
    expect(after.slice(0, 3)).toEqual(['[unknown]', '[unknown]', '[unknown]']);
    expect(after.slice(3).every((region) => region.includes(label))).toBe(true);
  });

  it('of what the map does not know changes nothing', () => {
    const rig = new Rig().attach();
    rig.shmdt(HEAP_START).shmdt(0x9000).fault({ page: HEAP_START });
    expect(rig.labels()).toEqual(['[heap]']);
  });
});
