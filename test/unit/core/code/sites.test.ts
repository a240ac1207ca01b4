import type { CodeFrame } from '../../../../src/core/code/address';
import { PlaceKind } from '../../../../src/core/code/address';
import { sitesOfAll } from '../../../../src/core/snapshot/site-pairs';
import { FakeNames } from '../../../support/fake-names';
import { HEAP_START, ORDINARY, Rig } from '../../../support/model-kit';
import { backing, R, vma, X } from '../../../support/vma-kit';

const TEXT = 0x5000;
const LIBRARY = 0x7000;
const PROGRAM = vma(TEXT, TEXT + 16, '/usr/bin/prog', {
  prot: R | X,
  pgoff: 4,
  backing: backing('/usr/bin/prog', '77'),
});
const lib = (start: number): ReturnType<typeof vma> =>
  vma(start, start + 8, '/usr/lib/libc.so.6', {
    prot: R | X,
    pgoff: 2,
    backing: backing('/usr/lib/libc.so.6', '78'),
  });
const MAPS = [...ORDINARY, PROGRAM, lib(LIBRARY)];
const address = (page: number, low = 0): bigint => BigInt(page) * 4096n + BigInt(low);

const frame = (name: string, line = 0, file = '/src/a.c'): CodeFrame => ({
  function: name,
  offset: 16,
  file: line === 0 ? '' : file,
  line,
});

const sites = (rig: Rig): (string | number)[][] =>
  rig.model
    .snapshot(rig.now)
    .sites.map(({ label, faults, offset, file, line }) => [
      label,
      offset,
      `${file}:${line}`,
      faults,
    ]);

describe('faults by the code that causes them', () => {
  it('goes by the file and the offset in it, whatever the process and the address', () => {
    const rig = new Rig({}, 'detail', { symbols: 'sites' }).attach(100, MAPS);
    rig.attach(200, [...ORDINARY, lib(0x9000)]);
    rig.fault({ page: HEAP_START, ip: address(LIBRARY, 0x10) });
    rig.fault({ page: HEAP_START + 1, ip: address(TEXT + 1, 0x20) });
    rig.fault({ page: HEAP_START, pid: 200, ip: address(0x9000, 0x10) });
    rig.run();
    expect(sites(rig)).toEqual([
      ['libc.so.6+0x2010', '0x2010', ':0', 2],
      ['prog+0x5020', '0x5020', ':0', 1],
    ]);
  });

  it('tells kernel, vsyscall, memory without a file, no mapping and no record apart', () => {
    const anon = vma(0x8000, 0x8004, '', { prot: R | X });
    const rig = new Rig({}, 'detail', { symbols: 'sites' }).attach(100, [...MAPS, anon]);
    const [kernel, vsyscall] = [0xffffffff81234567n, 0xffffffffff600400n];
    for (const ip of [kernel, vsyscall, address(0x8001, 5), address(0x300, 7), undefined])
      rig.fault({ page: HEAP_START, ...(ip === undefined ? {} : { ip }) });
    rig.run();
    expect(sites(rig).map(([label]) => label)).toEqual([
      '[kernel]+0xffffffff81234567',
      '[vsyscall]+0xffffffffff600400',
      '[anon]+0x8001005',
      '[unknown]+0x300007',
      '[unknown]',
    ]);
  });

  it('follows a mapping that is replaced between two faults of one instruction', () => {
    const rig = new Rig({}, 'detail', { symbols: 'sites' }).attach(100, MAPS);
    rig.fault({ page: HEAP_START, ip: address(LIBRARY) });
    rig.mmap({ ...PROGRAM, start: LIBRARY, end: LIBRARY + 8, pgoff: 0 });
    rig.fault({ page: HEAP_START, ip: address(LIBRARY) });
    rig.munmap(LIBRARY, LIBRARY + 8);
    rig.fault({ page: HEAP_START, ip: address(LIBRARY) });
    rig.run();
    expect(sites(rig).map(([label]) => label)).toEqual([
      'libc.so.6+0x2000',
      'prog+0x0',
      '[unknown]+0x7000000',
    ]);
  });

  it('gathers the instructions of one line under its name, with what was counted before it came', () => {
    const names = new FakeNames({
      'prog+5020': [{ ...frame('fill', 12), offset: 0x10 }],
      'prog+5024': [{ ...frame('fill', 12), offset: 0x14 }],
      'prog+5030': [frame('reserve', 80, '/src/vector.h'), { ...frame('fill', 12), offset: 0x20 }],
    });
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    const touch = (): void => {
      for (const low of [0x20, 0x24, 0x30, 0x40])
        rig.fault({ page: HEAP_START, ip: address(TEXT + 1, low), latency: 1000 });
      rig.run();
    };
    touch();
    expect(names.asked).toHaveLength(4);
    expect(names.asked[0]!.place).toMatchObject({ kind: PlaceKind.FILE, object: 'prog', pid: 100 });
    names.answer();
    touch();
    expect(names.asked).toEqual([]);
    expect(sites(rig)).toEqual([
      ['fill', '0x5020', '/src/a.c:12', 4],
      ['reserve (in fill)', '0x5030', '/src/vector.h:80', 2],
      ['prog+0x5040', '0x5040', ':0', 2],
    ]);
    const [fill] = rig.model.snapshot(rig.now).sites;
    expect(fill).toMatchObject({ stallNs: 4000, maxNs: 1000 });
    expect(rig.model.snapshot(rig.now).siteRegions(fill!.id)).toMatchObject([
      { label: '[heap]', faults: 4 },
    ]);
    const heap = rig.model.snapshot(rig.now).regions.find(({ label }) => label === '[heap]')!;
    expect(
      rig.model.regionDetail(heap.id)!.sites.map(({ label, faults }) => [label, faults]),
    ).toEqual(
      expect.arrayContaining([
        ['fill', 4],
        ['reserve (in fill)', 2],
      ]),
    );
  });

  it('keeps what belongs together where rows become one many times before anybody looks', () => {
    const offsets = Array.from({ length: 60 }, (_, n) => n * 16);
    const named = (low: number): boolean => low % 48 !== 0;
    const names = new FakeNames(
      Object.fromEntries(
        offsets
          .filter(named)
          .map((low) => [
            `prog+${(0x5000 + low).toString(16)}`,
            [{ ...frame('fill', 12), offset: low }],
          ]),
      ),
    );
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    const counted: Record<string, Record<string, number>> = { '[heap]': {}, prog: {} };
    for (let round = 0; round < 20; round++) {
      // In each round some for the first time, some again: whose slot became free is wanted at once.
      for (const low of offsets.slice(0, 3 * round + 3)) {
        const page = low % 32 === 0 ? HEAP_START : TEXT;
        const label = named(low) ? 'fill' : `prog+0x${(0x5000 + low).toString(16)}`;
        const of = counted[page === TEXT ? 'prog' : '[heap]']!;
        of[label] = (of[label] ?? 0) + 1;
        rig.fault({ page, ip: address(TEXT + 1, low) });
      }
      rig.run();
      names.answer();
    }
    rig.run();
    const { siteRegions, sites: rows } = rig.model.snapshot(rig.now);
    const paired: Record<string, Record<string, number>> = { '[heap]': {}, prog: {} };
    for (const { id, label } of rows)
      for (const { label: region, faults } of siteRegions(id)) {
        const of = paired[region.startsWith('prog') ? 'prog' : region]!;
        of[label] = (of[label] ?? 0) + faults;
      }
    expect(paired).toEqual(counted);
  });

  it('is of the file that has the inode now, where another had it before', () => {
    const names = new FakeNames({ 'prog+5020': [frame('first')] });
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    rig.fault({ page: HEAP_START, ip: address(TEXT + 1, 0x20) }).run();
    names.answer();
    rig.model.tick(rig.now);
    rig.source.replace('77');
    rig.attach(200, MAPS);
    rig.fault({ page: HEAP_START, pid: 200, ip: address(TEXT + 1, 0x20) }).run();
    expect(names.asked.map(({ place }) => place.pid)).toEqual([200]);
    expect(sites(rig).map(([label, , , faults]) => [label, faults])).toEqual([
      ['first', 1],
      ['prog+0x5020', 1],
    ]);
    // What keeps its inode is the same code in all processes.
    rig.attach(300, MAPS);
    rig.fault({ page: HEAP_START, pid: 300, ip: address(TEXT + 1, 0x20) }).run();
    expect(sites(rig)).toHaveLength(2);
  });

  it('tells two functions of one name apart', () => {
    const at = (offset: number): CodeFrame => ({ ...frame('init'), offset });
    const names = new FakeNames({
      'prog+5020': [at(0x20)],
      'prog+5024': [at(0x24)],
      'prog+5130': [at(0x30)],
    });
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    for (const low of [0x20, 0x24, 0x130])
      rig.fault({ page: HEAP_START, ip: address(TEXT + 1, low) });
    rig.run();
    names.answer();
    rig.model.tick(rig.now);
    expect(sites(rig).map(([label, , , faults]) => [label, faults])).toEqual([
      ['init', 2],
      ['init', 1],
    ]);
  });

  it('asks later where too many questions are open, and by way of the process that has the file now', () => {
    const names = new FakeNames({ 'libc.so.6+2010': [frame('read', 3)] });
    names.crowded = true;
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    rig.fault({ page: HEAP_START, ip: address(LIBRARY, 0x10) }).run();
    expect(names.asked).toEqual([]);
    rig.exit(100).attach(200, [...ORDINARY, lib(0x9000)]);
    names.crowded = false;
    rig.fault({ page: HEAP_START, pid: 200, ip: address(0x9000, 0x20) }).run();
    expect(
      names.asked.map(({ place, address: { low } }) => [place.pid, place.vma?.start, low]),
    ).toEqual([
      [200, 0x9000, 0x2010],
      [200, 0x9000, 0x2020],
    ]);
  });

  it('asks again about code that was made at run time and had no name, as long as its process lives', () => {
    const frames: Record<string, readonly CodeFrame[]> = {};
    const names = new FakeNames(frames);
    names.namesLater = true;
    const anon = vma(0x8000, 0x8004, '', { prot: R | X });
    const maps = [...MAPS, anon];
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, maps);
    const faults = (): void => {
      rig.fault({ page: HEAP_START, ip: address(0x8001, 5) });
      rig.fault({ page: HEAP_START, ip: address(LIBRARY, 0x10) });
      rig.run();
    };
    const ask = (seconds: number): string[] => {
      names.answer();
      rig.model.tick(rig.now);
      rig.model.tick(rig.now + seconds * 1e9);
      return names.asked.map(({ place }) => place.object);
    };
    faults();
    expect(names.asked).toHaveLength(2);
    // What no file has a name for has none later.
    expect(ask(6)).toEqual(['[anon]']);
    expect(ask(12)).toEqual(['[anon]']);
    frames['[anon]+8001005'] = [frame('Loop::scan')];
    expect(ask(18)).toEqual([]);
    expect(ask(24)).toEqual([]);
    faults();
    expect(sites(rig).map(([label, , , count]) => [label, count])).toEqual([
      ['Loop::scan', 2],
      ['libc.so.6+0x2010', 2],
    ]);
    delete frames['[anon]+8001005'];
    rig.fault({ page: HEAP_START, ip: address(0x8001, 9) }).run();
    expect(ask(30)).toEqual(['[anon]']);
    rig.exit(100).run();
    expect(ask(36)).toEqual([]);
  });

  it('waits for names where every fault is to have them, and goes on when there are none to come', () => {
    const names = new FakeNames({ 'prog+5020': [frame('fill', 12)] });
    const rig = new Rig({}, 'totals', { symbols: 'faults', names }).attach(100, MAPS);
    names.waited = true;
    rig.fault({ page: HEAP_START, ip: address(TEXT + 1, 0x20) });
    expect(rig.consumes()).toBe(false);
    names.answer();
    expect(rig.consumes()).toBe(true);
    expect(rig.model.code(rig.resolved.code[0]!)!.frames).toEqual([frame('fill', 12)]);
  });

  it('keeps its totals where there is more code than there are rows', () => {
    const rig = new Rig({ sites: 8 }, 'rows', { symbols: 'sites' }).attach(100, MAPS);
    for (let round = 0; round < 3; round++) {
      for (let k = 0; k < 40; k++) rig.fault({ page: HEAP_START, ip: address(TEXT, 4 * k) });
      rig.run();
    }
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    expect(snapshot.sites.reduce((sum, { faults }) => sum + faults, 0)).toBe(120);
    expect(snapshot.sites.length).toBeLessThan(20);
    expect(snapshot.sites.find(({ members }) => members > 1)!.sumsUp).toMatch('more than 8 places');
    expect(snapshot.caps.join()).toMatch('more than 8 call sites');
  });

  it('is told of each thread and process, under the names that come, and of what they were summed up in', () => {
    const names = new FakeNames({
      'prog+5020': [{ ...frame('fill', 12), offset: 0x10 }],
      'prog+5024': [{ ...frame('fill', 12), offset: 0x14 }],
    });
    const rig = new Rig({}, 'detail', { symbols: 'sites', names }).attach(100, MAPS);
    rig.thread(100, 101).attach(200, MAPS);
    const touch = (low: number, pid: number, tid: number): Rig =>
      rig.fault({ page: HEAP_START, ip: address(TEXT + 1, low), pid, tid });
    touch(0x20, 100, 100);
    touch(0x24, 100, 101);
    touch(0x24, 100, 101);
    touch(0x40, 200, 200);
    rig.run();
    names.answer();
    rig.model.tick(rig.now);
    const of = (table: 'threads' | 'processes', number: number): (string | number)[][] => {
      const snapshot = rig.model.snapshot(rig.now);
      const row =
        table === 'threads'
          ? snapshot.threads.find(({ tid }) => tid === number)!
          : snapshot.processes.find(({ pid }) => pid === number)!;
      return snapshot.rowSites(table, row.id).map(({ label, faults }) => [label, faults]);
    };
    expect(of('threads', 100)).toEqual([['fill', 1]]);
    expect(of('threads', 101)).toEqual([['fill', 2]]);
    expect(of('processes', 100)).toEqual([['fill', 3]]);
    expect(of('processes', 200)).toEqual([['prog+0x5040', 1]]);
    const { threads } = rig.model.snapshot(rig.now);
    expect(sitesOfAll(rig.model.snapshot(rig.now), 'threads', threads)).toMatchObject([
      { label: 'fill', faults: 3 },
      { label: 'prog+0x5040', faults: 1 },
    ]);
    rig.model.zero(rig.now);
    expect(rig.model.snapshot(rig.now).rowSites('threads', threads[0]!.id)).toEqual([]);
  });

  it('stays right of threads and processes that have ended and share a row', () => {
    const rig = new Rig({ threads: 4, processes: 4 }, 'rows', { symbols: 'sites' });
    rig.attach(100, MAPS);
    for (let pid = 200; pid < 240; pid++) {
      rig.fork(100, pid).fault({ page: HEAP_START, ip: address(TEXT), pid, tid: pid });
      rig.exit(pid).run();
    }
    rig.run();
    const snapshot = rig.model.snapshot(rig.now);
    for (const table of ['threads', 'processes'] as const) {
      expect(snapshot[table].length).toBeLessThan(20);
      expect(sitesOfAll(snapshot, table, snapshot[table])).toMatchObject([{ faults: 40 }]);
    }
  });

  it('is zeroed with all other counters', () => {
    const rig = new Rig({}, 'detail', { symbols: 'sites' }).attach(100, MAPS);
    rig.fault({ page: HEAP_START, ip: address(TEXT) }).run();
    rig.model.zero(rig.now);
    expect(sites(rig)).toEqual([]);
  });
});
