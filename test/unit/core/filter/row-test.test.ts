import { Cause, CAUSE_COUNT } from '../../../../src/core/classify/classes';
import { printFilter } from '../../../../src/core/filter/ast';
import { withPids } from '../../../../src/core/filter/owner-terms';
import { parseFilter } from '../../../../src/core/filter/parse';
import { compileRowTests } from '../../../../src/core/filter/row-test';
import type { PairedRow } from '../../../../src/core/snapshot/snapshot';
import { process, region, site, snapshot, thread } from '../../../support/sample';

const causes = (index: number, n: number): number[] =>
  Array.from({ length: CAUSE_COUNT }, (_, k) => (k === index ? n : 0));

const picture = snapshot({
  regions: [
    region({
      id: 1,
      label: 'libc.so.6 .text',
      path: '/usr/lib/libc.so.6',
      kind: 'file',
      pid: 10,
      byClass: [3, 5, 0, 0],
      byCause: causes(Cause.PAGE_CACHE, 8),
      maxNs: 2e6,
      p50Ns: 1000,
      startPage: 0x100,
      endPage: 0x200,
    }),
    region({
      id: 2,
      label: '[heap]',
      kind: 'heap',
      pid: 10,
      byClass: [0, 7, 0, 0],
      byCause: causes(Cause.DEMAND_ZERO, 7),
      maxNs: 3000,
      p50Ns: 900,
      startPage: 0x300,
      endPage: 0x400,
    }),
    region({
      id: 3,
      label: '[anon]',
      pid: 20,
      byClass: [0, 0, 4, 0],
      byCause: causes(Cause.COW_ANON, 4),
      startPage: 0x100,
      endPage: 0x101,
    }),
  ],
  threads: [
    thread({ id: 11, tid: 10, pid: 10, comm: 'main', byClass: [3, 0, 0, 0] }),
    thread({ id: 12, tid: 12, pid: 10, comm: 'worker', byClass: [0, 12, 0, 0] }),
    thread({ id: 13, tid: 20, pid: 20, comm: 'child', byClass: [0, 0, 4, 0] }),
  ],
  processes: [
    process({ id: 21, pid: 10, comm: 'main', byClass: [3, 12, 0, 0] }),
    process({ id: 22, pid: 20, comm: 'child', byClass: [0, 0, 4, 0] }),
  ],
});

const kept = (expression: string): [number[], number[], number[]] => {
  const { filter, error } = parseFilter(expression);
  expect(error).toBeNull();
  const tests = compileRowTests(filter!, picture);
  return [
    picture.regions.filter(tests.regions.passes).map((row) => row.id),
    picture.threads.filter(tests.threads.passes).map((row) => row.id),
    picture.processes.filter(tests.processes.passes).map((row) => row.id),
  ];
};

describe('compileRowTests', () => {
  it.each<[string, number[], number[], number[]]>([
    ['class:major', [1], [11], [21]],
    // The rows that hold some fault that is not major: libc has minor ones beside its major ones.
    ['not class:major', [1, 2, 3], [12, 13], [21, 22]],
    ['class:cow', [3], [13], [22]],
    ['cause:page-cache', [1], [], []],
    ['kind:heap', [2], [11, 12], [21]],
    ['region:libc', [1], [11, 12], [21]],
    ['region:~^.heap', [2], [11, 12], [21]],
    ['file:/usr', [1], [11, 12], [21]],
    ['comm:worker', [1, 2], [12], [21]],
    ['tid:12', [1, 2], [12], [21]],
    ['tid:12 region:libc', [1], [12], [21]],
    ['pid:20', [3], [13], [22]],
    ['not pid:20', [1, 2], [11, 12], [21]],
    ['pid:20 or tid:10', [1, 2, 3], [11, 13], [21, 22]],
    ['lat>1ms', [1], [], []],
    ['lat>1us', [1, 2], [], []],
    ['addr:0x100000', [1, 3], [11, 12, 13], [21, 22]],
    ['addr:0x150000-0x160000', [1], [11, 12], [21]],
    ['child', [3], [13], [22]],
    ['nothing-is-called-so', [], [], []],
    ['mode:kernel', [1, 2, 3], [11, 12, 13], [21, 22]],
  ])('%s', (expression, regions, threads, processes) => {
    expect(kept(expression)).toEqual([regions, threads, processes]);
  });
});

describe('rows of code', () => {
  const sites = [
    site({ id: 31, function: 'reserve', inlined: '', faults: 9 }),
    site({ id: 32, function: 'main', inlined: 'Append', faults: 4 }),
    site({ id: 33, function: '', faults: 2 }),
    site({ id: 34, function: '', label: '[others]', members: 70, sumsUp: 'cap', faults: 1 }),
  ];
  const hits: Record<number, PairedRow[]> = {
    31: [{ id: 1, label: 'libc.so.6 .text', faults: 8 }],
    32: [{ id: 2, label: '[heap]', faults: 4 }],
  };
  const regions = [
    region({ id: 1, label: 'libc.so.6 .text', faults: 8 }),
    region({ id: 2, label: '[heap]', faults: 4 }),
    region({ id: 3, label: '[anon]', faults: 3 }),
  ];
  const rows = snapshot({ sites, regions, siteRegions: (id) => hits[id] ?? [] });
  const which = (expression: string): number[][] => {
    const tests = compileRowTests(parseFilter(expression).filter!, rows);
    return [
      rows.sites.filter(tests.sites.passes).map(({ id }) => id),
      rows.regions.filter(tests.regions.passes).map(({ id }) => id),
    ];
  };

  it.each<[string, number[], number[]]>([
    // What shares a row may be anything; of [anon] it is not known which code hits it.
    ['function:reserve', [31, 34], [1, 3]],
    ['function:append', [32, 34], [2, 3]],
    ['function:~^m', [32, 34], [2, 3]],
    ['not function:reserve', [32, 33, 34], [2, 3]],
    ['reserve', [31, 34], [1, 3]],
  ])('%s', (expression, codes, hit) => {
    expect(which(expression)).toEqual([codes, hit]);
  });
});

describe('by whose the processes are', () => {
  const web = { user: 'www', cgroup: '/system.slice/nginx.service' };
  const owned = snapshot({
    ...picture,
    processes: [
      process({ id: 21, pid: 10, comm: 'main', byClass: [3, 12, 0, 0], owner: web }),
      process({ id: 22, pid: 20, comm: 'child', byClass: [0, 0, 4, 0] }),
      // Those that have ended share a row by name and owner.
      process({ id: 23, pid: 0, comm: 'main', byClass: [1, 0, 0, 0], owner: web, alive: false }),
    ],
  });
  const ids = (expression: string): [number[], number[], number[]] => {
    const tests = compileRowTests(parseFilter(expression).filter!, owned);
    const kept = <Row extends { readonly id: number }>(
      rows: readonly Row[],
      { passes }: { readonly passes: (row: Row) => boolean },
    ): number[] => rows.filter(passes).map(({ id }) => id);
    return [
      kept(owned.regions, tests.regions),
      kept(owned.threads, tests.threads),
      kept(owned.processes, tests.processes),
    ];
  };

  it.each([
    ['user:www', [1, 2], [11, 12], [21, 23]],
    ['cgroup:system.slice', [1, 2], [11, 12], [21, 23]],
    ['unit:~^nginx', [1, 2], [11, 12], [21, 23]],
    ['not unit:nginx', [3], [13], [22]],
    ['user:www class:minor', [1, 2], [12], [21]],
    ['user:nobody', [], [], []],
  ] as const)('%s', (expression, regions, threads, processes) => {
    expect(ids(expression)).toEqual([[...regions], [...threads], [...processes]]);
  });

  it('shows rows that ended processes share where one of them may be meant', () => {
    const shared = snapshot({
      regions: [
        region({ id: 1, pid: 0, comm: 'main', byClass: [0, 5, 0, 0] }),
        region({ id: 2, pid: 0, comm: 'other', byClass: [0, 5, 0, 0] }),
        region({ id: 3, pid: 0, comm: '[others]', byClass: [0, 5, 0, 0] }),
      ],
      processes: [
        process({ id: 23, pid: 0, comm: 'main', owner: web, alive: false }),
        process({ id: 24, pid: 0, comm: 'other', owner: { user: 'root', cgroup: '/' } }),
        process({ id: 25, pid: 0, comm: '[others]' }),
      ],
    });
    const which = (expression: string): number[][] => {
      const tests = compileRowTests(parseFilter(expression).filter!, shared);
      return [
        shared.regions.filter(tests.regions.passes).map(({ id }) => id),
        shared.processes.filter(tests.processes.passes).map(({ id }) => id),
      ];
    };
    expect(which('unit:nginx')).toEqual([
      [1, 3],
      [23, 25],
    ]);
    expect(which('not unit:nginx')).toEqual([
      [1, 2, 3],
      [24, 25],
    ]);
  });

  it('has pids in the place of owners where faults are asked', () => {
    const { filter } = parseFilter('not (user:www or region:x) class:cow');
    expect(printFilter(withPids(filter!, owned.processes))).toBe(
      'not (pid:10 or region:x) and class:cow',
    );
  });
});
