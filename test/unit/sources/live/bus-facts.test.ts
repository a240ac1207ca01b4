import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusFactsReader } from '../../../../src/sources/live/bus-facts';
import type { SizeAnswer } from '../../../../src/sources/reader/requests';
import type { BusFault } from '../../../../src/core/classify/bus-reason';
import { backing, vma } from '../../../support/vma-kit';

const sys = mkdtempSync(join(tmpdir(), 'bus-'));
afterAll(() => {
  rmSync(sys, { recursive: true });
});

function put(path: string, text: string): void {
  mkdirSync(join(sys, path, '..'), { recursive: true });
  writeFileSync(join(sys, path), text);
}
put('kernel/mm/hugepages/hugepages-2048kB/free_hugepages', '7\n');
put('kernel/mm/hugepages/hugepages-2048kB/resv_hugepages', '3\n');
put('kernel/mm/hugepages/hugepages-1048576kB/free_hugepages', '0\n');
put('kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages', '0\n');
put('fs/cgroup/pod/hugetlb.2MB.events', 'max 4\n');
put('fs/cgroup/hugetlb/job/hugetlb.1GB.failcnt', '9\n');

const FILE = vma(0x100, 0x900, '', { shared: true, backing: backing('/mnt/huge/vm') });
const FAULT: BusFault = { label: 'vm', huge: true, offset: 0, code: 2, touched: 0 };

function bench(options: {
  readonly size?: SizeAnswer | null;
  readonly groups?: Readonly<Record<number, string>>;
  readonly kernelKib?: number;
}): BusFactsReader {
  return new BusFactsReader({
    exists: () => true,
    reader: {
      tasks: (pids, told) => {
        told(
          pids.map((pid) => ({
            status: `Name:\tvm\nState:\t${pid === 2 ? 'Z (zombie)' : 'S (sleeping)'}\nThreads:\t1\n`,
            cgroup: options.groups?.[pid] ?? '',
          })),
        );
      },
      size: (_pid, _vma, told) => {
        setImmediate(told, options.size ?? null);
      },
    },
    hugePageKib: () => options.kernelKib ?? null,
    sys,
  });
}

test('size by the reader, the pool by the size of its pages', async () => {
  const bus = bench({ size: { size: 6 << 20, blockSize: 2 << 20 } });
  bus.askBus(2, 1, FILE, FAULT);
  expect(bus.takeBus()).toEqual([]);
  await bus.settled();
  expect(bus.takeBus()).toEqual([
    {
      fault: FAULT,
      facts: { fileSize: 6 << 20, freePages: 4, pageKib: 2048, limitHits: null, ended: true },
    },
  ]);
  expect(bus.takeBus()).toEqual([]);
  await bus.settled();
});

test("memory without a file is answered at once, with the kernel's own mount for the size", () => {
  const bus = bench({ kernelKib: 1048576 });
  bus.askBus(3, 1, FILE, { ...FAULT, offset: -1 });
  expect(bus.takeBus()).toMatchObject([
    { facts: { fileSize: null, freePages: 0, pageKib: 1048576, ended: false } },
  ]);
});

test.each([
  ['of version 2, above its own', { 3: '0::/pod/container\n' }, 2048, 4],
  ['of its parent, where it is gone', { 1: '0::/pod\n' }, 2048, 4],
  ['of version 1', { 3: '7:hugetlb:/job/a\n0::/\n' }, 1048576, 9],
  ['that was never met', { 3: '0::/other\n' }, 2048, null],
  ['of nobody known', {}, 2048, null],
] as const)('the limit of a cgroup %s', (_, groups, kernelKib, limitHits) => {
  const bus = bench({ groups, kernelKib });
  bus.askBus(3, 1, FILE, { ...FAULT, offset: -1 });
  expect(bus.takeBus()).toMatchObject([{ facts: { limitHits } }]);
});

test('a file system that does not answer does not hold up the end', async () => {
  const bus = new BusFactsReader({
    reader: {
      tasks: (_pids, told) => {
        told(null);
      },
      size: () => undefined,
    },
    hugePageKib: () => null,
    sys: '/nonexistent',
  });
  bus.askBus(3, 1, FILE, FAULT);
  await bus.settled();
  expect(bus.takeBus()).toEqual([]);
});
