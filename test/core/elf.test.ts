import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import fc from 'fast-check';
import { parseElf } from '../../src/core/elf-parse';
import { buildElf, reader, SHF_ALLOC, SHF_EXEC, SHF_TLS, SHT_NOBITS } from './elf-builder';

const real = [process.execPath, '/bin/true', '/bin/bash', libc()].map((path) => realpathSync(path));

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

test.each(real)('agrees with readelf on %s', (path) => {
  const image = parseElf(reader(readFileSync(path)))!;
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
  test('reads sections and segments', () => {
    expect(parseElf(reader(buildElf({ ...plan, wide, little })))).toEqual(parsed);
  });

  test('reads numbers that stand in section 0', () => {
    expect(parseElf(reader(buildElf({ ...plan, wide, little, extended: true })))).toEqual(parsed);
  });
});

test('is no ELF image', () => {
  const good = buildElf({ ...plan, wide: true, little: true });
  const broken = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  expect(parseElf(() => null)).toBeNull();
  expect(parseElf(reader(new Uint8Array(0)))).toBeNull();
  expect(parseElf(reader(good.subarray(0, 63)))).toBeNull();
  expect(parseElf(reader(broken(1, 0x46)))).toBeNull();
  expect(parseElf(reader(broken(4, 3)))).toBeNull();
  expect(parseElf(reader(broken(5, 0)))).toBeNull();
  // A relocatable object is never mapped to run.
  expect(parseElf(reader(buildElf({ ...plan, wide: true, little: true, type: 1 })))).toBeNull();
  expect(
    parseElf(reader(buildElf({ ...plan, wide: true, little: true, segments: [] }))),
  ).toBeNull();
});

test('sections without a name table, or beyond the file, cost the names only', () => {
  const bytes = buildElf({ ...plan, wide: true, little: true });
  const nameless = bytes.slice();
  new DataView(nameless.buffer).setUint16(62, 0xff00, true);
  expect(parseElf(reader(nameless))!.sections.map((s) => s.name)).toEqual(['', '', '']);
  const stripped = bytes.slice();
  new DataView(stripped.buffer).setBigUint64(40, 0n, true);
  expect(parseElf(reader(stripped))).toEqual({ sections: [], segments: parsed.segments });
});

test('a name is cut at 256 bytes, and the last section names the others however many there are', () => {
  const sections = Array.from({ length: 6000 }, (_, i) => ({
    name: i === 0 ? 'n'.repeat(5000) : `.s${i}`,
    flags: SHF_ALLOC,
    address: 0x1000 + i * 16,
    size: 16,
  }));
  const image = parseElf(reader(buildElf({ ...plan, sections, wide: true, little: true })))!;
  expect(image.sections[0]!.name).toBe('n'.repeat(256));
  expect(image.sections.length).toBeLessThanOrEqual(4096);
  expect(image.sections[4000]!.name).toBe('.s4000');
});

test('asks for no more than its caps, whatever the headers claim', () => {
  const bytes = buildElf({ ...plan, wide: true, little: true, extended: true });
  const view = new DataView(bytes.buffer);
  const shoff = Number(view.getBigUint64(40, true));
  view.setBigUint64(shoff + 32, 1n << 50n, true);
  view.setUint32(shoff + 44, 0xffffffff, true);
  const names = shoff + 64 * (plan.sections.length + 1);
  view.setBigUint64(names + 32, 1n << 52n, true);
  let asked = 0;
  const image = parseElf((offset, length) => {
    asked += length;
    return reader(bytes)(offset, length);
  });
  expect(image!.sections.map((s) => s.name)).toContain('.text');
  expect(asked).toBeLessThan(4 << 20);
});

test('never throws on damaged files, and never hands out what does not add up', () => {
  const originals = real.map((path) => readFileSync(path));
  const damage = fc.array(
    fc.record({
      // Mostly where headers are: the start, and the section table's end of the file.
      where: fc.oneof(fc.nat(0x400), fc.integer({ min: -0x2000, max: -1 })),
      value: fc.nat(255),
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(
      fc.nat(real.length - 1),
      damage,
      fc.option(fc.nat(0x3000)),
      (which, bytes, truncated) => {
        const file = originals[which]!;
        const head = Uint8Array.from(file.subarray(0, 0x400));
        const tail = Uint8Array.from(file.subarray(file.length - 0x2000));
        for (const { where, value } of bytes) {
          if (where < 0) tail[tail.length + where] = value;
          else head[where] = value;
        }
        const end = truncated === null ? file.length : file.length - truncated;
        const image = parseElf((offset, length) => {
          expect(Number.isSafeInteger(offset) && offset >= 0).toBe(true);
          expect(length).toBeLessThanOrEqual(1 << 20);
          if (offset >= end) return null;
          const part = Uint8Array.from(file.subarray(offset, Math.min(offset + length, end)));
          for (let i = 0; i < part.length; i++) {
            const at = offset + i;
            if (at < head.length) part[i] = head[at]!;
            else if (at >= file.length - tail.length)
              part[i] = tail[at - file.length + tail.length]!;
          }
          return part;
        });
        if (image === null) return;
        for (const s of image.sections) {
          expect(s.size).toBeGreaterThan(0);
          expect(Number.isSafeInteger(s.address + s.size)).toBe(true);
          expect(s.name.length).toBeLessThanOrEqual(256);
        }
        for (const s of image.segments) expect(s.fileSize).toBeLessThanOrEqual(s.memSize);
      },
    ),
    { numRuns: 400 },
  );
});

test('never throws on any bytes', () => {
  const magic = fc.constant([0x7f, 0x45, 0x4c, 0x46]);
  const ident = fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(1, 2)).map((pair) => [...pair]);
  const bytes = fc
    .tuple(
      magic,
      ident,
      fc.array(fc.nat(255), { minLength: 10, maxLength: 10 }),
      fc.constantFrom([2, 0], [0, 3]),
      fc.uint8Array({ maxLength: 600 }),
    )
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
  fc.assert(
    fc.property(bytes, (file) => {
      expect(() => parseElf(reader(file))).not.toThrow();
    }),
  );
});
