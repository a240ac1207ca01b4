import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElfFiles } from '../../../../src/sources/proc/elf-files';
import { Patience } from '../../../../src/sources/proc/patience';
import type { ElfImage } from '../../../../src/core/elf/elf';
import { parseMaps } from '../../../../src/core/vma/proc-maps';
import { PENDING, UNKNOWN } from '../../../../src/core/ports';
import type { Vma } from '../../../../src/core/vma/vma';
import type { ElfAnswer } from '../../../../src/sources/reader/requests';
import { buildElf, SHF_ALLOC } from '../../../support/elf-builder';
import { realReader, vmaOf } from '../../../support/reader-kit';
import type { RealReader } from '../../../support/reader-kit';
import { alone } from '../../../support/vma-kit';

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

const reals: RealReader[] = [];
afterEach(() => {
  for (const real of reals.splice(0)) real.close();
});

interface Options {
  readonly root?: string;
  readonly cap?: number;
  readonly maxBytes?: number;
  readonly nowMs?: () => number;
  readonly now?: () => number;
  readonly wallMs?: () => number;
}

/** The cache with the real program behind it; image() waits for the answer. */
class Files {
  readonly files: ElfFiles;
  readonly notes: string[];
  private readonly patience: Patience;

  constructor(options: Options = {}) {
    const { root, cap, maxBytes, nowMs = () => performance.now(), wallMs } = options;
    const { now = () => 0 } = options;
    const real = realReader(root);
    reals.push(real);
    this.notes = real.notes;
    const { reader } = real;
    this.patience = new Patience(nowMs);
    this.files = new ElfFiles({
      reader,
      patience: this.patience,
      nowMs,
      now,
      wallMs,
      cap,
      maxBytes,
    });
  }

  async image(pid: number, vma: Vma): Promise<ElfImage | null | 'unknown'> {
    for (;;) {
      const image = this.files.image(alone(pid), vma);
      if (image === UNKNOWN) return 'unknown';
      if (image !== PENDING) return image;
      await new Promise<void>((resolve) => {
        this.patience.whenReady(resolve);
      });
    }
  }

  async section(pid: number, vma: Vma): Promise<string> {
    const image = await this.image(pid, vma);
    return image === null || image === 'unknown' ? String(image) : image.sections[0]!.name;
  }
}

test('reads every program and library of this process', async () => {
  const files = new Files();
  const { vmas } = parseMaps(readFileSync('/proc/self/maps', 'utf8'));
  let found = 0;
  for (const vma of vmas) {
    if ((vma.prot & 4) === 0 || !vma.backing.name.startsWith('/')) continue;
    const image = (await files.image(process.pid, vma)) as ElfImage;
    expect(image.sections.map((s) => s.name)).toContain('.text');
    found++;
  }
  expect(found).toBeGreaterThan(3);
});

test('prefers the mapped file itself to what lies at its path now', async () => {
  const root = fakeProc('mapped');
  const path = join(dir, 'replaced.so');
  writeFileSync(path, elfBytes('.now'));
  const original = join(dir, 'original');
  writeFileSync(original, elfBytes('.then'));
  symlinkSync(original, join(root, '42/map_files/7f0000001000-7f0000002000'));
  const { backing } = vmaOf(original);
  const vma = vmaOf(path, { backing: { ...backing, name: path } });
  expect(await new Files({ root }).section(42, vma)).toBe('.then');
});

test('never takes another file for the mapped one, at its range or at its path', async () => {
  const root = fakeProc('other');
  const path = join(dir, 'alternates.so');
  writeFileSync(path, elfBytes('.mine'));
  const other = join(dir, 'alternates-too.so');
  writeFileSync(other, elfBytes('.others'));
  // At the range of the mapping lies another file by now: its own is found at the path.
  symlinkSync(other, join(root, '42/map_files/7f0000001000-7f0000002000'));
  const vma = vmaOf(path);
  expect(await new Files({ root }).section(42, vma)).toBe('.mine');
  // And where another lies there too, it is not known.
  renameSync(other, path);
  expect(await new Files({ root }).section(42, vma)).toBe('unknown');
  for (const over of [{ ino: '1' }, { devMinor: 9999 }]) {
    const not = { ...vmaOf(path), backing: { ...vmaOf(path).backing, ...over } };
    expect(await new Files({ root }).section(42, not)).toBe('unknown');
  }
});

test('follows no link in the place of the file', async () => {
  const root = fakeProc('path');
  const path = join(dir, 'lib.so.1');
  writeFileSync(path, elfBytes('.text'));
  expect(await new Files({ root }).section(42, vmaOf(path))).toBe('.text');
  const link = join(dir, 'link.so');
  symlinkSync(path, link);
  const linked = { ...vmaOf(path), backing: { ...vmaOf(path).backing, name: link } };
  expect(await new Files({ root }).section(42, linked)).toBe('unknown');
});

test('opens nothing but regular files, and does not hang on a FIFO', async () => {
  const root = fakeProc('special');
  const fifo = join(dir, 'fifo.so');
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, '/dev/zero', '/dev']) {
    expect(await new Files({ root }).section(42, vmaOf(path))).toBe('unknown');
  }
});

test('what is no file, no ELF file, or unreachable', async () => {
  const root = fakeProc('none');
  const files = new Files({ root });
  const text = join(dir, 'text.so');
  writeFileSync(text, 'not an ELF file');
  const vma = vmaOf(text);
  const named = (name: string, ino = vma.backing.ino): Vma => ({
    ...vma,
    backing: { ...vma.backing, name, ino },
  });
  expect(await files.image(42, vma)).toBeNull();
  expect(await files.image(42, named('[heap]', '0'))).toBeNull();
  expect(await files.image(42, named('/memfd:x (deleted)', '77'))).toBe('unknown');
  expect(await files.image(42, named('/no/such/file', '78'))).toBe('unknown');
  expect(await files.image(42, named('/with\0nul', '79'))).toBe('unknown');
  expect(files.notes).toEqual([]);
  expect(await files.image(42, named('/' + 'x'.repeat(5000), '80'))).toBe('unknown');
  expect(await files.image(43, named('/no/such/process', '81'))).toBe('unknown');
  expect(files.notes).toEqual([expect.stringContaining('(ENAMETOOLONG)')]);
});

test('never reads a data file: that would turn the major faults of the target into minor ones', async () => {
  const root = fakeProc('data');
  const path = join(dir, 'data.db');
  writeFileSync(path, elfBytes('.text'), { mode: 0o644 });
  const long = new Date(Date.now() - 3 * 86_400_000);
  utimesSync(path, long, long);
  const read = (): bigint => statSync(path, { bigint: true }).atimeNs;
  const before = read();
  const files = new Files({ root });
  expect(await files.image(42, vmaOf(path, { prot: 1 }))).toBeNull();
  expect(await files.image(42, vmaOf(path, { prot: 3 }))).toBeNull();
  expect(read()).toBe(before);
  // Mapped to run, it is a program whatever it is called.
  expect(await files.image(42, vmaOf(path, { prot: 5 }))).not.toBeNull();
  expect(await files.image(42, vmaOf(path, { prot: 1 }))).not.toBeNull();
  expect(files.files.era(vmaOf(path).backing)).toBe(0);
});

test('a file of another build id is another, also where it has come within a tick of the clock', async () => {
  const path = join(dir, 'ticks');
  writeFileSync(path, 'of both');
  const vma = vmaOf(path);
  const told = (buildId: string | null, name: string): ElfAnswer => ({
    ...(buildId === null
      ? { found: 'data', image: null }
      : { found: 'program', image: { sections: [], segments: [], name } as unknown as ElfImage }),
    ...{ buildId, stamp: 'the same', changedMs: Date.now() },
  });
  const answers = [told('a', 'first'), told(null, ''), told('a', 'again'), told('b', 'second')];
  const reader = {
    elf: (_pid: number, _vma: Vma, answered: (answer: ElfAnswer) => void): void => {
      setImmediate(answered, answers.shift()!);
    },
  };
  const patience = new Patience(() => 0);
  const files = new ElfFiles({ reader, patience, nowMs: () => 0, now: () => 0 });
  const seen: unknown[] = [];
  for (let n = 0; n < 4; n++) {
    expect(files.image(alone(42), vma)).toBe(PENDING);
    await new Promise<void>((resolve) => {
      patience.whenReady(resolve);
    });
    const image = files.image(alone(42), vma) as unknown as { readonly name: string };
    seen.push([image.name, files.era(vma.backing)]);
  }
  expect(seen).toEqual([
    ['first', 0],
    ['first', 0],
    ['first', 0],
    ['second', 1],
  ]);
});

test('an inode that was given to another file is read again', async () => {
  const root = fakeProc('reused');
  const path = join(dir, 'a.out');
  writeFileSync(path, elfBytes('.first'), { mode: 0o755 });
  const files = new Files({ root });
  expect(await files.section(42, vmaOf(path))).toBe('.first');
  // Same inode, other content: what a compiler's output looks like after unlink and create.
  writeFileSync(path, elfBytes('.second'));
  expect(await files.section(42, vmaOf(path))).toBe('.second');
});

test('says of an inode that another file has it now, also where the first is long forgotten', async () => {
  const path = join(dir, 'eras');
  const vma = (): Vma => vmaOf(path);
  const files = new Files({ root: fakeProc('eras-proc'), cap: 1 });
  const told = async (): Promise<readonly [number, number]> => {
    await files.image(42, vma());
    return [files.files.era(vma().backing), files.files.changes];
  };
  writeFileSync(path, elfBytes('.first'), { mode: 0o755 });
  expect(await told()).toEqual([0, 0]);
  expect(await told()).toEqual([0, 0]);
  const other = join(dir, 'eras-other');
  writeFileSync(other, elfBytes('.other'));
  await files.image(42, vmaOf(other));
  writeFileSync(path, elfBytes('.second'));
  expect(await told()).toEqual([1, 1]);
  expect(await told()).toEqual([1, 1]);
  expect(files.files.era(vmaOf(other).backing)).toBe(0);
});

test('remembers what a process that has ended had mapped, and old files without looking', async () => {
  const root = fakeProc('ended');
  const path = join(dir, 'old.so');
  copyFileSync(process.execPath, path);
  let later = 0;
  const files = new Files({
    root,
    nowMs: () => performance.now() + later,
    wallMs: () => Date.now() + 3_600_000,
  });
  const vma = vmaOf(path);
  const image = await files.image(42, vma);
  expect(image).not.toBeNull();
  rmSync(path);
  expect(files.files.image(alone(42), vma)).toBe(image);
  later += 10_000;
  expect(await files.image(42, vma)).toBe(image);
});

test('looks at an old file again for each mapping that was made after the last look', async () => {
  const root = fakeProc('born');
  const path = join(dir, 'born.so');
  writeFileSync(path, elfBytes('.first'));
  let now = 100;
  const hourLater = (): number => Date.now() + 3_600_000;
  const files = new Files({ root, now: () => now, nowMs: () => 0, wallMs: hourLater });
  const born = (time: number): Vma => vmaOf(path, { born: time });
  expect(await files.section(42, born(50))).toBe('.first');
  writeFileSync(path, elfBytes('.second'));
  now = 300;
  // What is older than the look is what was looked at.
  expect(files.files.image(alone(42), born(100))).toMatchObject({ sections: [{ name: '.first' }] });
  expect(await files.section(42, born(200))).toBe('.second');
  expect(files.files.image(alone(42), born(300))).toMatchObject({
    sections: [{ name: '.second' }],
  });
  // It is nowhere any more: those that were mapped before are not asked about either.
  const [late, later] = [born(400), born(450)];
  rmSync(path);
  now = 500;
  expect(await files.section(42, late)).toBe('.second');
  expect(files.files.image(alone(43), later)).toMatchObject({ sections: [{ name: '.second' }] });
});

test('is bounded: the file used longest ago is forgotten', async () => {
  const root = fakeProc('bounded');
  const files = new Files({ root, cap: 3 });
  for (let i = 0; i < 10; i++) {
    const path = join(dir, `lib${i}.so`);
    writeFileSync(path, elfBytes(`.s${i}`));
    await files.image(42, vmaOf(path));
  }
  expect(files.files.size).toBe(3);
});

test('is bounded by what the sections take, too: some files have thousands', async () => {
  const root = fakeProc('heavy');
  const files = new Files({ root, maxBytes: 3000 });
  const write = (name: string, sections: number): Vma => {
    const path = join(dir, name);
    const bytes = buildElf({
      wide: true,
      little: true,
      sections: Array.from({ length: sections }, (_, n) => ({
        name: `.section${n}`,
        flags: SHF_ALLOC,
        address: 0x1000 + n,
        size: 1,
      })),
      segments: [{ flags: 5, offset: 0x1000, address: 0x1000, fileSize: 16, memSize: 16 }],
    });
    writeFileSync(path, bytes, { mode: 0o755 });
    return vmaOf(path);
  };
  for (let n = 0; n < 5; n++) await files.image(42, write(`small${n}.so`, 3));
  expect(files.files.size).toBe(5);
  // It is kept, alone: what it is asked for is the mapping at hand.
  const heavy = await files.image(42, write('heavy.so', 500));
  expect(heavy).toMatchObject({ sections: { length: 500 } });
  expect(files.files.size).toBe(1);
  for (let n = 5; n < 9; n++) await files.image(42, write(`small${n}.so`, 3));
  expect(files.files.size).toBe(4);
});
