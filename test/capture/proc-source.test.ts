import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcFs } from '../../src/capture/proc-source';
import type { VmaQuery } from '../../src/native/contract';

const root = mkdtempSync(join(tmpdir(), 'proc-source-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

const LINE = '00400000-00401000 r-xp 00000000 08:01 5 /x\n';

function fakeProcess(pid: number, maps = LINE): void {
  mkdirSync(join(root, `${pid}/task/${pid}`), { recursive: true });
  writeFileSync(join(root, `${pid}/maps`), maps);
  writeFileSync(join(root, `${pid}/task/${pid}/comm`), `p${pid}\n`);
}

/** Descriptors of this process that lead into the fake /proc. */
function openMaps(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(root) ? [path] : [];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
}

const FOUND: VmaQuery = {
  startPage: 16,
  endPage: 32,
  flags: 1 | 2 | 8,
  pgoff: 3,
  devMajor: 8,
  devMinor: 1,
  ino: (1n << 64n) - 1n,
  name: '/x',
};

const sources: ProcFs[] = [];
afterEach(() => {
  for (const fs of sources.splice(0)) fs.close();
  expect(openMaps()).toEqual([]);
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** A source over the fake /proc whose clock and addon the test holds in its hands. */
function source(queryVma: ((fd: number, page: number) => VmaQuery | null) | null = () => FOUND): {
  fs: ProcFs;
  clock: { ns: bigint; step: bigint };
} {
  const clock = { ns: 1_000_000_000_000n, step: 0n };
  const monotonicNs = (): bigint => (clock.ns += clock.step);
  const fs = new ProcFs({
    root,
    sessionStartNs: 1_000_000_000_000n,
    monotonicNs,
    queryVma,
    kernelMounts: [{ devMajor: 0, devMinor: 17, hugePageKib: 2048 }],
  });
  sources.push(fs);
  return { fs, clock };
}

describe('readMaps', () => {
  test('says as of when, in session time, taken before reading', () => {
    fakeProcess(1);
    const { fs, clock } = source();
    clock.ns += 5000n;
    expect(fs.readMaps(1)).toMatchObject({ asOf: 5000, vmas: [{ start: 0x400, end: 0x401 }] });
  });

  test('not again within 100 ms, per process', () => {
    fakeProcess(1);
    fakeProcess(2);
    const { fs, clock } = source();
    expect(fs.readMaps(1)).not.toBeNull();
    expect(fs.readMaps(2)).not.toBeNull();
    clock.ns += 99_999_999n;
    expect(fs.readMaps(1)).toBeNull();
    clock.ns += 1n;
    expect(fs.readMaps(1)).not.toBeNull();
  });

  test('nor within twenty times its cost', () => {
    fakeProcess(1);
    const { fs, clock } = source();
    clock.step = 10_000_000n; // Every look at the clock costs 10 ms: so does reading.
    expect(fs.readMaps(1)).not.toBeNull();
    clock.step = 0n;
    clock.ns += 199_999_999n;
    expect(fs.readMaps(1)).toBeNull();
    clock.ns += 1n;
    expect(fs.readMaps(1)).not.toBeNull();
  });

  test('null for processes that are gone or have no memory', () => {
    fakeProcess(3, '');
    const { fs } = source();
    expect(fs.readMaps(3)).toBeNull();
    expect(fs.readMaps(4_000_000)).toBeNull();
  });
});

describe('queryPage', () => {
  test('hands on what the kernel says', () => {
    fakeProcess(1);
    const { fs } = source();
    expect(fs.queryPage(1, 20)).toEqual({
      start: 16,
      end: 32,
      prot: 3,
      shared: true,
      pgoff: 3,
      backing: { name: '/x', devMajor: 8, devMinor: 1, ino: '18446744073709551615' },
      born: -Infinity,
    });
    fs.close();
    expect(source(() => null).fs.queryPage(1, 20)).toBeNull();
    expect(source(null).fs.queryPage(1, 20)).toBeNull();
    expect(source().fs.queryPage(4_000_000, 20)).toBeNull();
  });

  test('keeps a few descriptors open, the newest used ones, and close() gives them back', () => {
    const { fs } = source();
    for (let pid = 100; pid < 200; pid++) {
      fakeProcess(pid);
      fs.queryPage(pid, 20);
      fs.queryPage(100, 20);
    }
    const open = openMaps();
    expect(open).toHaveLength(32);
    expect(open).toContain(join(root, '100/maps'));
    expect(open).toContain(join(root, '199/maps'));
    fs.forget(100);
    expect(openMaps()).not.toContain(join(root, '100/maps'));
    fs.close();
    expect(openMaps()).toEqual([]);
  });

  test('opens again after an exec (ESRCH), once', () => {
    fakeProcess(1);
    let calls = 0;
    const once = source(() => {
      calls++;
      if (calls === 1) throw failure('ESRCH');
      return FOUND;
    });
    expect(once.fs.queryPage(1, 20)).not.toBeNull();
    once.fs.close();
    calls = 0;
    const gone = source(() => {
      calls++;
      throw failure('ESRCH');
    });
    expect(gone.fs.queryPage(1, 20)).toBeNull();
    expect(calls).toBe(2);
    expect(openMaps()).toEqual([]);
  });

  test('opens again after a while: a child of vfork got its own memory meanwhile', () => {
    fakeProcess(1);
    const fds = new Set<string>();
    const { fs, clock } = source(() => {
      fds.add(openMaps().join());
      return FOUND;
    });
    fs.queryPage(1, 20);
    rmSync(join(root, '1/maps'));
    fakeProcess(1);
    fs.queryPage(1, 20);
    expect([...fds]).toEqual([join(root, '1/maps'), `${join(root, '1/maps')} (deleted)`]);
    clock.ns += 50_000_000n;
    fs.queryPage(1, 20);
    expect(openMaps()).toEqual([join(root, '1/maps')]);
    fs.close();
  });

  test('an older kernel is asked once', () => {
    fakeProcess(1);
    let calls = 0;
    const { fs } = source(() => {
      calls++;
      throw failure('ENOTTY');
    });
    expect(fs.queryPage(1, 20)).toBeNull();
    expect(fs.queryPage(1, 21)).toBeNull();
    expect(calls).toBe(1);
    expect(openMaps()).toEqual([]);
  });

  test('other errors are not hidden', () => {
    fakeProcess(1);
    const { fs } = source(() => {
      throw failure('EFAULT');
    });
    expect(() => fs.queryPage(1, 20)).toThrow('EFAULT');
    expect(openMaps()).toEqual([]);
  });
});

test('comm, and ELF headers of a live process', async () => {
  fakeProcess(1);
  expect(source().fs.comm(1, 1)).toBe('p1');
  expect(source().fs.comm(1, 2)).toBeNull();

  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write('x');
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const live = new ProcFs({
    sessionStartNs: 0n,
    monotonicNs: () => process.hrtime.bigint(),
    queryVma: null,
    kernelMounts: [],
  });
  const maps = live.readMaps(child.pid!)!;
  const code = maps.vmas.find((v) => (v.prot & 4) !== 0)!;
  expect(live.elfImage(child.pid!, code)!.sections.map((s) => s.name)).toContain('.text');
  expect(live.comm(child.pid!, child.pid!)).toBe('cat');
  child.kill('SIGKILL');
});
