import { Cause } from '../../../../src/core/classify/classes';
import type { ProcessRow, StatRow } from '../../../../src/core/snapshot/snapshot';
import { MOST_TAGGED } from '../../../../src/tui/layout/tags';
import { Bench } from '../../../support/dashboard-kit';
import { process, region, snapshot, thread } from '../../../support/sample';

/** Stalled the more the lower the id, so that rows stand in the order of their ids. */
function counted(id: number): Partial<StatRow> & { readonly id: number } {
  return { id, byClass: [0, 10, 0, 0], faults: 10, stalled: 1 / id };
}

function row(id: number, comm: string, part: Partial<ProcessRow> = {}): ProcessRow {
  return process({ ...counted(id), pid: 500 + id, comm, ...part });
}

const ROWS = [row(1, 'postgres'), row(2, 'redis'), row(3, 'nginx'), row(4, 'envoy')];

function benchWith(processes: readonly ProcessRow[], columns = 120): Bench {
  const bench = new Bench(columns, 40);
  show(bench, processes);
  return bench.press('3');
}

function show(bench: Bench, processes: readonly ProcessRow[]): void {
  bench.source.picture = snapshot({
    processes: [...processes],
    regions: processes.map(({ id, pid, comm }) =>
      region({ ...counted(id), pid, comm, label: `/srv/${comm}` }),
    ),
    threads: processes.map(({ id, pid, comm }) =>
      thread({ ...counted(id), pid, tid: pid, comm: `t-${comm}` }),
    ),
    rowSites: (_, id) => [{ id, label: `site-${id}`, faults: 10 }],
  });
  bench.dashboard.refresh();
}

/** Marks of the rows with a pid, from the left edge. */
function marks(bench: Bench): Record<string, string> {
  const lines = bench.lines();
  const found = lines
    .slice(
      0,
      lines.findIndex((line) => line.startsWith('-- events')),
    )
    .map((line) => /^([> ])([*: ]).*?\b(5\d\d)\b/.exec(line))
    .filter((match) => match !== null);
  return Object.fromEntries(found.map(([, , mark, pid]) => [pid!, mark!]));
}

test('t tags processes, marked without colour too; Enter opens them together and Esc goes back to the row', () => {
  const bench = benchWith(ROWS);
  bench.source.faults([
    [1, 0, Cause.FILE_READ, 0, 0, 501, 8e8],
    [2, 0, Cause.FILE_READ, 0, 0, 502, 8e8],
  ]);
  bench.dashboard.refresh();
  const untagged = bench.text();
  bench.press('t', 'down', 't', 'up');
  expect(marks(bench)).toEqual({ 501: '*', 502: ' ', 503: '*', 504: ' ' });
  expect(bench.text()).toContain('2 tagged');
  // Each is in detail from now on.
  expect([...bench.source.opened]).toEqual(expect.arrayContaining([501, 503]));
  expect(bench.source.apart).toEqual([501, 503]);
  const before = bench.text();
  const opened = bench.press('enter').text();
  expect(opened).toContain('2 tagged processes: postgres 501, nginx 503');
  expect(opened).toMatch(/hits +\/srv\/(postgres|nginx) 50\.0 % +\/srv\/(postgres|nginx) 50\.0 %/);
  expect(opened).toContain('tid 501 t-postgres');
  expect(opened).toContain('tid 503 t-nginx');
  expect(opened).toMatch(/code +site-1 50\.0 % +site-3 50\.0 %/);
  expect(opened).not.toMatch(/redis|envoy|site-2/);
  // From there on to what they do, they alone.
  bench.press('enter', 'enter');
  expect(bench.text()).toContain('filter: pid:501,503');
  expect(bench.press('escape').text()).toBe(opened);
  expect(bench.press('escape').text()).toBe(before);
  expect(bench.press('U', 'home').text()).toBe(untagged);
  expect(bench.source.apart).toEqual([]);
  expect(bench.press('enter').text()).toContain('process 501 postgres');
});

test('a second t takes the tag away; of a group all are tagged', () => {
  const bench = benchWith([row(1, 'worker-1'), row(2, 'worker-2'), row(3, 'nginx')]);
  expect(bench.press('t').source.apart).toEqual([501, 502]);
  expect(bench.lines().some((line) => /^ \*\+ .*worker-\*/.test(line))).toBe(true);
  // Groups have another key than they had.
  bench.press('g', 'home', 't');
  expect(marks(bench)).toEqual({ 501: ' ', 502: '*', 503: ' ' });
  bench.press('g');
  expect(bench.lines().some((line) => /^.:\+ .*worker-\*/.test(line))).toBe(true);
});

test('a tag is of the process: not of its place, nor of the number that another one has later', () => {
  const bench = benchWith(ROWS).press('t', 't');
  const later = row(7, 'stranger', { pid: 501 });
  const ended = row(1, 'postgres', { alive: false, stalled: 0, faults: 0, byClass: [0, 0, 0, 0] });
  show(bench, [later, row(2, 'redis', { stalled: 0 }), ROWS[2]!, ended]);
  const marked = bench.lines().filter((line) => /^[> ]\*/.test(line));
  // Ended ones stay, also where the counters were set to zero.
  expect(marked.map((line) => /redis|postgres|stranger|nginx/.exec(line)![0]).sort()).toEqual([
    'postgres',
    'redis',
  ]);
  expect(bench.press('enter').text()).toContain(
    '2 tagged processes: redis 502, postgres 501 (ended)',
  );
  show(bench, [later, row(2, 'redis')]);
  expect(bench.text()).toContain('1 tagged process (of 1 more the rows are gone): redis 502');
  show(bench, [later]);
  expect(bench.text()).not.toContain('tagged process');
  expect(bench.press('enter').text()).toContain('process 501 stranger');
});

test('what is tagged is bounded, and that is said', () => {
  const many = Array.from({ length: 90 }, (_, k) => row(k + 1, `worker-${k}`));
  const bench = benchWith(many).press('t');
  expect(bench.source.apart).toHaveLength(MOST_TAGGED);
  expect(bench.text()).toContain(`${MOST_TAGGED} tagged (no more)`);
  bench.press('enter');
  expect(bench.text()).toContain(`${MOST_TAGGED} tagged processes:`);
  // A filter names each of them.
  bench.press('enter', 'enter');
  expect(bench.dashboard.scene.filterText.match(/\d+/g)).toHaveLength(MOST_TAGGED);
  expect(bench.press('escape', 'escape', 'home', 't').source.apart).toEqual([]);
});

test('rows that stand for several processes cannot be tagged', () => {
  const bench = benchWith([row(1, 'sh', { pid: 0, members: 9, alive: false })]).press('t');
  expect(bench.source.apart).toEqual([]);
  expect(bench.text()).not.toContain(' tagged');
});
