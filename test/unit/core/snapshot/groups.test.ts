import {
  PROCESS_GROUPS,
  REGION_GROUPS,
  RegionGroup,
  THREAD_GROUPS,
} from '../../../../src/core/snapshot/group-rules';
import { Grouping } from '../../../../src/core/snapshot/grouping';
import { REGION_COLUMNS } from '../../../../src/core/columns/row-columns';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { HEAP_START, Rig, STACK_START } from '../../../support/model-kit';
import { process, region, thread } from '../../../support/sample';

const anon = (id: number, pages: number, part: Partial<RegionRow> = {}): RegionRow =>
  region({ id, startPage: 0x1000 * id, endPage: 0x1000 * id + pages, ...part });
const labels = (rows: readonly RegionRow[]): string[] =>
  rows.map(({ label, members }) => `${label} x${members}`).sort();

describe('Grouping', () => {
  it('groups regions by what they are and whose, anonymous memory by its size', () => {
    const rows = [
      anon(1, 4, { byClass: [0, 3, 0, 0], size: 16384 }),
      anon(2, 8, { byClass: [1, 4, 2, 0], size: 32768 }),
      anon(3, 1024),
      anon(4, 1024, { comm: 'other' }),
      anon(5, 1024, { permissions: 'r--p' }),
      region({ id: 6, kind: 'file', label: 'libc.so.6 .text', path: '/a/libc.so.6', pid: 1 }),
      region({ id: 7, kind: 'file', label: 'libc.so.6 .text', path: '/a/libc.so.6', pid: 2 }),
      region({ id: 8, kind: 'file', label: 'libc.so.6 .text', path: '/b/libc.so.6' }),
      region({ id: 9, kind: 'stack', label: '[stack:12]' }),
      region({ id: 10, kind: 'stack', label: '[stack:13]', members: 3 }),
    ];
    const groups = new Grouping(REGION_GROUPS).group(rows);
    expect(labels(groups)).toEqual([
      '[anon] <64K x2',
      '[anon] x1',
      '[anon] x1',
      '[anon] x1',
      '[stack] x4',
      'libc.so.6 .text x1',
      'libc.so.6 .text x2',
    ]);
    const small = groups.find(({ label }) => label === '[anon] <64K')!;
    expect(small).toMatchObject({ faults: 10, byClass: [1, 7, 2, 0], size: 49152, pid: 100 });
    expect(groups.find(({ label, members }) => label.startsWith('libc') && members > 1)!.pid).toBe(
      0,
    );
  });

  it('groups memory without a name by who made it, whatever its size', () => {
    const rows = [
      anon(1, 4, { maker: 'load;mmap' }),
      anon(2, 40_000, { maker: 'load;mmap' }),
      anon(3, 4, { maker: 'grow;mmap' }),
      anon(4, 4),
      anon(5, 8),
    ];
    const grouping = new Grouping(REGION_GROUPS);
    const groups = grouping.group(rows);
    expect(labels(groups)).toEqual(['[anon] <64K x2', '[anon] x1', '[anon] x2']);
    const [loaded] = groups;
    expect(loaded).toMatchObject({ maker: 'load;mmap', members: 2 });
    expect(REGION_COLUMNS[0]!.format(loaded!)).toBe('[anon] load;mmap x2');
    // It has got its name: before, its maker went by an address.
    const renamed = grouping.group([...rows.slice(0, 3), anon(4, 4, { maker: 'load;mmap' })]);
    expect(renamed.find(({ id }) => id === loaded!.id)!.members).toBe(3);
  });

  it('keeps the id of a group, and follows a region that has grown out of it', () => {
    const grouping = new Grouping(REGION_GROUPS);
    const [first] = grouping.group([anon(1, 4), anon(2, 4), anon(3, 4)]);
    const { id } = first!;
    expect(id).toBeLessThan(0);
    expect(grouping.groupOf(3)).toBe(id);
    const later = grouping.group([anon(1, 4), anon(2, 5), anon(3, 400)]);
    expect(later.map((row) => [row.id, row.members])).toEqual([
      [id, 2],
      [3, 1],
    ]);
    expect(grouping.group([anon(1, 4)]).map((row) => row.id)).toEqual([1]);
    expect(grouping.group([anon(1, 4), anon(2, 4)]).map((row) => row.id)).toEqual([id]);
  });

  it('groups numbered threads, and processes of one command', () => {
    const threads = ['pool-1-thread-1', 'pool-1-thread-22', 'main'].map((comm, k) =>
      thread({ id: k + 1, tid: k + 1, comm }),
    );
    const grouped = new Grouping(THREAD_GROUPS).group(threads);
    expect(grouped.map(({ comm, members }) => [comm, members])).toEqual([
      ['pool-*-thread-*', 2],
      ['main', 1],
    ]);
    const [compilers] = new Grouping(PROCESS_GROUPS).group([
      process({ id: 1, comm: 'cc1', alive: false, threads: 1, worstThreadShare: 0.1, worstTid: 7 }),
      process({ id: 2, comm: 'cc1', threads: 2, worstThreadShare: 0.4, worstTid: 8 }),
    ]);
    expect(compilers).toMatchObject({ comm: 'cc1', alive: true, threads: 3, worstTid: 8 });
  });

  it('merges histograms: the percentiles of a group are those of all its faults', () => {
    const rig = new Rig().attach();
    // 10 pages of the heap in 1 us each, 90 of the stack of another page in 1 ms: counted apart.
    for (let k = 0; k < 10; k++) rig.fault({ page: HEAP_START + k, latency: 1000 });
    rig.run();
    const [heap] = rig.model.snapshot(rig.now).regions;
    const slow = region({
      id: 99,
      kind: heap!.kind,
      label: heap!.label,
      comm: heap!.comm,
      path: heap!.path,
      permissions: heap!.permissions,
      byClass: [0, 90, 0, 0],
      maxNs: 1e6,
      p50Ns: 1e6,
      addLatencies: (counts) => {
        for (let k = 0; k < 9; k++) heap!.addLatencies(counts);
        return 90;
      },
    });
    const [group] = new Grouping(REGION_GROUPS).group([heap!, slow]);
    expect(group).toBeInstanceOf(RegionGroup);
    expect(group!.faults).toBe(100);
    expect(group!.p50Ns / 1000).toBeCloseTo(1, 1);
  });

  it('sums up histories from the last tick back, without a list for each of its rows', () => {
    const rig = new Rig().attach();
    const ticks = (pages: readonly number[]): void => {
      for (const page of pages) rig.fault({ page });
      rig.run();
      rig.model.tick(rig.now);
    };
    ticks([HEAP_START]);
    ticks([HEAP_START, STACK_START, STACK_START + 1]);
    const like = rig.model.snapshot(rig.now).regions.map((row) => {
      const lists = { history: jest.fn(() => row.history) };
      const alike = { ...region({ id: row.id }), addHistory: row.addHistory.bind(row) };
      return { lists, row: Object.defineProperty(alike, 'history', { get: lists.history }) };
    });
    const [group] = new Grouping(REGION_GROUPS).groupAll(like.map(({ row }) => row));
    expect([like.length, group!.members, group!.history]).toEqual([2, 2, [1, 3]]);
    // The first one says of which picture they are.
    expect(like[1]!.lists.history).not.toHaveBeenCalled();
  });
});
