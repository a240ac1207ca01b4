import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { amount, SEED, tell } from '../fuzz/support/amount';
import { Mutator } from '../fuzz/support/mutator';
import type { NamedPlace } from '../../src/sources/reader/names';
import { buildNamed, codeAddresses, codeAt, nameAll } from '../support/names-kit';
import { askNames, realReader, vmaOf } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { MAX_KB, symbolProcesses } from '../support/symbol-processes';

const GAVE_UP =
  'a file that a target has mapped takes too much time or memory to read: its names are left out';
const LIMIT_MS = 120_000;

let scratch: string;
let real: RealReader;
let good: string;
let addresses: readonly bigint[];
let truth: readonly NamedPlace[];
beforeAll(async () => {
  scratch = scratchDirectory();
  good = buildNamed(join(scratch, 'good'), ['g++', '-O2', '-g']);
  addresses = codeAddresses(good);
  const one = realReader();
  truth = await nameAll(one.reader, good, addresses.map(codeAt));
  one.close();
});
afterAll(() => {
  removeScratch(scratch);
});
beforeEach(() => {
  real = realReader('/proc', LIMIT_MS);
});
afterEach(async () => {
  // Whatever it was: the next file has its names, and nothing is left behind.
  expect(await nameAll(real.reader, good, addresses.map(codeAt))).toEqual(truth);
  for (const { kb } of symbolProcesses()) expect(kb).toBeLessThan(MAX_KB);
  real.close();
  await until('no process is left', () => symbolProcesses().length === 0);
});

/** The names of all of the program's code in a file that somebody has tampered with. */
function ask(file: string): Promise<readonly NamedPlace[] | null> {
  return askNames(real.reader, process.pid, 'file', vmaOf(file), addresses.map(codeAt));
}

const nothing = (named: readonly NamedPlace[] | null): boolean =>
  named === null || named.every(({ frames }) => frames.length === 0);
const noLines = (named: readonly NamedPlace[] | null): boolean =>
  named === null || named.every(({ frames }) => frames.every(({ file }) => file === null));

/** Offset and size of a section. */
function sectionOf(file: string, name: string): { offset: number; size: number } {
  const text = execFileSync('readelf', ['-SW', file], { encoding: 'utf8' });
  const found = new RegExp(`\\${name} +\\w+ +\\w+ (\\w+) (\\w+)`).exec(text)!;
  return { offset: parseInt(found[1]!, 16), size: parseInt(found[2]!, 16) };
}

/** The good program with another section of this name. */
function withSection(name: string, section: string, bytes: Uint8Array): string {
  const [file, contents] = [join(scratch, name), join(scratch, `${name}.section`)];
  writeFileSync(contents, bytes);
  const change = section.startsWith('.debug_') ? '--update-section' : '--add-section';
  execFileSync('objcopy', [change, `${section}=${contents}`, good, file], { stdio: 'pipe' });
  return file;
}

test('a process that names code can do nothing else', async () => {
  await ask(good);
  const [first] = symbolProcesses();
  const status = first!.status;
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect(status).toMatch(/^Groups:\s*$/m);
  for (const kind of ['Inh', 'Prm', 'Eff', 'Amb'])
    expect(status).toMatch(new RegExp(`^Cap${kind}:\t0+$`, 'm'));
  const [, ...uids] = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status)!;
  expect(new Set(uids)).toEqual(new Set([String(0x77000000 + first!.pid)]));
  const limits = readFileSync(`/proc/${first!.pid}/limits`, 'utf8');
  const limit = (name: string): string =>
    new RegExp(`^Max ${name} +(\\d+) `, 'm').exec(limits)?.[1] ?? 'none';
  expect(limit('address space')).toBe(String(512 << 20));
  expect(limit('cpu time')).toBe('4');
  expect(limit('core file size')).toBe('0');
  expect(limit('file size')).toBe('0');
  expect(limit('processes')).toBe('0');
  expect(limit('open files')).toBe('160');
  expect(readFileSync(`/proc/${first!.pid}/environ`, 'utf8')).toBe('');
  // Neither debuginfod's library nor what it would speak to others with.
  const maps = readFileSync(`/proc/${first!.pid}/maps`, 'utf8');
  expect(maps).toContain('/libdw');
  expect(maps).not.toMatch(/debuginfod|libcurl|libssl/);
});

test('a .debug_line that stands for billions of rows costs the lines', async () => {
  // DW_LNS_advance_pc by one and DW_LNS_copy, again and again, in a section of many megabytes.
  const { offset } = sectionOf(good, '.debug_line');
  const bytes = readFileSync(good);
  const unit = bytes.readUInt32LE(offset);
  const header = bytes.subarray(offset, offset + 4 + unit);
  const dwarf5 = header.readUInt16LE(4) === 5;
  const program = (dwarf5 ? 12 : 10) + header.readUInt32LE(dwarf5 ? 8 : 6);
  const rows = Buffer.alloc(40 << 20, 0x4b);
  const line = Buffer.concat([header.subarray(0, program), rows]);
  line.writeUInt32LE(line.length - 4, 0);
  const named = await ask(withSection('line-bomb', '.debug_line', line));
  expect(noLines(named)).toBe(true);
  expect(named!.some(({ frames }) => frames[0]?.name?.includes('Outermost') === true)).toBe(true);
}, 300_000);

test('a .gnu_debugdata that unpacks to hundreds of megabytes costs the names it holds', async () => {
  const bomb = execFileSync('sh', ['-c', 'head -c 400000000 /dev/zero | xz -1 -c'], {
    maxBuffer: 64 << 20,
  });
  const stripped = join(scratch, 'stripped');
  execFileSync('objcopy', ['--strip-all', good, stripped]);
  const contents = join(scratch, 'bomb.xz');
  const file = join(scratch, 'xz-bomb');
  writeFileSync(contents, bomb);
  execFileSync('objcopy', [`--add-section=.gnu_debugdata=${contents}`, stripped, file]);
  expect(noLines(await ask(file))).toBe(true);
}, 300_000);

test('a name that stands for gigabytes is cut', async () => {
  // Each substitution is a pair of the one before: S_ grows twofold with every step.
  const steps = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, 30);
  const pairs = Array.from(steps, (digit) => `1aIS${digit}_S${digit}_E`).join('');
  const bomb = `_Z1fI1aI1bE${pairs}Evv`;
  const source = join(scratch, 'mangled.s');
  const names = [
    bomb,
    `_Z${'N'.repeat(60_000)}`,
    `_R${'B'.repeat(60_000)}`,
    `_Z1f${'P'.repeat(2000)}v`,
  ];
  writeFileSync(
    source,
    `.text\n${names
      .map(
        (name) =>
          `.globl "${name}"\n.type "${name}",%function\n"${name}": nop\n.size "${name}", 1\n`,
      )
      .join('')}.globl _start\n_start: nop\n`,
  );
  const file = join(scratch, 'mangled');
  execFileSync('gcc', ['-nostdlib', '-static', '-o', file, source], { stdio: 'pipe' });
  const named = await askNames(
    real.reader,
    process.pid,
    'file',
    vmaOf(file),
    codeAddresses(file).map(codeAt),
  );
  expect(named!.length).toBeGreaterThanOrEqual(4);
  for (const { frames } of named!) {
    for (const { name } of frames) expect(name!.length).toBeLessThanOrEqual(2048);
  }
}, 300_000);

test('a file that is truncated while it is read has no names', async () => {
  const file = join(scratch, 'truncated');
  copyFileSync(good, file);
  for (const size of [statSync(good).size >> 1, 4096, 100, 64, 0]) {
    truncateSync(file, size);
    expect(noLines(await ask(file))).toBe(true);
  }
});

test('a file that others truncate and write again meanwhile does no harm', async () => {
  const file = join(scratch, 'flickers');
  copyFileSync(good, file);
  const writer = new Running([
    'sh',
    '-c',
    'while :; do truncate -s 4096 "$1"; cat "$0" > "$1"; done',
    good,
    file,
  ]);
  let whole = 0;
  for (let left = 40; left > 0; left--) {
    const named = await ask(file);
    // Whatever was read: a name is one of the program, or there is none.
    named?.forEach(({ frames }, i) => {
      const names = frames.map(({ name }) => name);
      const right = truth[i]!.frames.map(({ name }) => name);
      if (names.length === right.length && names.length > 0) expect(names).toEqual(right);
    });
    if (named !== null && !nothing(named)) whole++;
  }
  writer.kill('SIGKILL');
  await writer.ended;
  expect(whole).toBeGreaterThan(0);
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
});

test('a FIFO and a device where the debug file should be are not opened', async () => {
  for (const [name, make] of [
    ['fifo', (path: string) => ['mkfifo', path]],
    ['device', (path: string) => ['mknod', path, 'c', '1', '5']],
  ] as const) {
    const directory = join(scratch, name);
    mkdirSync(directory);
    const [program, debug] = [join(directory, 'program'), join(directory, 'program.debug')];
    execFileSync('objcopy', ['--only-keep-debug', good, debug]);
    execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, good, program]);
    execFileSync('rm', [debug]);
    const [tool, ...flags] = make(debug);
    execFileSync(tool!, flags);
    expect(noLines(await ask(program))).toBe(true);
  }
  expect(real.notes).toEqual([]);
});

test('links out of the root of the target lead nowhere', async () => {
  const directory = join(scratch, 'links');
  mkdirSync(directory);
  const [program, debug] = [join(directory, 'program'), join(directory, 'program.debug')];
  execFileSync('objcopy', ['--only-keep-debug', good, debug]);
  execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, good, program]);
  execFileSync('mv', [debug, `${debug}.away`]);
  // A magic link (proc(5)) would leave any root.
  execFileSync('ln', ['-s', `/proc/self/root${debug}.away`, debug]);
  expect(noLines(await ask(program))).toBe(true);
});

test('links of a target with another root lead to files below that root', async () => {
  const [root, outside, proc] = ['root', 'outside', 'proc'].map((name) => join(scratch, name));
  for (const directory of [join(root!, 'real'), outside!, join(proc!, '42')])
    mkdirSync(directory, { recursive: true });
  symlinkSync(root!, join(proc!, '42', 'root'));
  const [program, debug] = [join(root!, 'program'), join(root!, 'real', 'program.debug')];
  execFileSync('objcopy', ['--only-keep-debug', good, debug]);
  execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, good, program]);
  copyFileSync(debug, join(outside!, 'program.debug'));
  const other = realReader(proc, LIMIT_MS);
  const linked = async (to: string, copy: string): Promise<boolean> => {
    execFileSync('ln', ['-sf', to, join(root!, 'program.debug')]);
    copyFileSync(program, join(root!, copy));
    const { backing } = vmaOf(join(root!, copy));
    const vma = vmaOf(program, { backing: { ...backing, name: `/${copy}` } });
    const named = await askNames(other.reader, 42, 'file', vma, addresses.map(codeAt));
    expect(named).not.toBeNull();
    return !noLines(named);
  };
  expect(await linked('/real/program.debug', 'absolute')).toBe(true);
  expect(await linked('../../../real/program.debug', 'climbing')).toBe(true);
  expect(await linked(join(outside!, 'program.debug'), 'leaving')).toBe(false);
  other.close();
  expect(other.notes).toEqual([]);
});

test('mutated files do no harm', async () => {
  const mutator = new Mutator(SEED);
  const bytes = readFileSync(good);
  const parts = [
    '.symtab',
    '.strtab',
    '.debug_info',
    '.debug_abbrev',
    '.debug_line',
    '.debug_rnglists',
  ]
    .map((name) => sectionOf(good, name))
    .concat({ offset: 0, size: 64 }, { offset: bytes.length - 2600, size: 2600 });
  const file = join(dirname(good), 'mutated');
  const count = amount(150, 5000);
  let named = 0;
  for (let n = 0; n < count; n++) {
    const changed = Buffer.from(bytes);
    const { offset, size } = mutator.pick(parts);
    for (let left = 1 + mutator.below(8); left > 0; left--) {
      const at = offset + mutator.below(size);
      changed[at] = mutator.oneIn(2) ? mutator.below(256) : 0xff;
    }
    // A file of its own each time, as a stamp of the clock's resolution may be the same.
    writeFileSync(`${file}-${n}`, changed);
    if (!nothing(await ask(`${file}-${n}`))) named++;
    execFileSync('rm', [`${file}-${n}`]);
  }
  tell(`names: ${count} mutated files, ${named} of them with names`);
  expect(named).toBeGreaterThan(0);
  expect(new Set(real.notes).size).toBe(real.notes.length);
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
}, 3_600_000);
