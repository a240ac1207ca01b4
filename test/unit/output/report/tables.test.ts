import type { RegionRow, ThreadRow } from '../../../../src/core/snapshot/snapshot';
import { reportText } from '../../../../src/output/report/text';
import type { ReportInput } from '../../../../src/output/report/report';
import { jsonOf, stats, region, thread, process, input, parsed } from '../../../support/report-kit';

test('text: the costliest region first, without those that had no fault', () => {
  const lines = reportText(input()).split('\n');
  const at = lines.indexOf('Regions');
  expect(lines[at + 1]).toMatch(/^ {2}REGION +START +KIND +PERM +SIZE +MAJ +MIN +COW +ALL +PAGES/);
  expect(lines[at + 2]).toMatch(/^ {2}libc\.so\.6 \.text +file +r-xp +4\.0K +3 +0 +0 +3 /);
  expect(lines[at + 3]).toMatch(/^ {2}\[heap\] +400000 +heap +rw-p +4\.0K +0 +9 +0 +9 /);
  expect(lines[at + 4]).toBe('');
});

test('text: many stacks of threads are one row', () => {
  const stacks = (n: number) =>
    Array.from({ length: n }, (_, k) =>
      region(k + 1, `[stack:${600 + k}]`, { kind: 'stack' }, stats(k + 1, { MINOR: 2 }, {}, 10)),
    );
  const lines = reportText(input({}, { regions: stacks(40) })).split('\n');
  const rows = lines.filter((line) => line.startsWith('  [stack'));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/^ {2}\[stack\] x40 .* 80 /);
  expect(reportText(input({}, { regions: stacks(4) }))).toContain('[stack:603]');
  expect(parsed(jsonOf(input({}, { regions: stacks(40) }))).regions).toHaveLength(40);
});

test('text: memory without a name that the same functions have mapped is one row', () => {
  const anon = (id: number, pid: number, maker: string): RegionRow =>
    region(id, '[anon]', { kind: 'anon', pid, maker }, stats(id, { MINOR: 2 }, {}, 10));
  const regions = [1, 2, 3].map((id) => anon(id, 500, 'load;mmap')).concat(anon(4, 500, ''));
  const mappedBy = (id: number): string[] => (id === 4 ? [] : ['main', 'load', 'mmap']);
  const rowsOf = (made: ReportInput): string[] =>
    reportText(made)
      .split('\n')
      .filter((line) => line.startsWith('  [anon'));
  const [together, why, alone] = [
    /^ {2}\[anon\] x3 .* 6 .* main;load$/,
    /: mapped by the same/,
    / 2 /,
  ];
  const lines = rowsOf(input({}, { regions, mappedBy }));
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(together);
  expect(lines[1]).toMatch(alone);
  expect(lines[2]).toMatch(why);
  // Of two processes of one name it is one row as well, and still says who made it.
  const processes = [500, 501].map((pid) => process(pid, stats(1, { MINOR: 1 })));
  const both = [...regions, anon(5, 501, 'load;mmap'), anon(6, 501, 'grow;mmap')];
  const [grouped, ...others] = rowsOf(input({}, { regions: both, processes, mappedBy }));
  expect(grouped).toMatch(/^ {2}\[anon\] +anon .* 2 procs .* 8 .* main;load$/);
  expect(others).toEqual([expect.any(String), expect.any(String), expect.stringMatching(why)]);
});

test('text: causes with their share and what they mean', () => {
  const text = reportText(input());
  expect(text).toMatch(/page-cache +9 +69\.2 % {2}first touch of a file page/);
  expect(text).not.toMatch(/swap-in/);
});

test('text: a histogram has a bar per power of two, gaps included', () => {
  const lines = reportText(input()).split('\n');
  const at = lines.indexOf('Latency of MAJOR');
  expect(lines.slice(at + 2, at + 5)).toEqual([
    `   524.3us -    1.0ms           2 ${'#'.repeat(40)}`,
    '     1.0ms -    2.1ms           0',
    `     2.1ms -    4.2ms           1 ${'#'.repeat(20)}`,
  ]);
  // Nothing was measured: no empty heading.
  expect(lines).not.toContain('Latency of COW');
});

test('text: a table that is too long ends with what was left out', () => {
  const rows = Array.from({ length: 230 }, (_, i) =>
    region(i, `r${i}`, {}, stats(i, { MINOR: 2 }, {}, 1000 * i)),
  );
  const lines = reportText(input({}, { regions: rows })).split('\n');
  const at = lines.indexOf('Regions');
  const end = lines.indexOf('', at);
  // The costliest are shown: what is left stalled for 1 + 2 + ... + 189 us.
  expect(lines[at + 2]).toMatch(/^ {2}r229 /);
  expect(lines.slice(at + 2, end)).toHaveLength(41);
  expect(lines[end - 1]).toBe('  and 190 more with 380 faults, 18.0ms stalled');
  expect(parsed(jsonOf(input({}, { regions: rows }))).regions).toHaveLength(230);
});

test('text: of a table that is too long the rows with the most signals are shown, which stall nothing', () => {
  const costly = Array.from({ length: 60 }, (_, i) =>
    region(i, `r${i}`, {}, stats(i, { MINOR: 2 }, {}, 1000 * (i + 1))),
  );
  const errors = [3, 900, 5, 40].map((n, i) =>
    region(100 + i, `e${n}`, {}, stats(100 + i, { ERROR: n }, {})),
  );
  const lines = reportText(input({}, { regions: [...costly, ...errors] })).split('\n');
  const at = lines.indexOf('Regions');
  const end = lines.indexOf('', at);
  expect(lines[at + 1]).toMatch(/ ERR /);
  expect(lines.slice(at + 38, end).map((line) => line.trim().split(/ +/)[0])).toEqual([
    'r23',
    'e900',
    'e40',
    'e5',
    'and',
  ]);
  expect(lines[end - 1]).toBe('  and 24 more with 49 faults, 276.0us stalled');
});

test('text: a row with more signals than those behind keeps its place in a table that is too long', () => {
  const rows = Array.from({ length: 45 }, (_, i) =>
    region(i, `r${i}`, {}, stats(i, { MINOR: 2, ERROR: i === 6 ? 500 : 0 }, {}, 1000 * (i + 1))),
  );
  const errors = [7, 8, 9].map((n, i) =>
    region(100 + i, `e${n}`, {}, stats(100 + i, { ERROR: n }, {})),
  );
  const lines = reportText(input({}, { regions: [...rows, ...errors] })).split('\n');
  const at = lines.indexOf('Regions');
  const names = lines.slice(at + 2, at + 42).map((line) => line.trim().split(/ +/)[0]);
  expect(names.slice(-4)).toEqual(['r8', 'r6', 'e9', 'e8']);
  expect(new Set(names).size).toBe(40);
});

test('text: columns that say nothing are left out, those of the classes never', () => {
  const heading = (regions: RegionRow[]): string => {
    const lines = reportText(input({}, { regions })).split('\n');
    return lines[lines.indexOf('Regions') + 1]!;
  };
  const gone = region(1, 'a', { size: 0 }, stats(1, { MINOR: 1 }));
  expect(heading([gone])).toMatch(/^ {2}REGION +KIND +PERM +MAJ +MIN +COW +ALL +PAGES$/);
  const anon = region(2, '[anon]', { kind: 'anon' }, stats(2, { ERROR: 1 }, {}, 5));
  expect(heading([gone, anon])).toMatch(
    /REGION +START +KIND +PERM +SIZE +MAJ +MIN +COW +ERR +ALL +PAGES +STALL +p50 +p90 +p99 +MAX$/,
  );
});

test('text: the same region of processes of one name is one row, and the numbers add up', () => {
  const heap = (id: number, pid: number, comm: string, n: number): RegionRow =>
    region(
      id,
      '[heap]',
      { pid, comm, kind: 'heap' },
      stats(id, { MINOR: n, COW: 1 }, {}, n * 1000),
    );
  const anon = (id: number): RegionRow =>
    region(id, '[anon]', { pid: 9, comm: 'ld', kind: 'anon' }, stats(id, { MINOR: 1 }));
  const one = stats(1, { MINOR: 1 });
  const regions = [
    heap(1, 7, 'cc1', 10),
    heap(2, 8, 'cc1', 5),
    heap(3, 9, 'ld', 2),
    anon(4),
    anon(5),
  ];
  const made = input({}, { processes: [7, 8, 9].map((pid) => process(pid, one)), regions });
  const lines = reportText(made).split('\n');
  const at = lines.indexOf('Regions');
  // 10 + 5 minor and 1 + 1 COW faults of two compilers, 15 us; percentiles cannot be added up.
  expect(lines[at + 2]).toMatch(
    /^ {2}\[heap\] +heap +r-xp +8\.0K +2 procs +cc1 +0 +15 +2 +17 .* 15\.0us {3,}10\.0us/,
  );
  expect(lines[at + 3]).toMatch(
    /^ {2}\[heap\] +400000 +heap +r-xp +4\.0K +9 +ld +0 +2 +1 +3 .* 1\.5us /,
  );
  expect(lines.slice(at + 4, at + 6)).toEqual(
    Array(2).fill(expect.stringMatching(/^ {2}\[anon\] +400000 +anon .* 9 +ld /)),
  );
  expect(lines[at + 6]).toBe('');
  // A script finds them one by one.
  expect(parsed(jsonOf(made)).regions).toHaveLength(5);
});

test('text: threads are left out where they are the processes once more', () => {
  const one = stats(1, { MINOR: 1 });
  const two = [process(500, one), process(501, one)];
  const text = (threads: ThreadRow[]): string => reportText(input({}, { processes: two, threads }));
  expect(text([thread(500, one), thread(501, one)])).not.toContain('\nThreads\n');
  expect(text([thread(500, one), thread(501, one), thread(502, one)])).toContain('\nThreads\n');
});
