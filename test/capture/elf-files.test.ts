import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElfFiles } from '../../src/capture/elf-files';
import { parseMaps } from '../../src/core/maps';
import type { Vma } from '../../src/core/vma';
import { buildElf, SHF_ALLOC } from '../core/elf-builder';

const dir = mkdtempSync(join(tmpdir(), 'elf-files-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** A fake /proc of one process, 42, with nothing in map_files. */
function fakeProc(name: string): string {
  const root = join(dir, name);
  mkdirSync(join(root, '42/map_files'), { recursive: true });
  symlinkSync('/', join(root, '42/root'));
  return root;
}

function elfBytes(section: string): Uint8Array {
  return buildElf({
    wide: true,
    little: true,
    sections: [{ name: section, flags: SHF_ALLOC, address: 0x1000, size: 16 }],
    segments: [{ flags: 5, offset: 0x1000, address: 0x1000, fileSize: 16, memSize: 16 }],
  });
}

function vmaOf(path: string, over: Partial<Vma> = {}): Vma {
  const ino = statSync(path, { bigint: true }).ino.toString();
  return {
    start: 0x7f0000001,
    end: 0x7f0000002,
    prot: 5,
    shared: false,
    pgoff: 0,
    backing: { name: path, devMajor: 1, devMinor: 2, ino },
    born: 0,
    ...over,
  };
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('reads every program and library of this process, without leaving a descriptor open', () => {
  const files = new ElfFiles();
  const { vmas } = parseMaps(readFileSync('/proc/self/maps', 'utf8'));
  const before = openFiles();
  let found = 0;
  for (const vma of vmas) {
    if ((vma.prot & 4) === 0 || !vma.backing.name.startsWith('/')) continue;
    const image = files.image(process.pid, vma)!;
    expect(image.sections.map((s) => s.name)).toContain('.text');
    found++;
  }
  expect(found).toBeGreaterThan(3);
  expect(openFiles()).toBe(before);
});

test('prefers the mapped file itself to what lies at its path now', () => {
  const root = fakeProc('mapped');
  const path = join(dir, 'replaced.so');
  writeFileSync(path, elfBytes('.now'));
  const original = join(dir, 'original');
  writeFileSync(original, elfBytes('.then'));
  symlinkSync(original, join(root, '42/map_files/7f0000001000-7f0000002000'));
  const image = new ElfFiles(root).image(42, vmaOf(path));
  expect(image!.sections[0]!.name).toBe('.then');
});

test('takes the path only where it leads to the same inode', () => {
  const root = fakeProc('path');
  const path = join(dir, 'lib.so.1');
  writeFileSync(path, elfBytes('.text'));
  const vma = vmaOf(path);
  expect(new ElfFiles(root).image(42, vma)!.sections).toHaveLength(1);
  const other = { ...vma, backing: { ...vma.backing, ino: '1' } };
  expect(new ElfFiles(root).image(42, other)).toBeNull();
  // A link in the file's place is the target's trick, also when it leads to the right inode.
  const link = join(dir, 'link.so');
  symlinkSync(path, link);
  const linked = { ...vma, backing: { ...vma.backing, name: link } };
  expect(new ElfFiles(root).image(42, linked)).toBeNull();
});

test('opens nothing but regular files, and does not hang on a FIFO', () => {
  const root = fakeProc('special');
  const fifo = join(dir, 'fifo.so');
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, '/dev/zero', '/dev']) {
    expect(new ElfFiles(root).image(42, vmaOf(path))).toBeNull();
  }
});

test('answers null for what is no file, no ELF file, or unreachable', () => {
  const root = fakeProc('none');
  const files = new ElfFiles(root);
  const text = join(dir, 'text.so');
  writeFileSync(text, 'not an ELF file');
  const vma = vmaOf(text);
  const named = (name: string, ino = vma.backing.ino): Vma => ({
    ...vma,
    backing: { ...vma.backing, name, ino },
  });
  expect(files.image(42, vma)).toBeNull();
  expect(files.image(42, named('[heap]', '0'))).toBeNull();
  expect(files.image(42, named('/memfd:x (deleted)', '77'))).toBeNull();
  expect(files.image(42, named('/no/such/file', '78'))).toBeNull();
  expect(files.image(42, named('/with\0nul', '79'))).toBeNull();
  expect(files.image(42, named('/' + 'x'.repeat(5000), '80'))).toBeNull();
  expect(files.image(43, named('/no/such/process', '81'))).toBeNull();
});

test('never reads a data file: that would turn the major faults of the target into minor ones', () => {
  const root = fakeProc('data');
  const path = join(dir, 'data.db');
  writeFileSync(path, elfBytes('.text'), { mode: 0o644 });
  const long = new Date(Date.now() - 3 * 86_400_000);
  utimesSync(path, long, long);
  const read = (): bigint => statSync(path, { bigint: true }).atimeNs;
  const before = read();
  const files = new ElfFiles(root);
  expect(files.image(42, vmaOf(path, { prot: 1 }))).toBeNull();
  expect(files.image(42, vmaOf(path, { prot: 3 }))).toBeNull();
  expect(read()).toBe(before);
  // Mapped to run, it is a program whatever it is called.
  expect(files.image(42, vmaOf(path, { prot: 5 }))).not.toBeNull();
  expect(files.image(42, vmaOf(path, { prot: 1 }))).not.toBeNull();
});

test('an inode that was given to another file is read again', () => {
  const root = fakeProc('reused');
  const path = join(dir, 'a.out');
  writeFileSync(path, elfBytes('.first'), { mode: 0o755 });
  const files = new ElfFiles(root);
  expect(files.image(42, vmaOf(path))!.sections[0]!.name).toBe('.first');
  // Same inode, other content: what a compiler's output looks like after unlink and create.
  writeFileSync(path, elfBytes('.second'));
  expect(files.image(42, vmaOf(path))!.sections[0]!.name).toBe('.second');
});

test('remembers what a process that has ended had mapped, and old files without looking', () => {
  const root = fakeProc('ended');
  const path = join(dir, 'old.so');
  copyFileSync(process.execPath, path);
  let now = Date.now() + 3_600_000;
  const files = new ElfFiles(root, 10, () => now);
  const vma = vmaOf(path);
  const image = files.image(42, vma);
  expect(image).not.toBeNull();
  rmSync(path);
  expect(files.image(42, vma)).toBe(image);
  now += 10_000;
  expect(files.image(42, vma)).toBe(image);
});

test('is bounded: the file used longest ago is forgotten', () => {
  const root = fakeProc('bounded');
  const files = new ElfFiles(root, 3);
  for (let i = 0; i < 10; i++) {
    const path = join(dir, `lib${i}.so`);
    writeFileSync(path, elfBytes(`.s${i}`));
    files.image(42, vmaOf(path));
  }
  expect(files.size).toBe(3);
});
