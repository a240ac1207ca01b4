import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parseMaps } from '../../../../src/core/vma/proc-maps';
import { permissions, type Vma } from '../../../../src/core/vma/vma';
import { anyText } from '../../../support/texts';
import { expectSame } from '../../../support/same';

/** A line as show_map_vma() prints it: fields, then spaces up to column 73, then the name. */
function printLine(m: {
  start: bigint;
  end: bigint;
  perm: string;
  offset: bigint;
  major: number;
  minor: number;
  ino: bigint;
  name: string;
}): string {
  const hex = (n: bigint | number, width: number): string => n.toString(16).padStart(width, '0');
  const head =
    `${hex(m.start, 8)}-${hex(m.end, 8)} ${m.perm} ${hex(m.offset, 8)} ` +
    `${hex(m.major, 2)}:${hex(m.minor, 2)} ${m.ino.toString()} `;
  return m.name === '' ? head : head.padEnd(73) + m.name.replaceAll('\n', '\\012');
}

const only = (text: string): Vma => {
  const { vmas, skipped } = parseMaps(text);
  expect(skipped).toBe(0);
  expect(vmas).toHaveLength(1);
  return vmas[0]!;
};

test('reads a file mapping', () => {
  expect(
    only(
      '7f7982766000-7f798278c000 r-xp 00026000 fe:00 339380                     /usr/lib/libc.so.6\n',
    ),
  ).toEqual({
    start: 0x7f7982766,
    end: 0x7f798278c,
    prot: 5,
    shared: false,
    pgoff: 0x26,
    backing: { name: '/usr/lib/libc.so.6', devMajor: 0xfe, devMinor: 0, ino: '339380' },
    born: -Infinity,
  });
});

test.each([
  ['7f00-7f', 'rubbish'],
  ['00400000-00401000 rwxz 00000000 00:00 0 ', 'unknown permission'],
  ['00400000-00401000 rw-p 00000000 00:00', 'no inode'],
  ['00400000-00401000 rw-p 00000000 00:00 12x', 'inode with a tail'],
  ['00401000-00400000 rw-p 00000000 00:00 0', 'end before start'],
  ['00400000-00400000 rw-p 00000000 00:00 0', 'empty'],
  ['00400001-00401000 rw-p 00000000 00:00 0', 'not on a page'],
  ['12345678901234567-ffffffffffffffff1 rw-p 0 00:00 0', 'more than 64 bits'],
  ['00400000-00401000 rw-p', 'torn'],
])('counts a line that no kernel prints: %s (%s)', (line) => {
  const good = '00600000-00601000 rw-p 00000000 00:00 0 \n';
  const { vmas, skipped } = parseMaps(`${good}${line}\n${good}`);
  expect(skipped).toBe(1);
  expect(vmas.map((v) => v.start)).toEqual([0x600, 0x600]);
});

test.each([
  ['/tmp/a b  c', '/tmp/a b  c'],
  ['/tmp/new\\012line', '/tmp/new\nline'],
  ['/tmp/gone (deleted)', '/tmp/gone (deleted)'],
  ['[anon:my name]', '[anon:my name]'],
  ['[anon_shmem:x]', '[anon_shmem:x]'],
  ['//anon', '//anon'],
  ['[heap]', '[heap]'],
  ['[stack]', '[stack]'],
  ['anon_inode:[perf_event]', 'anon_inode:[perf_event]'],
  ['/memfd:with space (deleted)', '/memfd:with space (deleted)'],
  ['/tmp/\u001b[31mred', '/tmp/\u001b[31mred'],
  ['/' + 'x'.repeat(4095), '/' + 'x'.repeat(4095)],
  ['/trailing ', '/trailing '],
])('reads the name %j', (printed, name) => {
  const line = `00400000-00401000 r--s 00001000 08:02 18446744073709551615        ${printed}\n`;
  const vma = only(line);
  expect(vma.backing.name).toBe(name);
  expect(vma.backing.ino).toBe('18446744073709551615');
  expect(vma.shared).toBe(true);
});

test('keeps 64-bit addresses exact', () => {
  const vma = only('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0       [vsyscall]');
  expect(BigInt(vma.start) << 12n).toBe(0xffffffffff600000n);
  expect(BigInt(vma.end) << 12n).toBe(0xffffffffff601000n);
});

test('reads its own process as the kernel prints it', () => {
  const text = readFileSync('/proc/self/maps', 'utf8');
  const { vmas, skipped } = parseMaps(text);
  expect(skipped).toBe(0);
  const lines = text.trimEnd().split('\n');
  expect(vmas).toHaveLength(lines.length);
  for (const [i, vma] of vmas.entries()) {
    const [range, perm, offset, , ino] = lines[i]!.split(' ');
    const hex = (page: number): string => (BigInt(page) << 12n).toString(16).padStart(8, '0');
    expect(`${hex(vma.start)}-${hex(vma.end)}`).toBe(range);
    expect(permissions(vma.prot, vma.shared)).toBe(perm);
    expect(hex(vma.pgoff)).toBe(offset);
    expect(vma.backing.ino).toBe(ino);
  }
});

test('reads 10,000 lines', () => {
  let text = '';
  for (let i = 0; i < 10_000; i++) {
    const at = 0x7f0000000000n + BigInt(i) * 0x4000n;
    text += printLine({
      start: at,
      end: at + 0x2000n,
      perm: i % 2 === 0 ? 'r-xp' : 'rw-p',
      offset: 0n,
      major: 0xfe,
      minor: 0,
      ino: BigInt(i % 300),
      name: i % 3 === 0 ? '' : `/usr/lib/x86_64-linux-gnu/lib${i % 300}.so`,
    });
    text += '\n';
  }
  expect(parseMaps(text).vmas).toHaveLength(10_000);
});

const pageAddress = fc.bigInt({ min: 0n, max: 0xffffffffffffen }).map((page) => page << 12n);

test('reads back every line the kernel can print', () => {
  const mapping = fc
    .record({
      range: fc.tuple(pageAddress, fc.bigInt({ min: 1n, max: 1n << 30n })),
      perm: fc
        .tuple(
          fc.constantFrom('r', '-'),
          fc.constantFrom('w', '-'),
          fc.constantFrom('x', '-'),
          fc.constantFrom('p', 's'),
        )
        .map((p) => p.join('')),
      offset: pageAddress,
      major: fc.nat(0xfff),
      minor: fc.nat(0xfffff),
      ino: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      name: fc.oneof(
        fc.constantFrom('', '[heap]', '[stack]', '[vdso]', '//anon'),
        anyText({ maxLength: 40 }).map((s) => '/' + s.replaceAll('\\', '')),
      ),
    })
    .map(({ range, ...rest }) => ({ ...rest, start: range[0], end: range[0] + (range[1] << 12n) }))
    .filter((m) => m.end < 1n << 64n);
  fc.assert(
    fc.property(fc.array(mapping, { maxLength: 20 }), (mappings) => {
      const { vmas, skipped } = parseMaps(mappings.map((m) => printLine(m) + '\n').join(''));
      expect(skipped).toBe(0);
      expectSame(
        vmas.map((v) => ({
          start: BigInt(v.start) << 12n,
          end: BigInt(v.end) << 12n,
          perm: permissions(v.prot, v.shared),
          offset: BigInt(v.pgoff) << 12n,
          major: v.backing.devMajor,
          minor: v.backing.devMinor,
          ino: BigInt(v.backing.ino),
          name: v.backing.name,
        })),
        mappings,
      );
    }),
  );
});

test('survives any text, and counts each line once', () => {
  const torn = fc.constantFrom(
    '00400000-00401000 rw-p 00000000 00:00 0 ',
    '7ffd000-7ffe000 r--p 0 fe:00 1   /x',
    '-',
    ' ',
    'f',
  );
  const text = fc.array(fc.oneof(torn, anyText(), fc.constant('\n')));
  fc.assert(
    fc.property(text, (parts) => {
      const joined = parts.join('');
      const { vmas, skipped } = parseMaps(joined);
      const lines = joined.split('\n').filter((line) => line !== '').length;
      expect(vmas.length + skipped).toBe(lines);
      for (const vma of vmas) expect(vma.end).toBeGreaterThan(vma.start);
    }),
  );
});
