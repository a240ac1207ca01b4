import { PENDING } from '../../../../src/core/ports';
import { Mounts, type ReadMounts } from '../../../../src/sources/proc/mounts';
import { FileStore } from '../../../../src/core/vma/file-store';

const line = (minor: number, point: string, type: string): string =>
  `1 1 0:${minor} / ${point} rw - ${type} none rw\n`;

type Tables = Record<string, string | null>;

interface Kit {
  readonly store: (minor: number, pid?: number) => number | typeof PENDING;
  readonly reads: string[];
  readonly tables: Tables;
  readonly pass: (ns: number) => void;
  readonly now: () => number;
  /** What reading a table takes, ns. */
  readNs: number;
  /** Answers that the test gives; null: each comes at once. */
  late: (() => void)[] | null;
  /** How often tables have come. */
  come: number;
}

/** Mounts over tables and a clock that the test holds in its hands. */
function mounts(tables: Tables): Kit {
  let now = 0;
  const reads: string[] = [];
  const readMounts: ReadMounts = (pid, told) => {
    reads.push(String(pid));
    now += kit.readNs;
    if (kit.late === null) told(tables[pid] ?? null);
    else
      kit.late.push(() => {
        told(tables[pid] ?? null);
      });
  };
  const kernels = [
    { devMajor: 0, devMinor: 1, hugePageKib: 0 },
    { devMajor: 0, devMinor: 17, hugePageKib: 2048 },
  ];
  const made = new Mounts(
    readMounts,
    kernels,
    () => now,
    () => kit.come++,
  );
  const kit: Kit = {
    store: (devMinor, pid = 100) => made.store([pid, 1], { devMajor: 0, devMinor }),
    reads,
    tables,
    pass: (ns) => {
      now += ns;
    },
    now: () => now,
    readNs: 0,
    late: null,
    come: 0,
  };
  return kit;
}

test("the kernel's own mounts are known without any table", () => {
  const { store, reads } = mounts({});
  expect(store(1)).toBe(FileStore.KERNEL_MEMORY);
  expect(store(17)).toBe(FileStore.HUGE);
  expect(reads).toEqual([]);
});

test("our own table first, the target's for what is not in it, each once", () => {
  const { store, reads } = mounts({ self: line(30, '/run', 'tmpfs'), 100: line(50, '/', 'tmpfs') });
  expect(store(30)).toBe(FileStore.MEMORY);
  expect(store(30)).toBe(FileStore.MEMORY);
  expect(reads).toEqual(['self']);
});

test('a device in no table is asked for again, paced', () => {
  const m = mounts({ self: line(30, '/run', 'tmpfs') });
  expect(m.store(50)).toBe(FileStore.UNKNOWN);
  expect(m.reads).toEqual(['self', '100', '1']);
  m.tables[100] = line(50, '/mnt', 'hugetlbfs');
  expect(m.store(50)).toBe(FileStore.UNKNOWN);
  m.pass(99e6);
  expect(m.store(50)).toBe(FileStore.UNKNOWN);
  expect(m.reads).toHaveLength(3);
  m.pass(2e6);
  expect(m.store(50)).toBe(FileStore.HUGE);
  expect(m.reads).toEqual(['self', '100', '1', '100']);
});

test('the parent serves where the process is gone', () => {
  const { store } = mounts({ self: '', 1: line(50, '/mnt', 'tmpfs') });
  expect(store(50)).toBe(FileStore.MEMORY);
});

test('one device that nobody knows does not hide another', () => {
  const { store } = mounts({ self: '', 100: line(51, '/mnt', 'tmpfs') });
  expect(store(50)).toBe(FileStore.UNKNOWN);
  expect(store(51)).toBe(FileStore.MEMORY);
});

test('tables that take long to read are read a twentieth of the time', () => {
  const m = mounts({ self: '' });
  m.readNs = 30e6;
  const end = 60e9;
  let asked = 0;
  for (; m.now() < end; asked++) {
    m.store(1000 + asked);
    m.pass(1e6);
  }
  expect(m.reads.length * m.readNs).toBeLessThan(end / 20 + 200e6);
  expect(m.reads.length * m.readNs).toBeGreaterThan(end / 40);
});

test('a tmpfs that is /dev to the target holds devices, wherever else it is mounted', () => {
  const { store } = mounts({
    self: '',
    100: line(50, '/dev', 'tmpfs') + line(50, '/mnt/again', 'tmpfs'),
  });
  expect(store(50)).toBe(FileStore.DEVICE);
});

test('what a number stood for is asked again after a while', () => {
  const m = mounts({ self: line(30, '/run', 'tmpfs') });
  expect(m.store(30)).toBe(FileStore.MEMORY);
  m.tables.self = line(30, '/srv', 'ext4');
  m.pass(29e9);
  expect(m.store(30)).toBe(FileStore.MEMORY);
  m.pass(2e9);
  expect(m.store(30)).toBe(FileStore.DISK);
});

test('a table that cannot be read says nothing', () => {
  const { store } = mounts({ self: null, 100: null });
  expect(store(50)).toBe(FileStore.UNKNOWN);
  expect(store(17)).toBe(FileStore.HUGE);
});

test('tables that come later are asked for once, one after the other, and told of; what is known is told meanwhile', () => {
  const m = mounts({ self: line(30, '/run', 'tmpfs'), 100: line(50, '/mnt', 'tmpfs') });
  m.late = [];
  expect(m.store(50)).toBe(PENDING);
  expect(m.store(50)).toBe(PENDING);
  expect(m.reads).toEqual(['self']);
  m.late.shift()!();
  expect([m.store(30), m.store(50), m.come]).toEqual([FileStore.MEMORY, PENDING, 0]);
  m.late.shift()!();
  expect([m.store(50), m.come]).toEqual([FileStore.MEMORY, 1]);
  m.pass(31e9);
  expect(m.store(50)).toBe(FileStore.MEMORY);
  expect(m.reads).toEqual(['self', '100', 'self']);
});
