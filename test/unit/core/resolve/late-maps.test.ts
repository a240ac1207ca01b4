import { FILE_START, HEAP_START, ORDINARY, Rig, STACK_START } from '../../../support/model-kit';
import { FakeSpaces } from '../../../support/fake-spaces';
import { NOT_IN_DETAIL } from '../../../../src/core/stats/limits';
import type { ProcessRow, Snapshot } from '../../../../src/core/snapshot/snapshot';

const WRITE_PRESENT = 0x7;
const READ_ABSENT = 0x4;

function onDemand(): { readonly rig: Rig; readonly spaces: FakeSpaces } {
  const spaces = new FakeSpaces();
  const rig = new Rig({}, 'detail', { spaces, symbols: 'sites' });
  return { rig, spaces };
}

const shot = ({ model, now }: Rig): Snapshot => model.snapshot(now);
const region = ({ regions }: Snapshot, label: string) => regions.find((row) => row.label === label);

/** One second of the run. */
function tick(rig: Rig): void {
  rig.now += 1e9;
  rig.model.tick(rig.now);
}

test('threads that have ended before the maps come do not begin anew', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START }).thread(100, 101);
  rig.fault({ page: HEAP_START + 1, tid: 101, code: WRITE_PRESENT, latency: 500 });
  rig.exit(100, 101).run();
  rig.run();
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  const { threads, processes, totals } = shot(rig);
  expect(totals).toMatchObject({ faults: 2, undecided: 0 });
  expect(threads.map(({ tid, faults, alive }) => [tid, faults, alive]).sort()).toEqual([
    [100, 1, true],
    [101, 1, false],
  ]);
  expect(processes[0]).toMatchObject({ threads: 1, alive: true });
  rig.exit(100).run();
  expect([...rig.model.livingPids()]).toEqual([]);
});

test('what is told late was not there in this tick', () => {
  const { rig, spaces } = onDemand();
  for (let i = 0; i < 10; i++) {
    rig.fault({ page: HEAP_START + i, code: WRITE_PRESENT, latency: 1e8 });
  }
  rig.run();
  tick(rig);
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.fault({ page: STACK_START, code: READ_ABSENT, latency: 1000 }).run();
  tick(rig);
  const { totals, regions, threads, processes, sites } = shot(rig);
  for (const row of [totals, ...regions, ...threads, ...processes, ...sites]) {
    expect(Math.min(...row.classRate)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...row.history, 0)).toBeLessThanOrEqual(10);
  }
  expect(region(shot(rig), '[heap]')).toMatchObject({ faults: 10, rate: 0, stalled: 0 });
  expect(totals.stalled).toBeLessThan(0.001);
});

test('pages of faults that are told late are new once', () => {
  const { rig, spaces } = onDemand();
  for (let i = 0; i < 2; i++) {
    for (let k = 0; k < 3; k++) rig.fault({ page: FILE_START + k, code: READ_ABSENT, end: 'maj' });
  }
  rig.run();
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  const after = shot(rig);
  expect(after.totals.uniquePages).toBe(3);
  expect(region(after, 'data.db')).toMatchObject({ faults: 6, uniquePages: 3, refaults: 3 });
  expect(after.causeFacts.rereadShare).toBe(0.5);
});

test('faults whose instruction nobody saw leave no code behind', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START }).fault({ page: HEAP_START, ip: 0x1000_0000n });
  rig.run();
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  const counts = shot(rig).sites.map(({ faults }) => faults);
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(2);
  expect(Math.min(...counts)).toBe(1);
});

test('a mapping that is gone when the maps are read stays open, and nobody is asked about it', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: 0x9000, code: WRITE_PRESENT }).fault({ page: HEAP_START, code: WRITE_PRESENT });
  rig.run();
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  const { totals, processes } = shot(rig);
  expect(totals).toMatchObject({ byClass: [0, 1, 1, 0], undecided: 1 });
  expect(processes[0]).toMatchObject({ undecided: 1 });
  expect(rig.source.asked).toMatchObject({ pages: 0, maps: 0 });
});

test('maps that were asked for before a loss are asked for again', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START }).run();
  rig.run();
  rig.lost(1).run();
  spaces.answer(100, ORDINARY);
  rig.run();
  rig.now += 300e6;
  rig.run();
  expect(spaces.asked.map(({ pid }) => pid)).toEqual([100]);
  spaces.answer(100, ORDINARY);
  rig.fault({ page: HEAP_START });
  expect(rig.labels()).toEqual(['[heap]']);
});

test('who shares the memory of another does not take its regions out of the detail', () => {
  const { rig, spaces } = onDemand();
  rig.fault({ page: HEAP_START }).run();
  // All others find no room.
  for (let pid = 1000; pid < 1064; pid++) rig.fault({ pid, page: HEAP_START });
  rig.run();
  spaces.answer(100, ORDINARY);
  rig.run();
  rig.fork(100, 200).share(100, 200).fault({ pid: 200, page: STACK_START });
  rig.fault({ page: STACK_START });
  expect(rig.labels()).toEqual(['[stack]', '[stack]']);
  expect(region(shot(rig), NOT_IN_DETAIL)).toMatchObject({ faults: 64 });
});

test('maps that come while a batch waits are taken over behind it', () => {
  const { rig, spaces } = onDemand();
  rig.fork(1, 300).exec(300, 'x').run();
  rig.fault({ page: HEAP_START, code: WRITE_PRESENT }).run();
  rig.run();
  rig.fault({ page: HEAP_START + 1, code: WRITE_PRESENT });
  rig.fault({ pid: 300, page: 0x7000 });
  rig.source.pending.add('page 28672');
  expect(rig.consumes()).toBe(false);
  spaces.answer(100, ORDINARY);
  rig.model.tick(rig.now);
  rig.source.pending.clear();
  rig.run();
  rig.run();
  expect(shot(rig).totals).toMatchObject({ undecided: 0, faults: 3 });
  expect(region(shot(rig), '[heap]')).toMatchObject({ faults: 2, byClass: [0, 0, 2, 0] });
});

/** Processes with 4,096 faults each whose maps cannot be read, as often as it is tried. */
function unreadable(pids: readonly number[]): ReturnType<typeof onDemand> {
  const { rig, spaces } = onDemand();
  for (const pid of pids) {
    for (let k = 0; k < 4096; k++) rig.fault({ pid, page: HEAP_START + k, code: WRITE_PRESENT });
    rig.run();
    rig.run();
    for (let tries = 0; tries < 3; tries++) {
      spaces.answer(pid, null);
      rig.now += 300e6;
      rig.run();
      rig.run();
    }
  }
  expect(spaces.asked).toEqual([]);
  return { rig, spaces };
}

/** Somebody looks at the process 100 when its maps can be read; returns its row afterwards. */
function open100({ rig, spaces }: ReturnType<typeof onDemand>): ProcessRow {
  rig.model.open([100]);
  rig.fault({ pid: 100, page: HEAP_START, code: WRITE_PRESENT }).run();
  rig.now += 300e6;
  rig.run();
  rig.run();
  expect(spaces.asked.map(({ pid }) => pid)).toEqual([100]);
  spaces.answer(100, ORDINARY);
  rig.run();
  rig.run();
  return shot(rig).processes.find((row) => row.pid === 100)!;
}

test('faults of who cannot be read leave room for those of others, and one that is opened is asked again', () => {
  // All that can be kept.
  const { rig, spaces } = unreadable([100, 101, 102, 103]);
  rig.fault({ pid: 300, page: HEAP_START, code: WRITE_PRESENT }).run();
  rig.run();
  spaces.answer(300, ORDINARY);
  rig.run();
  const of = (pid: number) => shot(rig).processes.find((row) => row.pid === pid);
  expect(of(300)).toMatchObject({ faults: 1, undecided: 0 });
  expect(of(100)).toMatchObject({ faults: 4096, undecided: 4096 });
  // Of the first ones nothing is left but their number; the one behind them is told.
  expect(open100({ rig, spaces })).toMatchObject({ faults: 4097, undecided: 4096 });
});

test('who could not be read and is opened while there was room for all has his first faults told', () => {
  // 64 of them lie in [heap]; of one process no more than 4,096 are kept.
  expect(open100(unreadable([100]))).toMatchObject({ faults: 4097, undecided: 4097 - 64 });
});
