import { NOT_IN_DETAIL } from '../../../../src/core/stats/limits';
import type { Snapshot } from '../../../../src/core/snapshot/snapshot';
import { FakeSpaces } from '../../../support/fake-spaces';
import { FILE_START, HEAP_START, ORDINARY, Rig, STACK_START } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';

const WRITE_ABSENT = 0x6;
const WRITE_PRESENT = 0x7;
const READ_ABSENT = 0x4;
/** So many are in detail with their first fault. */
const AT_ONCE = 64;

function onDemand(): { readonly rig: Rig; readonly spaces: FakeSpaces } {
  const spaces = new FakeSpaces();
  const rig = new Rig({}, 'detail', { spaces, symbols: 'sites' });
  return { rig, spaces };
}

function shot({ model, now }: Rig): Snapshot {
  return model.snapshot(now);
}

const classes = ({ totals }: Snapshot): readonly number[] => totals.byClass;
const region = (snapshot: Snapshot, label: string) =>
  snapshot.regions.find((row) => row.label === label);

test('what depends on the mapping is open until the maps come, and then what it was', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START, code: WRITE_PRESENT, latency: 500, ip: 0x1000_0000n });
  rig.fault({ page: FILE_START, code: WRITE_PRESENT, latency: 700 });
  rig.fault({ page: FILE_START + 1, code: READ_ABSENT, end: 'maj', latency: 90_000 });
  rig.fault({ page: STACK_START, code: READ_ABSENT, latency: 300 });
  expect(rig.run().map((verdict) => [verdict.class, verdict.cause, verdict.region])).toEqual([
    ['MINOR', 'unknown', NOT_IN_DETAIL],
    ['MINOR', 'unknown', NOT_IN_DETAIL],
    ['MAJOR', 'unknown', NOT_IN_DETAIL],
    ['MINOR', 'unknown', NOT_IN_DETAIL],
  ]);
  const before = shot(rig);
  expect(before.totals.undecided).toBe(2);
  expect(before.processes[0]).toMatchObject({ pid: 100, faults: 4, undecided: 2 });
  expect(before.threads[0]).toMatchObject({ tid: 100, faults: 4 });
  // Asked for when the batch that met it is over, and nobody waits.
  rig.run();
  expect(spaces.asked.map(({ pid }) => pid)).toEqual([100]);
  spaces.answer(100, ORDINARY);
  rig.run();
  const after = shot(rig);
  expect(classes(after)).toEqual([1, 2, 1, 0]);
  expect(after.totals).toMatchObject({ undecided: 0, faults: 4, stallNs: 91_500 });
  expect(region(after, '[heap]')).toMatchObject({ faults: 1, byClass: [0, 0, 1, 0] });
  expect(region(after, 'data.db')).toMatchObject({ faults: 2, stallNs: 90_700 });
  expect(region(after, NOT_IN_DETAIL)).toBeUndefined();
  expect(after.processes[0]).toMatchObject({ faults: 4, stallNs: 91_500, undecided: 0 });
  expect(after.threads[0]).toMatchObject({ faults: 4, byClass: [1, 2, 1, 0] });
  expect(after.pairs().faults.reduce((a, b) => a + b)).toBe(4);
  expect(after.sites.map(({ label }) => label)).not.toContain(NOT_IN_DETAIL);
});

test('counts are those of a model that knew the maps from the start', () => {
  const { rig, spaces } = onDemand();
  const plain = new Rig({}, 'detail', { symbols: 'sites' }).attach();
  const feed = (into: Rig): void => {
    for (let i = 0; i < 300; i++) {
      const page = [FILE_START, HEAP_START, STACK_START][i % 3]! + (i % 16);
      const code = [WRITE_ABSENT, WRITE_PRESENT, READ_ABSENT][(i >> 2) % 3]!;
      into.fault({ page, code, end: i % 7 === 0 ? 'maj' : 'min', latency: 100 * (i % 50) });
    }
  };
  for (const each of [rig, plain]) {
    feed(each);
    each.run();
  }
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  for (const each of [rig, plain]) {
    feed(each);
    each.run();
  }
  const [late, known] = [shot(rig), shot(plain)];
  const numbers = ({ totals, regions, latency, pairs, causeLatency, threads }: Snapshot) => ({
    totals: { ...totals, history: [], lastTime: 0, stallShare: 0 },
    regions: regions.map((row) => [row.label, row.byClass, row.byCause, row.stallNs, row.p99Ns]),
    threads: threads.map((row) => [row.byClass, row.byCause, row.stallNs, row.p50Ns]),
    latency,
    causeLatency,
    pairs: [...pairs().faults],
  });
  const sorted = (snapshot: Snapshot) => {
    const all = numbers(snapshot);
    return {
      ...all,
      regions: all.regions.sort(([a], [b]) => String(a).localeCompare(String(b))),
      pairs: all.pairs.filter((n) => n > 0).sort((a, b) => a - b),
    };
  };
  expect(sorted(late)).toEqual(sorted(known));
});

test('a process whose exec was seen is known without a question', () => {
  const { rig, spaces } = onDemand();
  rig.fork(1, 200).exec(200, 'cc1');
  rig.mmap(vma(HEAP_START, HEAP_START + 64, '[heap]'), 200);
  rig.fault({ pid: 200, page: HEAP_START, code: WRITE_PRESENT });
  expect(rig.run()).toMatchObject([{ class: 'COW', region: '[heap]' }]);
  rig.run();
  expect(spaces.asked).toEqual([]);
});

test('records that come while the maps are read are newer than these', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START }).run();
  rig.run();
  rig.mmap(vma(HEAP_START, HEAP_START + 64, '/srv/new.db', { shared: true })).run();
  spaces.answer(100, ORDINARY);
  rig.fault({ page: HEAP_START + 1 }).fault({ page: FILE_START });
  expect(rig.labels()).toEqual(['new.db', 'data.db']);
});

test('maps of an image that an exec has replaced are of nobody', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START, code: WRITE_PRESENT }).run();
  rig.run();
  rig.exec(100, 'next').run();
  spaces.answer(100, ORDINARY);
  rig.fault({ page: HEAP_START });
  expect(rig.labels()).toEqual(['[unknown]']);
  // What the image before had faulted on is not told by this one.
  expect(shot(rig).totals).toMatchObject({ faults: 2, undecided: 1 });
});

test('beyond the budget processes share rows, until they are hot or opened', () => {
  const { rig, spaces } = onDemand();
  const pids = Array.from({ length: AT_ONCE + 10 }, (_, k) => 1000 + k);
  for (const pid of pids) rig.fault({ pid, page: HEAP_START, code: READ_ABSENT, latency: 100 });
  rig.run();
  const shared = shot(rig);
  expect(shared.processes).toHaveLength(pids.length);
  expect(shared.threads).toHaveLength(AT_ONCE + 1);
  const [rest] = shared.threads.filter(({ tid }) => tid === 0);
  expect(rest).toMatchObject({ comm: NOT_IN_DETAIL, faults: 10 });
  expect(rest!.sumsUp).toContain('not kept in detail');

  const [opened, hot, cold] = pids.slice(AT_ONCE);
  rig.model.open([opened!]);
  rig.now += 300e6;
  for (let i = 0; i < 5; i++) rig.fault({ pid: hot!, page: HEAP_START, latency: 1e6 });
  rig.run();
  rig.now += 300e6;
  rig.fault({ pid: opened!, page: HEAP_START });
  rig.fault({ pid: hot!, page: HEAP_START });
  rig.fault({ pid: cold!, page: HEAP_START });
  const tids = rig.run().map(({ tid }) => tid);
  expect(tids.slice(0, 2)).toEqual([opened, hot]);
  // All are asked about that are in detail, a few at a time; the others are not.
  const asked = new Set<number>();
  for (let turn = 0; turn < 2 * AT_ONCE; turn++) {
    for (const { pid } of [...spaces.asked]) {
      asked.add(pid);
      spaces.answer(pid, ORDINARY);
    }
    rig.run();
  }
  expect(asked).toContain(opened);
  expect(asked).toContain(hot);
  expect(asked.size).toBeLessThan(pids.length);
  rig.fault({ pid: hot!, page: HEAP_START });
  expect(rig.labels()).toEqual(['[heap]']);
});

test('after a loss only what is kept in detail is read again', () => {
  const { rig, spaces } = onDemand();
  const pids = Array.from({ length: AT_ONCE + 1 }, (_, k) => 1000 + k);
  for (const pid of pids) {
    rig.fork(1, pid).exec(pid, 'x');
    rig.mmap(vma(HEAP_START, HEAP_START + 64, '[heap]'), pid).fault({ pid, page: HEAP_START });
  }
  rig.run();
  rig.lost(3).run();
  for (let turn = 0; turn < 10; turn++) rig.run();
  expect(rig.source.asked.maps).toBeGreaterThanOrEqual(AT_ONCE);
  const cold = pids.at(-1)!;
  rig.fault({ pid: cold, page: HEAP_START, code: WRITE_PRESENT });
  expect(rig.run()).toMatchObject([{ class: 'MINOR', cause: 'unknown' }]);
  expect(spaces.asked).toEqual([]);
});
