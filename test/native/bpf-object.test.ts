import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

const DIRECTORY = join(ROOT, 'addon', 'bpf');
const KEPT = join(DIRECTORY, 'faults.bpf.o');
/** That of Debian 12, which made the object that is kept. */
const PINNED = 14;

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const out = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8' });

/** Instructions with what they refer to, without the name of the file. */
const instructions = (object: string): string[] =>
  out('llvm-objdump', '-d', '-r', object).split('\n').slice(3);

/** Functions and maps. */
const symbols = (object: string): string[] =>
  out('llvm-objdump', '-t', object)
    .split('\n')
    .filter((line) => / [gl] +[FO] /.test(line) && !line.includes('.rodata.'))
    .map((line) => line.split(' ').at(-1)!)
    .sort();

test('the object that is kept is what clang makes of the source', () => {
  // As a checkout has it, and into a place of its own.
  const copy = join(scratch, 'bpf');
  mkdirSync(copy);
  const files = readdirSync(DIRECTORY).filter((file) => /^(?:.*\.h|.*\.bpf\.c|object)$/.test(file));
  for (const file of files) {
    copyFileSync(join(DIRECTORY, file), join(copy, file));
  }
  out(join(copy, 'object'), '--keep');
  const made = join(copy, 'faults.bpf.o');
  const [, major] = /version (\d+)/.exec(out('clang', '--version')) ?? [];
  expect(symbols(made)).toEqual(symbols(KEPT));
  expect(symbols(KEPT)).toEqual(expect.arrayContaining(['enter', 'finish_major', 'homes']));
  // Another clang is free to choose others.
  const compared = Number(major) === PINNED ? [made] : [KEPT];
  for (const object of compared) expect(instructions(object)).toEqual(instructions(KEPT));
  expect(instructions(KEPT).length).toBeGreaterThan(200);
  // The same bytes wherever it is made: the path of the source in it is relative.
  for (const object of [made, KEPT]) {
    expect(readFileSync(object).includes('\0./faults.bpf.c\0')).toBe(true);
  }
  if (Number(major) === PINNED) expect(readFileSync(made).equals(readFileSync(KEPT))).toBe(true);
});

test('without clang the object that is kept is built in', () => {
  const source = join(scratch, 'object.cc');
  execFileSync(join(DIRECTORY, 'object'), [source], {
    env: { ...process.env, CLANG: '/nonexistent' },
  });
  const [, numbers] = /kBpfObject\[\] = \{([^}]*)\}/.exec(readFileSync(source, 'utf8')) ?? [];
  const bytes = numbers!
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number);
  writeFileSync(join(scratch, 'built-in.o'), Buffer.from(bytes));
  expect(readFileSync(join(scratch, 'built-in.o')).equals(readFileSync(KEPT))).toBe(true);
});
