import type { ProcessRow } from '../../../../src/core/snapshot/snapshot';
import { TableLog } from '../../../../src/output/intervals/table-log';
import type { IntervalPicture } from '../../../../src/output/intervals/table-log';
import { captureFacts } from '../../../support/facts';
import * as sample from '../../../support/sample';

const NGINX = { user: 'www', cgroup: '/system.slice/nginx.service' };

function picture(processes: readonly ProcessRow[]): IntervalPicture {
  const totals = sample.stat({ byClass: [3, 4, 0, 0], rate: 7, stalled: 0.0123 });
  const timeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  return { timeMs, now: 1.5e9, totals, processes, capture: captureFacts(7, 0, 0) };
}

const ROWS = [
  sample.process({ id: 1, pid: 10, byClass: [1, 0, 0, 0], rate: 1, owner: NGINX }),
  sample.process({
    id: 2,
    pid: 11,
    comm: 'a,"b\u001b',
    byClass: [2, 0, 0, 0],
    rate: 2,
    stalled: 0.5,
  }),
  // Ended before this interval, and never faulted.
  sample.process({ id: 3, pid: 12, byClass: [9, 0, 0, 0], alive: false }),
  sample.process({ id: 4, pid: 13 }),
];

test('text: a heading with the time, and who faults now, the most stalled first', () => {
  const log = new TableLog('text', null, 'all processes');
  const [heading, titles, first, second, end] = log.table(picture(ROWS)).split('\n');
  expect(heading).toBe(
    '2026-01-02T03:04:05.678Z  all processes  7.0 faults/s  stall 12.3ms/s  in all 7',
  );
  expect(titles).toMatch(/^ +PID +COMMAND +USER +CGROUP +THR +MAJ\/s +MIN\/s +COW\/s +STALL\/s /);
  expect(first).toMatch(/^ +11 +a,"b\? /);
  expect(second).toMatch(/^ +10 +prog +www +nginx /);
  expect(end).toBe('');
  // An empty line stands between two tables, none before the first.
  expect(log.table(picture([]))).toMatch(/^\n2026-/);
});

test('text: what a table has no room for is one line', () => {
  const many = Array.from({ length: 50 }, (_, k) =>
    sample.process({ id: k + 1, pid: k + 1, byClass: [2, 0, 0, 0], rate: 1, stallNs: 1e6 }),
  );
  const lines = new TableLog('text', null, '').table(picture(many)).trimEnd().split('\n');
  expect(lines).toHaveLength(2 + 40 + 1);
  expect(lines.at(-1)).toBe('  and 10 more with 20 faults, 10.0ms stalled');
});

test('csv: one header, names quoted, what is not known empty', () => {
  const log = new TableLog('csv', null, '');
  const [header, first, second, end] = log.table(picture(ROWS)).split('\r\n');
  const names = header!.split(',');
  expect(names.slice(0, 3)).toEqual(['time', 'time_ns', 'pid']);
  expect(names.at(-1)).toBe('v');
  expect(first).toMatch(/^2026-01-02T03:04:05\.678Z,1500000000,11,1,"a,""b\?",,,/);
  expect(second!.split(',').slice(3, 7)).toEqual(['1', 'prog', 'www', NGINX.cgroup]);
  expect(end).toBe('');
  expect(log.table(picture(ROWS)).startsWith('2026-')).toBe(true);
});

test('grouped: what a group has in all does not fall when its processes end', () => {
  const log = new TableLog('ndjson', 'name', '');
  const faultsOf = (rows: readonly ProcessRow[]): unknown[] =>
    log
      .table(picture(rows))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map(({ name, processes, faults }) => [name, processes, faults]);
  const worker = (id: number, part: Partial<ProcessRow>): ProcessRow =>
    sample.process({ id, pid: id, comm: 'cc1', byClass: [0, 100, 0, 0], ...part });
  expect(faultsOf([worker(1, { rate: 100 })])).toEqual([['cc1', 1, 100]]);
  const ended = worker(1, { alive: false });
  expect(faultsOf([ended, worker(2, { rate: 100 })])).toEqual([['cc1', 2, 200]]);
  expect(faultsOf([ended, worker(2, { alive: false })])).toEqual([]);
});

test('who has begun and ended between two ticks is in the table behind', () => {
  const log = new TableLog('ndjson', null, '');
  const short = { pid: 9, alive: false, byClass: [0, 3, 0, 0] };
  const pidsOf = (now: number, lastTime: number): number[] =>
    log
      .table({ ...picture([sample.process({ ...short, lastTime })]), now })
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly pid: number }).pid);
  expect(pidsOf(1e9, 0)).toEqual([]);
  expect(pidsOf(1.01e9, 1.005e9)).toEqual([9]);
  expect(pidsOf(2e9, 1.005e9)).toEqual([]);
});

test('ndjson: grouped', () => {
  const lines = new TableLog('ndjson', 'unit', '').table(picture(ROWS)).trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.map(({ unit, processes, faults, v }) => [unit, processes, faults, v])).toEqual([
    [null, 3, 11, 1],
    ['nginx.service', 1, 1, 1],
  ]);
});
