import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureCommand } from '../support/analyzer';
import { workload } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let cold: string;

/** Takes a file out of the page cache, and makes sure that it is out. */
function evict(file: string): void {
  execFileSync('sync', [file]);
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  const cached = execFileSync('fincore', ['-n', '-b', '-o', 'RES', file], { encoding: 'utf8' });
  expect(Number(cached)).toBe(0);
}

beforeAll(() => {
  scratch = scratchDirectory();
  cold = join(scratch, 'uncached.bin');
  writeFileSync(cold, randomBytes(4 << 20));
});
afterAll(() => {
  removeScratch(scratch);
});

test('a program that maps an uncached file has MAJOR faults under its name', async () => {
  evict(cold);
  const script =
    'import mmap, sys; f = open(sys.argv[1], "rb"); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); print(sum(m[::4096]))';
  const { faults } = await captureCommand(['python3', '-c', script, cold], scratch);
  const major = faults.filter((fault) => fault.class === 'MAJOR' && fault.file === cold);
  expect(major.length).toBeGreaterThan(0);
  for (const fault of major) {
    expect(fault).toMatchObject({
      cause: 'file-read',
      region: 'uncached.bin',
      region_kind: 'file',
    });
    expect(fault.latency_ns).toBeGreaterThan(10_000);
    expect(fault.file_offset).toBeLessThan(4 << 20);
  }
});

test('cat of an uncached file has kernel-mode faults in the buffer it reads into', async () => {
  evict(cold);
  // To /dev/null: between two files cat would let the kernel copy, without any buffer.
  const { faults } = await captureCommand(['sh', '-c', `exec cat '${cold}' > /dev/null`], scratch);
  const own = faults.filter((fault) => fault.comm === 'cat' && fault.mode === 'kernel');
  const buffer = own.filter(
    (fault) => fault.region_kind === 'anon' || fault.region_kind === 'heap',
  );
  // cat's buffer is 128 KiB: 32 pages, each first touched by read(2).
  expect(buffer.length).toBeGreaterThanOrEqual(30);
  for (const fault of buffer) {
    expect(fault.access).toBe('w');
    expect(fault.file).toBeNull();
  }
  // Nothing of the file itself is mapped by cat: its reads are no faults of the file.
  expect(faults.filter((fault) => fault.file === cold)).toEqual([]);
});

test('sections of an ELF file: code is .text, written data is .data or .bss', async () => {
  const program = workload('storm');
  const { faults } = await captureCommand([program, '--faults', '1000'], scratch);
  const sections = new Set(
    faults.filter((fault) => fault.file === program).map((fault) => fault.section),
  );
  expect(sections).toContain('.text');
  const libc = faults.filter((fault) => fault.region.startsWith('libc.so'));
  expect(libc.some((fault) => fault.section === '.text' && fault.access === 'x')).toBe(true);
});
