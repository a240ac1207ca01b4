import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { workload } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked } from '../support/share';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Fills memory, and writes to all of it once more in a child. */
const SNAPSHOT = `
import os
memory = bytearray(128 << 20)
if os.fork() == 0:
    for at in range(0, len(memory), 4096): memory[at] = 1
    os._exit(0)
os.wait()
`;

/**
 * Four kinds of memory, each for as much CPU time, so that each is a good part of all stall: a file that is cached,
 * written to in a private mapping, read in a shared one, written to in a shared one that is made clean again and
 * again, and memory without a file.
 */
const KINDS = `
import mmap, os, sys, time
size = 8 << 20
file = os.open(sys.argv[1] + "/kinds", os.O_RDWR | os.O_CREAT)
for _ in range(8): os.write(file, b"x" * (1 << 20))
os.fsync(file)
def write(memory):
    for at in range(0, size, 4096): memory[at] = 1
def read(memory):
    memory.madvise(mmap.MADV_RANDOM)
    for at in range(0, size, 65536): memory[at]
def private(): write(mmap.mmap(file, size, mmap.MAP_PRIVATE))
def shared(): read(mmap.mmap(file, size))
def nameless(): write(mmap.mmap(-1, size))
tracked = mmap.mmap(file, size)
def dirty():
    write(tracked)
    tracked.flush()
for touch in private, shared, nameless, dirty:
    end = time.process_time() + 0.25
    while time.process_time() < end: touch()
`;

/** A file that is taken out of memory as reclaim does it (MADV_PAGEOUT is 21), and read again. */
const EVICTED = `
import mmap, os, sys
size = 4 << 20
file = os.open(sys.argv[1] + "/evicted", os.O_RDWR | os.O_CREAT)
os.write(file, b"x" * size)
os.fsync(file)
memory = mmap.mmap(file, size)
memory.madvise(mmap.MADV_RANDOM)
for _ in range(4):
    for at in range(0, size, 4096): memory[at]
    memory.madvise(21)
`;

/** The same with memory of no file, which goes to swap. */
const SWAPPED = `
import mmap
size = 16 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for _ in range(4):
    for at in range(0, size, 4096): memory[at] = 1
    memory.madvise(21)
`;

/** Twice as much memory as its cgroup may have, touched in turn: argument 1 is the file through which one joins it. */
const LIMITED = `
import mmap, os, sys
open(sys.argv[1], "w").write(str(os.getpid()))
size = 48 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for _ in range(4):
    for at in range(0, size, 4096): memory[at] = 1
`;

/** Fresh memory without huge pages (MADV_NOHUGEPAGE is 15), touched for longer than until somebody asks about it. */
const FRESH = `
import mmap, time
size = 512 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(15)
begun = time.monotonic()
for at in range(0, size, 4096):
    memory[at] = 1
    ahead = 2.5 * at / size - (time.monotonic() - begun)
    if ahead > 0.01: time.sleep(ahead)
`;

interface Finding {
  readonly id: string;
  readonly text: string;
  readonly figures: {
    readonly faults: number;
    readonly stall_ns: number;
    readonly stall_share: number;
  };
  readonly huge_pages: Readonly<Record<string, unknown>> | null;
  readonly regions: readonly string[];
}

function findingsIn(stdout: string): readonly Finding[] {
  const json = stdout.split('\n').find((line) => line.startsWith('{"schema_version"'))!;
  return (JSON.parse(json) as { readonly findings: readonly Finding[] }).findings;
}

/** What is found while the command runs, and in its recording. */
async function found(command: readonly string[]): Promise<(readonly Finding[])[]> {
  const file = join(scratch, 'recorded');
  const report = ['-q', '--no-symbols', '--report-format', 'json'];
  const live = await analyze([...report, '--record', file, '--', ...command]);
  const again = await analyze([...report, '-i', file]);
  return [findingsIn(live.stdout), findingsIn(again.stdout)];
}

/** What is to be found in each, and the faults that it has at least. */
const CASES: readonly (readonly [
  name: string,
  ids: Readonly<Record<string, number>>,
  command: () => readonly string[],
])[] = [
  [
    'memory that is given back in a loop',
    { 'given-back': 180_000 },
    () => [workload('storm'), '--faults', '200000'],
  ],
  [
    'a heap that is trimmed and grows again',
    { 'heap-regrown': 180_000 },
    () => [workload('brkheap'), '--pages', '2000', '--rounds', '100'],
  ],
  ['writes after a fork', { 'copy-on-write': 29_500 }, () => ['python3', '-c', SNAPSHOT]],
  [
    'a file that is not in memory',
    { 'cold-file': 270 },
    () => [workload('majors'), '--dir', scratch, '--pages', '300'],
  ],
  [
    'a file that is evicted and read again',
    { 'memory-pressure': 2000 },
    () => ['python3', '-c', EVICTED, scratch],
  ],
  [
    'files that are cached, and memory that is shared',
    { 'copied-file': 2048, 'mapped-file': 128, 'shared-memory': 2048, 'dirty-tracking': 2048 },
    () => ['python3', '-c', KINDS, scratch],
  ],
  [
    'faults that another program answers',
    { userfaultfd: 300 },
    () => [workload('uffd'), '--pages', '1000', '--us', '2000'],
  ],
  [
    'fresh memory that lives long enough to be asked about',
    { 'first-touch': 1024 },
    () => ['python3', '-c', FRESH],
  ],
  ['stacks of threads', { 'thread-stacks': 3600 }, () => [workload('stacks'), '--pages', '2000']],
];

async function expectFound(
  ids: Readonly<Record<string, number>>,
  command: readonly string[],
): Promise<void> {
  const [live, again] = await found(command);
  for (const all of [live!, again!]) expectIn(all, ids);
  expectSame(live!, again!);
}

/** What nobody can take for something else, of a thread's time: how long a run was differs a little. */
const CLEAR_SHARE = 0.02;

/** What one of them concludes the other does, from the same numbers. Names of the kernel's code are in no recording. */
function expectSame(live: readonly Finding[], again: readonly Finding[]): void {
  const figures = (all: readonly Finding[], id: string): unknown => {
    const { figures: numbers, regions, huge_pages } = all.find((one) => one.id === id) ?? {};
    return { id, faults: numbers?.faults, stall: numbers?.stall_ns, regions, huge_pages };
  };
  const clear = [...live, ...again].filter(({ figures: f }) => f.stall_share >= CLEAR_SHARE);
  for (const { id } of clear) expect(figures(again, id)).toEqual(figures(live, id));
}

function expectIn(all: readonly Finding[], ids: Readonly<Record<string, number>>): void {
  for (const [id, least] of Object.entries(ids)) {
    const finding = all.find((one) => one.id === id);
    expect([id, all.map((one) => one.id)]).toEqual([id, expect.arrayContaining([id])]);
    expect(finding!.figures.faults).toBeGreaterThanOrEqual(least);
    expect(finding!.figures.stall_ns).toBeGreaterThan(0);
    expect(finding!.regions.length).toBeGreaterThan(0);
  }
}

test.each(CASES)('%s', async (_, ids, command) => {
  await expectFound(ids, command());
});

// Swap is the whole machine's: not in every run of the tests.
if (asked() !== '') {
  test('memory that is read back from swap', async () => {
    // Compressed memory is written at once: a page on its way to a disk would be found in memory again.
    spawnSync('modprobe', ['-q', 'zram']);
    const number = readFileSync('/sys/class/zram-control/hot_add', 'utf8').trim();
    const swap = `/dev/zram${number}`;
    try {
      writeFileSync(`/sys/block/zram${number}/disksize`, '64M');
      execFileSync('mkswap', [swap], { stdio: 'pipe' });
      execFileSync('swapon', [swap]);
      await expectFound({ swap: 3 * 512 }, ['python3', '-c', SWAPPED]);
    } finally {
      spawnSync('swapoff', [swap]);
      writeFileSync('/sys/class/zram-control/hot_remove', number);
    }
  });
}

/** A cgroup of our own that may have so much memory, in either version; null where nobody can be limited. */
function limitedCgroup(bytes: number): string | null {
  const [v1, v2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  const controls = join(v2, 'cgroup.subtree_control');
  const isSecond = existsSync(controls) && readFileSync(controls, 'utf8').includes('memory');
  if (!isSecond && !existsSync(join(v1, 'memory.limit_in_bytes'))) return null;
  const cgroup = join(isSecond ? v2 : v1, `pagefault-test-${process.pid}`);
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, isSecond ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
  return cgroup;
}

if (asked() !== '') {
  test('what a read from a swap file brings along is not memory that was given back', async () => {
    const swap = join(scratch, 'swapfile');
    execFileSync('fallocate', ['-l', '128M', swap]);
    chmodSync(swap, 0o600);
    execFileSync('mkswap', [swap], { stdio: 'pipe' });
    const cgroup = limitedCgroup(24 << 20);
    if (cgroup === null) return;
    try {
      execFileSync('swapon', [swap]);
      const command = ['python3', '-c', LIMITED, join(cgroup, 'cgroup.procs')];
      const runs = await found(command);
      for (const all of runs) {
        const ids = all.map(({ id }) => id);
        expect(ids[0]).toBe('swap');
        expect(ids).not.toContain('given-back');
      }
    } finally {
      spawnSync('swapoff', [swap]);
      rmdirSync(cgroup);
    }
  });
}

test('signals that a program makes on purpose', async () => {
  for (const all of await found([workload('segv'), '--dir', scratch, '--times', '200'])) {
    const finding = all.find(({ id }) => id === 'caught-signals');
    expect(finding).toMatchObject({ figures: { faults: 600, stall_ns: 0 } });
    expect(finding!.text).toMatch(
      /^600 faults ended in a signal \(ERROR\) that segv \d+ caught in [^:]+: made on purpose/,
    );
    expect([...finding!.regions].sort()).toEqual(['[anon]', '[unknown]', 'segv.dat']);
  }
});
