import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NamedPlace, Place } from '../../src/sources/reader/names';
import { ROOT } from '../support/build';
import {
  addr2line,
  buildIdPath,
  buildNamed,
  codeAddresses,
  codeAt,
  dataAt,
  framesOf,
  llvmSymbolizer,
  nameAll,
  plain,
  symbolsOf,
} from '../support/names-kit';
import type { ElfSymbol, Frames } from '../support/names-kit';
import { askNames, realReader, vmaOf } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { R, W, X } from '../support/vma-kit';

/** Where names are cut (addon/symbols/demangle.h). */
const MAX_NAME = 2048;

let scratch: string;
let real: RealReader;
beforeAll(() => {
  scratch = scratchDirectory();
  real = realReader();
});
afterAll(() => {
  real.close();
  removeScratch(scratch);
});
afterEach(() => {
  expect(real.notes).toEqual([]);
});

/** The outermost function has the name of a symbol, of which one place may have many: see expectFunctions. */
function withoutOutermost(frames: Frames): Frames {
  return frames.map(([name, file, line], i) => [i + 1 === frames.length ? null : name, file, line]);
}

/** Functions, inlined ones and lines are those of one of the referees wherever both see a line. */
function expectLines(
  file: string,
  addresses: readonly bigint[],
  named: readonly NamedPlace[],
): void {
  const [first, second] = [addr2line(file, addresses), llvmSymbolizer(file, addresses)];
  let compared = 0;
  addresses.forEach((address, i) => {
    const [one, other] = [first[i]!, second[i]!];
    // Behind the end of a function addr2line gives the nearest one.
    if (other[0]?.[1] == null || one[0]?.[1] == null) return;
    const ours = framesOf(named[i]!);
    const outermost = named[i]!.frames.at(-1);
    if (outermost?.name == null) return;
    compared++;
    const right = [one, other].map((frames) => JSON.stringify(withoutOutermost(frames)));
    if (!right.includes(JSON.stringify(withoutOutermost(ours)))) {
      expect([address.toString(16), ours]).toEqual([address.toString(16), other]);
    }
  });
  expect(compared).toBeGreaterThan(100);
}

/** The function is one that nm says to cover the address, and none where there is none. */
function expectFunctions(
  symbols: readonly ElfSymbol[],
  addresses: readonly bigint[],
  named: readonly NamedPlace[],
): void {
  const code = symbols.filter(({ kind, size }) => /[tTwWiu]/.test(kind) && size > 0n);
  const labels = symbols.filter(({ kind, size }) => /[tT]/.test(kind) && size === 0n);
  addresses.forEach((address, i) => {
    const covering = code.filter(({ start, size }) => start <= address && address < start + size);
    const frame = named[i]!.frames.at(-1);
    const name = frame?.name ?? null;
    if (covering.length === 0) {
      const label = labels.find((symbol) => symbol.name === name);
      if (label === undefined)
        expect([address.toString(16), name]).toEqual([address.toString(16), null]);
      else expect(frame!.offset).toBe(Number(address - label.start));
    } else {
      const offsets = covering
        .filter((symbol) => plain(symbol.name.slice(0, MAX_NAME)) === plain(name ?? ''))
        .map(({ start }) => Number(address - start));
      expect([address.toString(16), offsets]).toEqual([
        address.toString(16),
        expect.arrayContaining([frame!.offset]),
      ]);
    }
  });
}

async function expectTruth(
  program: string,
  addresses = codeAddresses(program),
  debug = program,
): Promise<void> {
  const named = await nameAll(real.reader, program, addresses.map(codeAt));
  expectLines(debug, addresses, named);
  expectFunctions(symbolsOf(debug), addresses, named);
}

test.each([
  ['gcc', ['g++', '-O2', '-g']],
  ['gcc-no-pie', ['g++', '-O2', '-g', '-no-pie']],
  ['gcc-dwarf4', ['g++', '-O2', '-gdwarf-4']],
  ['gcc-plain', ['g++', '-O0', '-g']],
  ['gcc-frame-pointers', ['g++', '-O2', '-g', '-fno-omit-frame-pointer']],
  ['gcc-compressed', ['g++', '-O2', '-g', '-gz']],
  ['clang', ['clang++', '-O2', '-g']],
  ['clang-dwarf4-no-pie', ['clang++', '-O1', '-gdwarf-4', '-no-pie']],
])(
  'every instruction of a program has the names that others give it: %s',
  async (name, command) => {
    await expectTruth(buildNamed(join(scratch, name), command));
  },
);

test.each([
  ['gcc-static', ['g++', '-O2', '-g', '-static']],
  ['clang-static-pie', ['clang++', '-O2', '-g', '-static-pie']],
])('of a static program: %s', async (name, command) => {
  const program = buildNamed(join(scratch, name), command);
  // The libraries' part has no lines.
  const own = symbolsOf(program).filter(({ name: symbol }) => /^outer::|^main$/.test(symbol));
  const addresses = codeAddresses(program).filter(
    (address, i) =>
      i % 37 === 0 || own.some(({ start, size }) => start <= address && address < start + size),
  );
  await expectTruth(program, addresses);
});

test.each(['legacy', 'v0'])('of a program of rustc, its names mangled as %s', async (mangling) => {
  const program = join(scratch, `rust-${mangling}`);
  // Stable compilers know no name for the older way, which is their default.
  const flags = mangling === 'v0' ? ['-C', 'symbol-mangling-version=v0'] : [];
  const source = join(ROOT, 'test', 'workloads', 'named.rs');
  execFileSync('rustc', ['-O', '-g', ...flags, '-o', program, source]);
  await expectTruth(program, codeAddresses(program, 61));
  const symbols = symbolsOf(program).filter(({ name }) =>
    /::Cart.*::total$|::fill$|::TABLE$/.test(name),
  );
  expect(symbols).toHaveLength(3);
  const places = symbols.map(({ start, kind }) => (/[bBdD]/.test(kind) ? dataAt : codeAt)(start));
  const named = await nameAll(real.reader, program, places);
  expect(named.map(({ frames }) => frames.at(-1)!.name)).toEqual(symbols.map(({ name }) => name));
});

test('of functions of node, at their first and last byte', async () => {
  const symbols = symbolsOf(process.execPath);
  const some = symbols.filter(
    ({ kind, size }, i) => /[tTW]/.test(kind) && size > 0n && i % 500 === 0,
  );
  const addresses = some.flatMap(({ start, size }) => [start, start + size - 1n]);
  const named = await nameAll(real.reader, process.execPath, addresses.map(codeAt));
  expect(addresses.length).toBeGreaterThan(200);
  expectFunctions(symbols, addresses, named);
});

test('data has the symbol whose size covers it, and none behind', async () => {
  const program = buildNamed(join(scratch, 'data'), ['g++', '-O2', '-g']);
  const symbols = new Map(symbolsOf(program).map((symbol) => [symbol.name, symbol]));
  for (const name of ['table', 'untouched', 'fixed']) {
    const { start, size } = symbols.get(name)!;
    const places = [start, start + 0x40n, start + size - 1n, start + size].map(dataAt);
    const named = await nameAll(real.reader, program, places);
    const frames = named.map((place) => place.frames.map((frame) => [frame.name, frame.offset]));
    expect(frames.slice(0, 3)).toEqual([[[name, 0]], [[name, 0x40]], [[name, Number(size) - 1]]]);
    expect(frames[3]!.map(([behind]) => behind)).not.toContain(name);
  }
});

test('offsets in the file lead to the same names', async () => {
  const program = buildNamed(join(scratch, 'offsets'), ['g++', '-O2', '-g', '-no-pie']);
  const headers = execFileSync('readelf', ['-lW', program], { encoding: 'utf8' });
  const loads = [...headers.matchAll(/LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ (R[ W][ E])/g)].map(
    ([, offset, address, size, flags]) => ({
      offset: BigInt(offset!),
      address: BigInt(address!),
      size: BigInt(size!),
      flags: flags!,
    }),
  );
  const symbols = new Map(symbolsOf(program).map((symbol) => [symbol.name, symbol]));
  const places = [
    { name: 'outer::Outermost(int)', data: false },
    { name: 'table', data: true },
    { name: 'fixed', data: true },
  ].map(({ name, data }) => {
    const { start } = symbols.get(name)!;
    const load = loads.find(({ address, size }) => address <= start && start < address + size)!;
    return { name, place: { data, linked: false, value: start - load.address + load.offset } };
  });
  const named = await nameAll(
    real.reader,
    program,
    places.map(({ place }) => place),
  );
  expect(named.map(({ frames }) => frames.at(-1)?.name)).toEqual(places.map(({ name }) => name));
  expect(named.map(({ frames }) => frames.at(-1)?.offset)).toEqual([0, 0, 0]);
});

test('a page of the file that is mapped twice has the names of what it is mapped as', async () => {
  const flags = ['-O2', '-g', '-no-pie', '-Wl,-z,noseparate-code', '-Wl,-z,norelro'];
  const program = buildNamed(join(scratch, 'twice'), ['g++', ...flags]);
  const symbols = new Map(symbolsOf(program).map((symbol) => [symbol.name, symbol]));
  const headers = execFileSync('readelf', ['-lW', program], { encoding: 'utf8' });
  const offsetOf = (name: string): { offset: bigint; page: bigint; last: bigint } => {
    const { start } = symbols.get(name)!;
    const pattern = /LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+)/g;
    for (const [, ...columns] of headers.matchAll(pattern)) {
      const [from, at, inFile, length] = columns.map(BigInt) as [bigint, bigint, bigint, bigint];
      if (start < at || start >= at + length) continue;
      return { offset: start - at + from, page: from >> 12n, last: (from + inFile - 1n) >> 12n };
    }
    throw new Error(`${name} is in no segment`);
  };
  const [code, data] = [offsetOf('fixed'), offsetOf('table')];
  // The last page of the one is the first of the other.
  expect(code.last).toBe(data.page);
  const place = (value: bigint): Place => ({ data: true, linked: false, value });
  const name = async (value: bigint, prot: number): Promise<unknown> => {
    const vma = vmaOf(program, { prot });
    const named = await askNames(real.reader, process.pid, 'file', vma, [place(value)]);
    return named![0]!.frames.map((frame) => frame.name);
  };
  expect(await name(code.offset, R | X)).toEqual(['fixed']);
  expect(await name(data.offset, R | W)).toEqual(['table']);
  // The .bss lies at the offsets of what stands behind it in the file.
  expect(await name(offsetOf('untouched').offset, R | W)).toEqual(['untouched']);
});

describe('debug information that was split off', () => {
  let whole: string;
  let addresses: readonly bigint[];
  let truth: readonly NamedPlace[];

  beforeAll(async () => {
    whole = buildNamed(join(scratch, 'whole'), ['g++', '-O2', '-g', '-Wl,--build-id']);
    addresses = codeAddresses(whole);
    truth = await nameAll(real.reader, whole, addresses.map(codeAt));
  });

  /** The program without symbols, and its debug file, in a directory of their own. */
  function split(
    name: string,
    objcopy: readonly string[] = [],
    of = whole,
  ): { program: string; debug: string } {
    const directory = join(scratch, name);
    mkdirSync(directory);
    const [program, debug] = [join(directory, 'program'), join(directory, 'program.debug')];
    execFileSync('objcopy', ['--only-keep-debug', of, debug]);
    execFileSync('objcopy', ['--strip-all', ...objcopy, of, program]);
    return { program, debug };
  }

  const link = (program: string, debug: string): void => {
    execFileSync('objcopy', [`--add-gnu-debuglink=${debug}`, program]);
  };

  test('is found by build id', async () => {
    const { program, debug } = split('by-build-id');
    const path = buildIdPath(program);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(debug, path);
    try {
      expect(await nameAll(real.reader, program, addresses.map(codeAt))).toEqual(truth);
    } finally {
      rmSync(path);
    }
  });

  test.each([
    ['beside the file', '.'],
    ['in .debug', '.debug'],
  ])('is found by debuglink %s', async (_, below) => {
    const { program, debug } = split(`link-${below === '.' ? 'beside' : 'below'}`);
    link(program, debug);
    const directory = join(program, '..', below);
    mkdirSync(directory, { recursive: true });
    if (below !== '.') renameSync(debug, join(directory, 'program.debug'));
    expect(await nameAll(real.reader, program, addresses.map(codeAt))).toEqual(truth);
  });

  test.each([
    ['clang-4', ['clang++', '-O2', '-gdwarf-4', '-no-pie', '-Wl,--build-id']],
    ['gcc-4', ['g++', '-O2', '-gdwarf-4', '-Wl,--build-id']],
  ])('is found of programs of other kinds: %s', async (name, command) => {
    const other = buildNamed(join(scratch, name), command);
    const places = codeAddresses(other).map(codeAt);
    const names = await nameAll(real.reader, other, places);
    expect(names.filter(({ frames }) => frames.length > 1).length).toBeGreaterThan(10);
    const { program, debug } = split(`split-${name}`, [], other);
    link(program, debug);
    expect(await nameAll(real.reader, program, places)).toEqual(names);
  });

  test('is checked by CRC where there is no build id', async () => {
    const { program, debug } = split('crc', ['--remove-section=.note.gnu.build-id']);
    link(program, debug);
    expect(await nameAll(real.reader, program, addresses.map(codeAt))).toEqual(truth);
    execFileSync('objcopy', ['--remove-section=.comment', debug]);
    const copy = `${program}-2`;
    execFileSync('cp', [program, copy]);
    const named = await nameAll(real.reader, copy, addresses.map(codeAt));
    expect(named.every(({ frames }) => frames.every(({ file }) => file === null))).toBe(true);
  });

  test('of another build is not taken', async () => {
    const { program, debug } = split('other');
    const other = buildNamed(join(scratch, 'other-build'), ['g++', '-O1', '-g', '-Wl,--build-id']);
    execFileSync('objcopy', ['--only-keep-debug', other, debug]);
    link(program, debug);
    const named = await nameAll(real.reader, program, addresses.map(codeAt));
    expect(named.every(({ frames }) => frames.every(({ file }) => file === null))).toBe(true);
  });

  test('is unpacked from .gnu_debugdata', async () => {
    const { program, debug } = split('packed');
    const symbols = `${debug}.symbols`;
    execFileSync('objcopy', ['--strip-debug', debug, symbols]);
    execFileSync('xz', ['-f', symbols]);
    execFileSync('objcopy', ['--add-section', `.gnu_debugdata=${symbols}.xz`, program]);
    rmSync(debug);
    const named = await nameAll(real.reader, program, addresses.map(codeAt));
    expectFunctions(symbolsOf(whole), addresses, named);
  });

  test('and that shares a file with that of others, as dwz has it', async () => {
    const { program, debug } = split('dwz');
    const other = buildNamed(join(scratch, 'dwz', 'other'), ['g++', '-O1', '-g', '-Wl,--build-id']);
    const shared = join(scratch, 'dwz', 'shared.debug');
    execFileSync('dwz', ['-m', shared, debug, other], { stdio: 'pipe' });
    const sections = execFileSync('readelf', ['-WS', debug], { encoding: 'utf8' });
    expect(sections).toContain('.gnu_debugaltlink');
    link(program, debug);
    const path = buildIdPath(shared);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(shared, path);
    try {
      expect(await nameAll(real.reader, program, addresses.map(codeAt))).toEqual(truth);
    } finally {
      rmSync(path);
    }
  });

  test('is left alone where the link is a path', async () => {
    const { program, debug } = split('path', ['--remove-section=.note.gnu.build-id']);
    const [named, section] = [`${program}-named`, join(scratch, 'link-section')];
    copyFileSync(program, named);
    link(named, debug);
    // The name, with zeros up to a multiple of four, and the right CRC of the file.
    execFileSync('objcopy', ['-O', 'binary', '--dump-section', `.gnu_debuglink=${section}`, named]);
    const crc = readFileSync(section).subarray(-4);
    const files = async (file: string): Promise<boolean> => {
      const places = await nameAll(real.reader, file, addresses.map(codeAt));
      return places.some(({ frames }) => frames.some((frame) => frame.file !== null));
    };
    const linked = async (copy: string, path: string): Promise<boolean> => {
      const text = Buffer.from(path.padEnd(4 * Math.ceil((path.length + 1) / 4), '\0'));
      writeFileSync(section, Buffer.concat([text, crc]));
      const file = `${program}-${copy}`;
      execFileSync('objcopy', [`--add-section=.gnu_debuglink=${section}`, program, file]);
      return files(file);
    };
    expect(await linked('name', 'program.debug')).toBe(true);
    expect(await linked('path', '../path/program.debug')).toBe(false);
    expect(await linked('here', './program.debug')).toBe(false);
    expect(await linked('absolute', debug)).toBe(false);
  });
});
