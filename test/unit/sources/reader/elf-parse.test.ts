import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElfImage } from '../../../../src/core/elf/elf';
import { buildElf, SHF_ALLOC, SHF_EXEC, SHF_TLS, SHT_NOBITS } from '../../../support/elf-builder';
import { parseBytes, readElf, realReader } from '../../../support/reader-kit';

const dir = mkdtempSync(join(tmpdir(), 'elf-parse-'));
const real = realReader();
afterAll(() => {
  real.close();
  rmSync(dir, { recursive: true });
});

const parse = (bytes: Uint8Array): Promise<ElfImage | null> =>
  parseBytes(real.reader, join(dir, 'file'), bytes);

const files = [process.execPath, '/bin/true', '/bin/bash', libc()].map((path) =>
  realpathSync(path),
);

function libc(): string {
  const found = / (\/\S*\/libc\.so\.6)$/m.exec(readFileSync('/proc/self/maps', 'utf8'));
  if (found === null) throw new Error('node runs without a libc.so.6');
  return found[1]!;
}

/** Sections that occupy addresses, as readelf sees them. */
function readelf(path: string): { name: string; address: number; size: number; nobits: boolean }[] {
  const text = execFileSync('readelf', ['-SW', path], { encoding: 'utf8' });
  const rows = text.matchAll(
    /^ *\[ *\d+\] (\S+) +(\S+) +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) [0-9a-f]{2} +([A-Za-z]*) /gm,
  );
  return [...rows]
    .map(([, name, type, address, size, flags]) => ({
      name: name!,
      address: Number.parseInt(address!, 16),
      size: Number.parseInt(size!, 16),
      nobits: type === 'NOBITS',
      flags: flags!,
    }))
    .filter((s) => s.flags.includes('A') && s.size > 0 && !(s.nobits && s.flags.includes('T')))
    .sort((a, b) => a.address - b.address)
    .map(({ name, address, size, nobits }) => ({ name, address, size, nobits }));
}

test.each(files)('agrees with readelf on %s', async (path) => {
  const image = (await readElf(real.reader, path))!;
  const expected = readelf(path);
  expect(expected.length).toBeGreaterThan(10);
  expect(image.sections).toEqual(expected);
  const loads = execFileSync('readelf', ['-lW', path], { encoding: 'utf8' }).matchAll(
    /^ +LOAD +0x(\S+) 0x(\S+) 0x\S+ 0x(\S+) 0x(\S+) (R?) ?(W?) ?(E?)/gm,
  );
  expect(image.segments).toEqual(
    [...loads].map(([, offset, address, fileSize, memSize, r, w, x]) => ({
      offset: Number.parseInt(offset!, 16),
      address: Number.parseInt(address!, 16),
      fileSize: Number.parseInt(fileSize!, 16),
      memSize: Number.parseInt(memSize!, 16),
      prot: (r ? 1 : 0) | (w ? 2 : 0) | (x ? 4 : 0),
    })),
  );
});

const plan = {
  sections: [
    { name: '.text', flags: SHF_ALLOC | SHF_EXEC, address: 0x1000, size: 0x200 },
    { name: '.comment', size: 40 },
    { name: '.tbss', type: SHT_NOBITS, flags: SHF_ALLOC | SHF_TLS, address: 0x2000, size: 0x900 },
    { name: '.bss', type: SHT_NOBITS, flags: SHF_ALLOC, address: 0x2100, size: 0x5000 },
    { name: '.data', flags: SHF_ALLOC, address: 0x2000, size: 0x100 },
    { name: '.empty', flags: SHF_ALLOC, address: 0x2000 },
  ],
  segments: [
    { flags: 5, offset: 0x1000, address: 0x1000, fileSize: 0x200, memSize: 0x200 },
    { type: 6, flags: 4, offset: 0x40, address: 0x40, fileSize: 0x200, memSize: 0x200 },
    { flags: 6, offset: 0x2000, address: 0x2000, fileSize: 0x100, memSize: 0x5100 },
  ],
};
const parsed = {
  sections: [
    { name: '.text', address: 0x1000, size: 0x200, nobits: false },
    { name: '.data', address: 0x2000, size: 0x100, nobits: false },
    { name: '.bss', address: 0x2100, size: 0x5000, nobits: true },
  ],
  segments: [
    { offset: 0x1000, address: 0x1000, fileSize: 0x200, memSize: 0x200, prot: 5 },
    { offset: 0x2000, address: 0x2000, fileSize: 0x100, memSize: 0x5100, prot: 3 },
  ],
};

describe.each([
  ['ELF64 little-endian', true, true],
  ['ELF64 big-endian', true, false],
  ['ELF32 little-endian', false, true],
  ['ELF32 big-endian', false, false],
])('%s', (_, wide, little) => {
  test('reads sections and segments', async () => {
    expect(await parse(buildElf({ ...plan, wide, little }))).toEqual(parsed);
  });

  test('reads numbers that stand in section 0', async () => {
    expect(await parse(buildElf({ ...plan, wide, little, extended: true }))).toEqual(parsed);
  });
});

test('is no ELF image', async () => {
  const good = buildElf({ ...plan, wide: true, little: true });
  const broken = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  for (const bytes of [
    new Uint8Array(0),
    good.subarray(0, 63),
    broken(1, 0x46),
    broken(4, 3),
    broken(5, 0),
    // A relocatable object is never mapped to run.
    buildElf({ ...plan, wide: true, little: true, type: 1 }),
    buildElf({ ...plan, wide: true, little: true, segments: [] }),
  ]) {
    expect(await parse(bytes)).toBeNull();
  }
});

test('sections without a name table, or beyond the file, cost the names only', async () => {
  const bytes = buildElf({ ...plan, wide: true, little: true });
  const nameless = bytes.slice();
  new DataView(nameless.buffer).setUint16(62, 0xff00, true);
  expect((await parse(nameless))!.sections.map((s) => s.name)).toEqual(['', '', '']);
  const stripped = bytes.slice();
  new DataView(stripped.buffer).setBigUint64(40, 0n, true);
  expect(await parse(stripped)).toEqual({ sections: [], segments: parsed.segments });
});

test('a name is cut at 256 bytes, and the last section names the others however many there are', async () => {
  const sections = Array.from({ length: 6000 }, (_, i) => ({
    name: i === 0 ? 'n'.repeat(5000) : `.s${i}`,
    flags: SHF_ALLOC,
    address: 0x1000 + i * 16,
    size: 16,
  }));
  const image = (await parse(buildElf({ ...plan, sections, wide: true, little: true })))!;
  expect(image.sections[0]!.name).toBe('n'.repeat(256));
  expect(image.sections.length).toBeLessThanOrEqual(4096);
  expect(image.sections[4000]!.name).toBe('.s4000');
});

test('no more segments than any linker makes', async () => {
  const segments = Array.from({ length: 1000 }, (_, i) => ({
    ...plan.segments[0]!,
    offset: i * 0x1000,
    address: i * 0x1000,
  }));
  const image = (await parse(buildElf({ ...plan, segments, wide: true, little: true })))!;
  expect(image.segments).toHaveLength(64);
});

test('counts and sizes beyond the file end with the file', async () => {
  const bytes = buildElf({ ...plan, wide: true, little: true, extended: true });
  const view = new DataView(bytes.buffer);
  const shoff = Number(view.getBigUint64(40, true));
  view.setBigUint64(shoff + 32, 1n << 50n, true);
  view.setUint32(shoff + 44, 0xffffffff, true);
  const names = shoff + 64 * (plan.sections.length + 1);
  view.setBigUint64(names + 32, 1n << 52n, true);
  const image = (await parse(bytes))!;
  expect(image.sections.map((s) => s.name)).toContain('.text');
});
