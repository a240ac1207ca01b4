import { parseFilter } from '../../../../src/core/filter/parse';
import { compileRowTests } from '../../../../src/core/filter/row-test';
import type { Snapshot } from '../../../../src/core/snapshot/snapshot';
import { NOT_IN_DETAIL } from '../../../../src/core/stats/limits';
import { FakeSpaces } from '../../../support/fake-spaces';
import { HEAP_START, Rig } from '../../../support/model-kit';

/** 64 of these are in detail. */
const PIDS = Array.from({ length: 66 }, (_, k) => 1000 + k);

function picture(): Snapshot {
  const rig = new Rig({}, 'detail', { spaces: new FakeSpaces(), symbols: 'sites' });
  for (const pid of PIDS) {
    rig.source.comms.set(pid, `app${pid}`);
    rig.fault({ pid, page: HEAP_START, ip: 0x1000_0000n });
  }
  rig.run();
  return rig.model.snapshot(rig.now);
}

function passing(text: string): { processes: number[]; shared: boolean[] } {
  const snapshot = picture();
  const { filter } = parseFilter(text);
  if (filter === null) throw new Error(text);
  const tests = compileRowTests(filter, snapshot);
  const thread = snapshot.threads.find(({ comm }) => comm === NOT_IN_DETAIL)!;
  const region = snapshot.regions.find(({ label }) => label === NOT_IN_DETAIL)!;
  const site = snapshot.sites.find(({ label }) => label === NOT_IN_DETAIL)!;
  return {
    processes: snapshot.processes.filter((row) => tests.processes.passes(row)).map((p) => p.pid),
    shared: [tests.threads.passes(thread), tests.regions.passes(region), tests.sites.passes(site)],
  };
}

test.each([
  ['comm:app1065', [1065], [true, true, true]],
  ['app1065', [1065], [true, true, true]],
  ['app1003', [1003], [true, true, true]],
  ['pid:1065', [1065], [true, true, true]],
])('%s', (text, processes, shared) => {
  expect(passing(text)).toEqual({ processes, shared });
});
