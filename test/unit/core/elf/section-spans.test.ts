import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElfImage } from '../../../../src/core/elf/elf';
import { parseMaps } from '../../../../src/core/vma/proc-maps';
import * as behind from '../../../../src/core/elf/section-spans';
import { ImageSpans, sameFileBelow, segmentOf } from '../../../../src/core/elf/section-spans';
import type { Span } from '../../../../src/core/elf/section-spans';
import type { Vma } from '../../../../src/core/vma/vma';
import { VmaMap } from '../../../../src/core/vma/vma-map';
import { VmaPool } from '../../../../src/core/vma/vma-pool';
import { readElf, realReader } from '../../../support/reader-kit';
import { backing, vma } from '../../../support/vma-kit';

const PAGE = 4096;

const images = new ImageSpans();

/** The sections of a mapping, in bytes from its start. */
function spansFor(elf: ElfImage, vma: Vma, below: Vma | null = null): Span[] {
  const segment = segmentOf(elf, vma, below);
  if (segment === null) return [];
  const low = vma.pgoff * PAGE;
  const high = low + (vma.end - vma.start) * PAGE;
  return images
    .of(elf, segment)
    .filter(({ start, end }) => start < high && end > low)
    .map(({ start, end, name }) => ({
      start: Math.max(start, low) - low,
      end: Math.min(end, high) - low,
      name,
    }));
}

const bssSpansBehind = (elf: ElfImage, data: Vma, tail: Vma, below: Vma | null = null): Span[] =>
  behind.bssSpansBehind(images, elf, data, tail, below);

const mapping = (start: number, pages: number, pgoff: number, prot: number): Vma =>
  vma(start, start + pages, '/bin/demo', { pgoff, prot });
const anon = (start: number, pages: number): Vma => vma(start, start + pages);

/**
 * As GNU ld lays out a small PIE: the file's page 2 holds the end of .rodata and the beginning of the
 * RELRO part, so it is mapped twice, in the end both times read-only.
 */
const image: ElfImage = {
  sections: [
    { name: '.interp', address: 0x318, size: 0x1c, nobits: false },
    { name: '.text', address: 0x1000, size: 0x7f0, nobits: false },
    { name: '.rodata', address: 0x2000, size: 0x123, nobits: false },
    { name: '.dynamic', address: 0x3df0, size: 0x1e0, nobits: false },
    { name: '.got', address: 0x3fd0, size: 0x30, nobits: false },
    { name: '.data', address: 0x4000, size: 0x10, nobits: false },
    { name: '.bss', address: 0x4020, size: 0x2800, nobits: true },
  ],
  segments: [
    { offset: 0, address: 0, fileSize: 0x640, memSize: 0x640, prot: 1 },
    { offset: 0x1000, address: 0x1000, fileSize: 0x7f0, memSize: 0x7f0, prot: 5 },
    { offset: 0x2000, address: 0x2000, fileSize: 0x123, memSize: 0x123, prot: 1 },
    { offset: 0x2df0, address: 0x3df0, fileSize: 0x220, memSize: 0x2a30, prot: 3 },
  ],
};

test('finds the sections of a code mapping', () => {
  expect(spansFor(image, mapping(0x501, 1, 1, 5))).toEqual([
    { start: 0, end: 0x7f0, name: '.text' },
  ]);
  expect(spansFor(image, mapping(0x500, 1, 0, 1))).toEqual([
    { start: 0x318, end: 0x334, name: '.interp' },
  ]);
});

test('tells the two mappings of one page apart by where they were loaded', () => {
  const text = mapping(0x501, 1, 1, 5);
  const rodata = mapping(0x502, 1, 2, 1);
  const relro = mapping(0x503, 1, 2, 1);
  expect(spansFor(image, rodata, text).map((s) => s.name)).toEqual(['.rodata']);
  expect(spansFor(image, relro, rodata)).toEqual([
    { start: 0xdf0, end: 0xfd0, name: '.dynamic' },
    { start: 0xfd0, end: 0x1000, name: '.got' },
  ]);
  // Before RELRO takes effect, permissions tell.
  expect(spansFor(image, mapping(0x503, 2, 2, 3)).map((s) => s.name)).toEqual([
    '.dynamic',
    '.got',
    '.data',
    '.bss',
  ]);
});

test('the gap that the loader left between segments shows no section', () => {
  const rodata = mapping(0x502, 1, 2, 1);
  const gap = mapping(0x503, 2, 3, 0);
  const relro = mapping(0x505, 1, 2, 1);
  expect(spansFor(image, gap, rodata)).toEqual([]);
  const map = new VmaMap(new VmaPool(64));
  map.reset([rodata, gap, relro, mapping(0x600, 1, 3, 3)]);
  expect(sameFileBelow(map, map.find(relro.start))).toEqual(rodata);
  expect(sameFileBelow(map, map.find(rodata.start))).toBeNull();
  expect(sameFileBelow(map, map.find(0x600))).toBeNull();
});

test('finds the .bss that begins in the last page of the file, and its tail behind it', () => {
  const data = mapping(0x504, 1, 3, 3);
  expect(spansFor(image, data)).toEqual([
    { start: 0, end: 0x10, name: '.data' },
    { start: 0x20, end: 0x1000, name: '.bss' },
  ]);
  // p_memsz ends at 0x6820: two pages behind 0x5000, however large the merged mapping is.
  const tail = [{ start: 0, end: 0x2000, name: '.bss' }];
  expect(bssSpansBehind(image, data, anon(0x505, 2))).toEqual(tail);
  expect(bssSpansBehind(image, data, anon(0x505, 40))).toEqual(tail);
  expect(bssSpansBehind(image, data, anon(0x505, 1))).toEqual([
    { start: 0, end: 0x1000, name: '.bss' },
  ]);
});

test('anonymous memory that is not the tail of the file is not claimed', () => {
  const data = mapping(0x504, 1, 3, 3);
  expect(bssSpansBehind(image, data, anon(0x506, 2))).toEqual([]);
  expect(bssSpansBehind(image, data, { ...anon(0x505, 2), shared: true })).toEqual([]);
  expect(bssSpansBehind(image, data, mapping(0x505, 2, 4, 3))).toEqual([]);
  // Behind the code nothing is asked for.
  expect(bssSpansBehind(image, mapping(0x501, 1, 1, 5), anon(0x502, 2))).toEqual([]);
  const full = image.segments.map((s) => ({ ...s, memSize: s.fileSize }));
  expect(bssSpansBehind({ ...image, segments: full }, data, anon(0x505, 2))).toEqual([]);
});

test('a stripped section table leaves the tail to the file, without a name', () => {
  const data = mapping(0x504, 1, 3, 3);
  const bare = { ...image, sections: [] };
  expect(spansFor(bare, data)).toEqual([]);
  expect(bssSpansBehind(bare, data, anon(0x505, 9))).toEqual([{ start: 0, end: 0x2000, name: '' }]);
});

test('overlapping sections of a forged file yield spans that do not overlap', () => {
  const forged = {
    ...image,
    sections: [
      { name: 'a', address: 0x1000, size: 0x600, nobits: false },
      { name: 'b', address: 0x1100, size: 0x100, nobits: false },
      { name: 'c', address: 0x1100, size: 0x9000, nobits: false },
    ],
  };
  expect(spansFor(forged, mapping(0x501, 1, 1, 5))).toEqual([
    { start: 0, end: 0x600, name: 'a' },
    { start: 0x600, end: 0x1000, name: 'c' },
  ]);
});

test('a segment that no loader could map, and offsets beyond the file, yield nothing', () => {
  const skewed = {
    ...image,
    segments: image.segments.map((s) => ({ ...s, offset: s.offset + 8 })),
  };
  expect(spansFor(skewed, mapping(0x501, 1, 1, 5))).toEqual([]);
  expect(spansFor(image, mapping(0x501, 1, 900, 5))).toEqual([]);
});

test('a .bss tail of a forged file is told in few spans', () => {
  const forged = {
    segments: image.segments,
    sections: Array.from({ length: 4096 }, (_, i) => ({
      name: `s${i}`,
      address: 0x4000 + i,
      size: 1,
      nobits: true,
    })),
  };
  const found = bssSpansBehind(forged, mapping(0x504, 1, 3, 3), anon(0x505, 2));
  expect(found.length).toBeLessThan(100);
  expect(found.at(-1)!.end).toBe(0x2000);
});

test('the mapping below counts as the same file under another name, seen from another root', () => {
  const map = new VmaMap(new VmaPool(64));
  const rodata = mapping(0x502, 1, 2, 1);
  map.reset([{ ...rodata, backing: backing('/jail/bin/demo') }, mapping(0x503, 1, 2, 1)]);
  expect(sameFileBelow(map, map.find(0x503))).toMatchObject({ start: 0x502 });
});

describe('live processes: every section readelf lists is found where the loader put it', () => {
  const real = realReader();
  const dir = mkdtempSync(join(tmpdir(), 'spans-'));
  const children: ChildProcess[] = [];
  const source = join(dir, 'wait.c');
  writeFileSync(
    source,
    `#include <unistd.h>
     static int initialised[3000] = {1}; static int zero[900000]; const char text[9000] = "x";
     int main(void) { initialised[2] = zero[5] = text[1]; write(1, "!", 1); pause(); return 0; }`,
  );
  afterAll(() => {
    real.close();
    for (const child of children) child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  });

  async function start(file: string, args: string[]): Promise<number> {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return child.pid!;
  }

  function build(name: string, ...flags: string[]): string {
    const out = join(dir, name);
    execFileSync('gcc', ['-O1', '-o', out, source, ...flags]);
    return out;
  }

  /** All sections with addresses, from readelf. */
  function sections(path: string): { name: string; address: number; size: number }[] {
    const text = execFileSync('readelf', ['-SW', path], { encoding: 'utf8' });
    const rows = text.matchAll(
      /^ *\[ *\d+\] (\S+) +(\S+) +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) [0-9a-f]{2} +([A-Za-z]*) /gm,
    );
    return [...rows]
      .filter((r) => r[5]!.includes('A') && !(r[2] === 'NOBITS' && r[5]!.includes('T')))
      .map((r) => ({ name: r[1]!, address: parseInt(r[3]!, 16), size: parseInt(r[4]!, 16) }))
      .filter((s) => s.size > 0);
  }

  /** Compares the ELF files of a process; the number of files compared. */
  async function compare(pid: number, skip = ''): Promise<number> {
    const { vmas } = parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8'));
    const map = new VmaMap(new VmaPool(64));
    map.reset(vmas);
    const paths = new Set(vmas.filter((v) => (v.prot & 4) !== 0).map((v) => v.backing.name));
    let compared = 0;
    for (const path of paths) {
      if (!path.startsWith('/') || path === skip) continue;
      const elf = (await readElf(real.reader, path))!;
      const loads = execFileSync('readelf', ['-lW', path], { encoding: 'utf8' });
      const firstLoad = parseInt(/^ +LOAD +0x\S+ 0x(\S+)/m.exec(loads)![1]!, 16);
      const mine = vmas.filter((v) => v.backing.name === path);
      const bias = mine[0]!.start * PAGE - Math.floor(firstLoad / PAGE) * PAGE;
      // What the spans of all its mappings say of each byte's section.
      const found = new Map<string, { from: number; to: number; bytes: number }>();
      for (const [i, vma] of vmas.entries()) {
        const below = vmas[i - 1] ?? null;
        const shown =
          vma.backing.name === path
            ? spansFor(elf, vma, sameFileBelow(map, map.find(vma.start)))
            : below?.backing.name === path
              ? bssSpansBehind(elf, below, vma, sameFileBelow(map, map.find(below.start)))
              : [];
        for (const span of shown) {
          const from = vma.start * PAGE - bias + span.start;
          const to = from + span.end - span.start;
          const known = found.get(span.name);
          if (known === undefined) found.set(span.name, { from, to, bytes: to - from });
          else {
            known.from = Math.min(known.from, from);
            known.to = Math.max(known.to, to);
            known.bytes += to - from;
          }
        }
      }
      const listed = sections(path);
      const last = Math.max(...listed.map((s) => s.address));
      for (const s of listed) {
        const span = found.get(s.name);
        expect([path, s.name, span?.from]).toEqual([path, s.name, s.address]);
        // The last one of the file is rounded up to its page.
        const slack = s.address === last ? PAGE : 0;
        expect(span!.to - (s.address + s.size)).toBeGreaterThanOrEqual(0);
        expect([path, s.name, span!.to - (s.address + s.size) <= slack]).toEqual([
          path,
          s.name,
          true,
        ]);
        expect(span!.bytes).toBe(span!.to - span!.from);
      }
      compared++;
    }
    return compared;
  }

  test('the libraries of node', async () => {
    // Not node itself: V8 maps a part of its code a second time and overlays another.
    expect(await compare(process.pid, realpathSync(process.execPath))).toBeGreaterThan(3);
  });

  test('bash', async () => {
    const bash = realpathSync('/bin/bash');
    expect(await compare(await start(bash, ['-c', 'echo ready; read -r line']))).toBeGreaterThan(1);
  });

  test('python3', async () => {
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    }).trim();
    const code = 'import ctypes, time; print(1, flush=True); time.sleep(600)';
    expect(await compare(await start(python, ['-c', code]))).toBeGreaterThan(2);
  });

  test.each([
    ['static', ['-static']],
    ['static-pie', ['-static-pie']],
    ['pie', ['-pie', '-fPIE', '-Wl,-z,now']],
    ['no-pie', ['-no-pie']],
    ['shared-pages', ['-no-pie', '-Wl,-z,noseparate-code']],
  ])('a %s program', async (name, flags) => {
    const program = build(name, ...flags);
    expect(await compare(await start(program, []))).toBeGreaterThanOrEqual(1);
  });
});
