import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesRequest } from '../../src/sources/reader/stacks';
import type { Unwound } from '../../src/sources/reader/stacks';
import { amount, SEED, tell } from '../fuzz/support/amount';
import { Mutator } from '../fuzz/support/mutator';
import { realReader, vmaOf } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { until } from '../support/running';
import { copyOf, registersAt, RIP, STACK } from '../support/stacks-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { MAX_KB, symbolProcesses } from '../support/symbol-processes';
import { alone } from '../support/vma-kit';

const GAVE_UP = 'stacks of a target take too much time or memory to unwind: they are left out';
const LIMIT_MS = 120_000;
/** Where the program's code is taken to be mapped, from the start of its file on. */
const BASE_PAGE = 0x7f0000001;
const PAGES = 64;

let scratch: string;
let real: RealReader;
let good: string;
/** Of a function whose first instruction has its return address on top of the stack. */
let entry: bigint;
beforeAll(() => {
  scratch = scratchDirectory();
  good = program('good', '.cfi_startproc; nop; nop; .cfi_endproc');
  entry = entryOf(good);
});
afterAll(() => {
  removeScratch(scratch);
});
beforeEach(() => {
  real = realReader('/proc', LIMIT_MS);
});
afterEach(async () => {
  // Whatever it was: another process's stacks are unwound, and nothing is left behind.
  expect(await unwind(good, [calls(5)], 2)).toEqual([chainOf(5)]);
  for (const { kb } of symbolProcesses()) expect(kb).toBeLessThan(MAX_KB);
  real.close();
  await until('no process is left', () => symbolProcesses().length === 0);
});

/** A program of one function with these rules, in the first page of its file. */
function program(name: string, body: string): string {
  const source = join(scratch, `${name}.s`);
  const file = join(scratch, name);
  const start = '.globl _start\n.type _start, @function\n_start:\n';
  writeFileSync(source, `.text\n${start}${body}\n.size _start, . - _start\n`);
  const flags = ['-nostdlib', '-static', '-Wl,--eh-frame-hdr', '-Wl,-z,noseparate-code'];
  execFileSync('gcc', [...flags, '-o', file, source], { stdio: 'pipe' });
  return file;
}

/** Its address where the file is mapped as vmaOf() has it. */
function entryOf(file: string): bigint {
  const offset = Number(readFileSync(file).readBigUInt64LE(24) & 0xfffn);
  return BigInt(BASE_PAGE) * 4096n + BigInt(offset);
}

/** The function has called itself so many times. */
function calls(depth: number): Buffer {
  const stack = Array.from({ length: depth }, () => entry + 1n);
  return copyOf(registersAt(entry), [...stack, 0n]);
}

function chainOf(depth: number): Unwound {
  const addresses = [entry, ...Array.from({ length: depth }, () => entry + 1n)];
  return { words: new Uint32Array(BigUint64Array.from(addresses).buffer), whole: true };
}

function unwind(
  file: string,
  stacks: readonly Buffer[],
  pid = 1,
): Promise<readonly Unwound[] | null> {
  const mapping = vmaOf(file, { start: BASE_PAGE, end: BASE_PAGE + PAGES });
  return new Promise((resolve) => {
    real.reader.unwind(pid, modulesRequest(alone(pid), [mapping]), stacks, resolve);
  });
}

/** Rules that would take too much: what was found before is there, or nothing is. */
async function expectHarmless(file: string): Promise<void> {
  const told = await unwind(file, [calls(3)]);
  for (const { words, whole } of told ?? []) {
    expect(whole).toBe(false);
    expect(words.length).toBeGreaterThan(0);
  }
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
}

test('good rules are followed to the end', async () => {
  expect(await unwind(good, [calls(0), calls(3), calls(100)])).toEqual([
    chainOf(0),
    chainOf(3),
    chainOf(100),
  ]);
  // More than are ever shown.
  const [long] = (await unwind(good, [calls(1000)]))!;
  expect([long!.words.length / 2, long!.whole]).toEqual([126, false]);
});

test('a process that unwinds can do nothing else', async () => {
  await unwind(good, [calls(1)]);
  const status = symbolProcesses()[0]!.status;
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect(status).toMatch(/^CapEff:\t0+$/m);
});

test('rules that take all memory', async () => {
  // DW_CFA_remember_state, again and again.
  const states = Array.from({ length: 64 }, () => '0x0a').join(',');
  const body = `.cfi_startproc; nop; .rept 100000; .cfi_escape ${states}; .endr; nop; .cfi_endproc`;
  const file = program('memory', body);
  const ip = entryOf(file) + 1n;
  const told = await unwind(file, [copyOf(registersAt(ip), [0n])]);
  for (const { whole } of told ?? []) expect(whole).toBe(false);
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
}, 300_000);

test.each([
  // DW_CFA_offset_extended of register 2^28 - 1.
  ['of registers that no processor has', '0x05,0xff,0xff,0xff,0x7f,0x01'],
  // DW_CFA_def_cfa_expression: DW_OP_skip to itself.
  ['that never end', '0x0f,0x03,0x2f,0xfd,0xff'],
  // The same: DW_OP_deref of nothing, and an operation that there is not.
  ['that read what is not there', '0x0f,0x02,0x30,0x06'],
  ['of unknown operations', '0x0f,0x01,0xff'],
  // A length that goes beyond the section.
  ['that are cut', '0x0f,0xff,0xff,0x7f'],
  // DW_CFA_restore_state of nothing; DW_CFA_advance_loc4 beyond everything.
  ['that restore what was not kept', '0x0b'],
])('rules %s', async (_, bytes) => {
  const name = `rules-${bytes.replaceAll(',', '-')}`;
  await expectHarmless(program(name, `.cfi_startproc; .cfi_escape ${bytes}; nop; .cfi_endproc`));
});

test('rules of many millions of steps cost this stack alone', async () => {
  const nops = Array.from({ length: 64 }, () => '0x00').join(',');
  const body = `.cfi_startproc; .rept 300000; .cfi_escape ${nops}; .endr; nop; .cfi_endproc`;
  const file = program('steps', body);
  const told = await unwind(file, [
    copyOf(registersAt(entryOf(file)), [entry + 1n, entry + 1n, 0n]),
  ]);
  for (const { words } of told ?? []) expect(words.length).toBeGreaterThan(0);
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
}, 300_000);

test('registers that point anywhere, and any bytes', async () => {
  const mutator = new Mutator(SEED);
  const word = (): bigint => {
    const near = [entry, STACK, 0n, 2n ** 64n - 1n][mutator.below(4)]!;
    return near + BigInt(mutator.below(4096)) - 2048n;
  };
  for (let left = amount(200, 5000); left > 0; left--) {
    const registers = Array.from({ length: 17 }, word);
    const stack = Array.from({ length: mutator.below(64) }, word);
    if (mutator.oneIn(2)) registers[RIP] = entry;
    const told = await unwind(good, [copyOf(registers, stack)]);
    expect(told![0]!.words.length).toBeGreaterThan(0);
  }
  // Nothing but zeros: it ends where it begins.
  const zeros = Array.from({ length: 1024 }, () => 0n);
  expect(await unwind(good, [copyOf(registersAt(entry), zeros)])).toEqual([chainOf(0)]);
  expect(real.notes).toEqual([]);
});

test('mutated tables do no harm', async () => {
  const mutator = new Mutator(SEED);
  const bytes = readFileSync(good);
  const text = execFileSync('readelf', ['-SW', good], { encoding: 'utf8' });
  const parts = ['.eh_frame', '.eh_frame_hdr'].map((name) => {
    const [, offset, size] = new RegExp(`\\${name} +\\w+ +\\w+ (\\w+) (\\w+)`).exec(text)!;
    return { offset: parseInt(offset!, 16), size: parseInt(size!, 16) };
  });
  parts.push({ offset: 0, size: 64 + 56 * bytes.readUInt16LE(56) });
  const count = amount(150, 5000);
  let found = 0;
  for (let n = 0; n < count; n++) {
    const changed = Buffer.from(bytes);
    const { offset, size } = mutator.pick(parts);
    for (let left = 1 + mutator.below(4); left > 0; left--) {
      changed[offset + mutator.below(size)] = mutator.oneIn(2) ? mutator.below(256) : 0xff;
    }
    const file = join(scratch, `mutated-${n}`);
    writeFileSync(file, changed, { mode: 0o755 });
    // A process of its own each time: one that has died of a file is given up.
    const told = await unwind(file, [calls(3)], 100 + n);
    if (told?.[0]?.whole === true) found++;
    execFileSync('rm', [file]);
  }
  tell(`stacks: ${count} mutated files, ${found} of them unwound to the end`);
  expect(found).toBeGreaterThan(0);
  for (const note of real.notes) expect(note).toBe(GAVE_UP);
}, 3_600_000);
