import { regionsOfProcesses } from '../../../../src/core/snapshot/row-parts';
import { process, region, snapshot } from '../../../support/sample';

const REGIONS = [
  region({ id: 1, pid: 100, comm: 'cc1', label: '[heap]', byClass: [0, 5, 0, 0] }),
  region({ id: 2, pid: 200, comm: 'cc1', label: 'libc.so.6', byClass: [0, 7, 0, 0] }),
  region({ id: 3, pid: 0, comm: 'cc1', label: '[anon]', byClass: [0, 9, 0, 0] }),
  region({ id: 4, pid: 0, comm: 'sh', label: '[stack]', byClass: [0, 11, 0, 0] }),
];

test.each([
  ['one that lives', [{ pid: 100, comm: 'cc1' }], ['[heap]']],
  ['several', [{ pid: 100 }, { pid: 200 }], ['libc.so.6', '[heap]']],
  ['ended ones that share a row', [{ pid: 0, comm: 'cc1' }], ['[anon]']],
  ['both', [{ pid: 100 }, { pid: 0, comm: 'sh' }], ['[stack]', '[heap]']],
  ['one that did not fault', [{ pid: 300, comm: 'sh' }], []],
])('the regions of %s', (_, rows, labels) => {
  const processes = rows.map((part, k) => process({ id: k + 1, ...part }));
  const found = regionsOfProcesses(snapshot({ regions: REGIONS }), processes);
  expect(found.map(({ label }) => label)).toEqual(labels);
});
