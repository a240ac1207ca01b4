import { busReason } from '../../../../src/core/classify/bus-reason';
import type { BusFacts, BusFault } from '../../../../src/core/classify/bus-reason';

const FAULT: BusFault = { label: 'vm', huge: true, offset: 3 << 21, code: 2, touched: 3 };
const NOTHING: BusFacts = {
  fileSize: null,
  freePages: null,
  pageKib: null,
  limitHits: null,
  ended: false,
};
const HUGE: BusFacts = { ...NOTHING, fileSize: 8 << 21, freePages: 5, pageKib: 2048, limitHits: 0 };

test.each([
  [
    'beyond the end',
    {},
    { ...HUGE, fileSize: 3 << 21 },
    'vm: touched beyond the end of the file (6.0M)',
  ],
  ['pool', {}, { ...HUGE, freePages: 0 }, 'vm: the pool of 2.0M pages was empty (nr_hugepages)'],
  [
    'pool, whose pages came back with the end of the process',
    {},
    { ...HUGE, freePages: 3, ended: true },
    'vm: the pool of 2.0M pages was empty (nr_hugepages)',
  ],
  ['limit', {}, { ...HUGE, limitHits: 2 }, "vm: the cgroup's limit of 2.0M pages was reached"],
  [
    'more came back than it had: not the pool',
    {},
    { ...HUGE, freePages: 4, ended: true, limitHits: 1 },
    "vm: the cgroup's limit of 2.0M pages was reached",
  ],
  [
    'nothing that tells',
    {},
    NOTHING,
    "vm: the pool of huge pages was empty, or the cgroup's limit of them was reached, " +
      'or it was touched beyond the end of the file',
  ],
  [
    'no file, nothing that tells',
    { offset: -1 },
    NOTHING,
    "vm: the pool of huge pages was empty, or the cgroup's limit of them was reached",
  ],
  ['hardware', { code: 4 }, HUGE, 'vm: a memory error (hardware)'],
  [
    'a file that was cut off',
    { huge: false, offset: 8192 },
    { ...NOTHING, fileSize: 8192 },
    'vm: touched beyond the end of the file (8.0K)',
  ],
  [
    'in the last page of a file',
    { huge: false, offset: 8200 },
    { ...NOTHING, fileSize: 8193 },
    'vm: the page could not be read from the file, or there was no room for it',
  ],
  [
    'a file that is gone',
    { huge: false },
    NOTHING,
    'vm: touched beyond the end of the file, or the file could not be read',
  ],
] as const)('%s', (_, fault, facts, words) => {
  expect(busReason({ ...FAULT, ...fault }, facts)).toBe(words);
});

test('names keep to themselves', () => {
  expect(busReason({ ...FAULT, label: 'a\x1b[31m' }, HUGE)).not.toContain('\x1b');
});
