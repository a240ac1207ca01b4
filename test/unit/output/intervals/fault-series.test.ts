import { Cause, CAUSE_COUNT, CLASS_COUNT, FaultClass } from '../../../../src/core/classify/classes';
import type { ProcessRow } from '../../../../src/core/snapshot/snapshot';
import { OTHERS } from '../../../../src/core/stats/limits';
import {
  causeCount,
  classCount,
  type FaultSeries,
  MAX_SERIES,
  SeriesTable,
  stallSeconds,
} from '../../../../src/output/intervals/fault-series';
import * as sample from '../../../support/sample';

const WEB = { user: 'www', cgroup: '/web' };
const JOBS = { user: 'root', cgroup: '/jobs' };

function row(id: number, minor: number, more: Partial<ProcessRow> = {}): ProcessRow {
  const byClass = Array.from({ length: CLASS_COUNT }, (_, c) =>
    c === FaultClass.MINOR ? minor : 0,
  );
  const byCause = Array.from({ length: CAUSE_COUNT }, (_, c) => (c === Cause.SHMEM ? minor : 0));
  return sample.process({
    id,
    pid: id,
    byClass,
    byCause,
    stallNs: minor * 1e6,
    owner: WEB,
    ...more,
  });
}

/** What each series has, by command and cgroup. */
const told = (table: SeriesTable): Record<string, number> =>
  Object.fromEntries(
    table.all.map((one) => [`${one.command} ${one.cgroup}`, classCount(one, FaultClass.MINOR)]),
  );

test('processes of one name and cgroup are one series, and the counters go on', () => {
  const table = new SeriesTable();
  table.update([row(1, 5), row(2, 7), row(3, 1, { comm: 'other' })], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 12, 'other /web': 1 });
  table.update([row(1, 6), row(2, 7), row(3, 1, { comm: 'other' })], 0, false);
  const [first] = table.all;
  expect(told(table)).toEqual({ 'prog /web': 13, 'other /web': 1 });
  expect(causeCount(first!, Cause.SHMEM)).toBe(13);
  expect(stallSeconds(first!)).toBeCloseTo(0.013);
});

test('who moves or runs another program counts there from then on', () => {
  const table = new SeriesTable();
  table.update([row(1, 5)], 0, false);
  table.update([row(1, 8, { owner: JOBS })], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 5, 'prog /jobs': 3 });
  table.update([row(1, 9, { owner: JOBS, comm: 'next' })], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 5, 'prog /jobs': 3, 'next /jobs': 1 });
});

test('rows of the ended that become one row change nothing', () => {
  const table = new SeriesTable();
  table.update([row(1, 5, { alive: false }), row(2, 7)], 0, false);
  // 1 and 3, which nobody has seen, are in the row that they share.
  table.update([row(9, 5 + 4, { pid: 0, alive: false, members: 2 }), row(2, 8)], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 17 });
  table.update([row(9, 17, { pid: 0, alive: false, members: 3 })], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 17 });
});

test('a series never falls: rows beyond the cap of the table are in the one for all others', () => {
  const table = new SeriesTable();
  table.update([row(1, 5, { alive: false })], 0, false);
  const shared = { pid: 0, alive: false, comm: OTHERS, owner: { user: '', cgroup: '' } };
  table.update([row(9, 5 + 2, shared)], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 5, [`${OTHERS} ${OTHERS}`]: 2 });
});

test('who takes another name and ends before anybody looks: nothing falls, and the sum is right again later', () => {
  const table = new SeriesTable();
  table.update([row(1, 5), row(2, 3, { comm: 'shell' })], 0, false);
  // 1 was called next when it ended.
  const ended = row(9, 5 + 4, { pid: 0, alive: false, comm: 'next' });
  table.update([ended, row(2, 3, { comm: 'shell' })], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 5, 'next /web': 9, 'shell /web': 3 });
  table.update([ended, row(2, 3, { comm: 'shell' }), row(3, 7)], 0, false);
  expect(told(table)).toEqual({ 'prog /web': 7, 'next /web': 9, 'shell /web': 3 });
});

test('the series for all others does not fall either', () => {
  const table = new SeriesTable();
  const shared = { pid: 0, alive: false, comm: OTHERS, owner: { user: '', cgroup: '' } };
  table.update([row(1, 5), row(9, 20, shared)], 0, false);
  table.update([row(8, 6, { pid: 0, alive: false, comm: 'next' }), row(9, 20, shared)], 0, false);
  expect(told(table)[`${OTHERS} ${OTHERS}`]).toBe(20);
});

test('names that differ in control characters alone are one series', () => {
  const table = new SeriesTable();
  const names = ['a\u001b', 'a\u0007', 'a\n', 'a\u202e', 'a\udc80'];
  table.update(
    names.map((comm, k) => row(k + 1, 1, { comm, owner: { user: 'x', cgroup: `/c${comm}` } })),
    0,
    false,
  );
  expect(told(table)).toEqual({ 'a? /ca?': names.length });
});

test('who lives and whose cgroup is not known yet waits once', () => {
  const table = new SeriesTable();
  const unknown = { owner: { user: '', cgroup: '' } };
  table.update(
    [row(1, 5, unknown), row(2, 1, unknown), row(3, 2, { ...unknown, alive: false })],
    0,
    false,
  );
  expect(told(table)).toEqual({ 'prog ': 2 });
  table.update([row(1, 6), row(2, 1, unknown), row(3, 2, { ...unknown, alive: false })], 0, false);
  expect(told(table)).toEqual({ 'prog ': 3, 'prog /web': 6 });
  const late = new SeriesTable();
  late.update([row(1, 5, unknown)], 0, true);
  expect(told(late)).toEqual({ 'prog ': 5 });
});

test('set to zero in the dashboard: the counters go on from where they were', () => {
  const table = new SeriesTable();
  table.update([row(1, 5)], 0, false);
  table.update([row(1, 2)], 3e9, false);
  table.update([row(1, 4)], 3e9, false);
  expect(told(table)).toEqual({ 'prog /web': 9 });
});

test('bounded: what comes later is one series, and nothing is missing', () => {
  const table = new SeriesTable();
  const many = Array.from({ length: 1000 }, (_, k) => row(k + 1, 1, { comm: `c${k}` }));
  table.update(many, 0, false);
  table.update(many, 0, false);
  expect(table.all).toHaveLength(MAX_SERIES + 1);
  expect(told(table)[`${OTHERS} ${OTHERS}`]).toBe(1000 - MAX_SERIES);
  expect(told(table)['c0 /web']).toBe(1);
});

/** Faults of all series, by class and by cause. */
const sums = (table: SeriesTable): readonly [number, number] => {
  const of = (count: (one: FaultSeries, index: number) => number, many: number): number =>
    table.all.reduce(
      (all, one) => all + Array.from({ length: many }, (_, k) => count(one, k)).reduce(plus, 0),
      0,
    );
  return [of(classCount, CLASS_COUNT), of(causeCount, CAUSE_COUNT)];
};
const plus = (a: number, b: number): number => a + b;

/** `n` faults of a process, of a class and a cause. */
const faults = (faultClass: number, cause: number, n: number): Partial<ProcessRow> => ({
  byClass: Array.from({ length: CLASS_COUNT }, (_, c) => (c === faultClass ? n : 0)),
  byCause: Array.from({ length: CAUSE_COUNT }, (_, c) => (c === cause ? n : 0)),
});

test('what turns out to be of another class or cause is told once, and every fault has one of each', () => {
  const table = new SeriesTable();
  table.update([row(1, 0, faults(FaultClass.MINOR, Cause.UNKNOWN, 9))], 0, false);
  // Their maps have come: all nine were copies.
  const copies = faults(FaultClass.COW, Cause.COW_ANON, 9);
  table.update([row(1, 0, copies)], 0, false);
  const [only] = table.all;
  expect(sums(table)).toEqual([9, 9]);
  expect([FaultClass.MINOR, FaultClass.COW].map((c) => classCount(only!, c))).toEqual([9, 0]);
  table.update([row(1, 0, faults(FaultClass.COW, Cause.COW_ANON, 12))], 0, false);
  expect(sums(table)).toEqual([12, 12]);
  expect([FaultClass.MINOR, FaultClass.COW].map((c) => classCount(only!, c))).toEqual([9, 3]);
  expect([Cause.UNKNOWN, Cause.COW_ANON].map((c) => causeCount(only!, c))).toEqual([9, 3]);
});

test('of rows that are shared by others every fault has a class and a cause, whichever was told before', () => {
  const table = new SeriesTable();
  table.update([row(1, 0, faults(FaultClass.MINOR, Cause.UNKNOWN, 9))], 0, false);
  const shared = { pid: 0, alive: false, comm: OTHERS, owner: { user: '', cgroup: '' } };
  table.update([row(9, 0, { ...shared, ...faults(FaultClass.COW, Cause.COW_ANON, 11) })], 0, false);
  expect(sums(table)).toEqual([11, 11]);
});
