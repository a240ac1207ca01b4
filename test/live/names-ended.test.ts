import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseMaps } from '../../src/core/vma/proc-maps';
import type { Vma } from '../../src/core/vma/vma';
import { modulesRequest } from '../../src/sources/reader/stacks';
import type { Unwound } from '../../src/sources/reader/stacks';
import type { ElfAnswer } from '../../src/sources/reader/requests';
import { readFaults, startAnalyzer } from '../support/analyzer';
import { withoutFrames } from '../support/build';
import type { NamedFault } from '../support/formats';
import { buildNamed } from '../support/names-kit';
import { askElf, askNames, realReader } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { copyOf, DEEP, ownPart, registersAt } from '../support/stacks-kit';
import type { WithStack } from '../support/stacks-kit';

/** Touched through each chain of chains.c: few enough for all copies of stacks to find room. */
const PAGES = 5;

let scratch: string;
let real: RealReader;
let program: string;
beforeAll(() => {
  scratch = scratchDirectory();
  real = realReader();
  program = buildNamed(join(scratch, 'named'), ['g++', '-O2', '-g']);
});
afterAll(() => {
  real.close();
  removeScratch(scratch);
});

/** The mapping of an address. */
function mappingOf(pid: number, address: bigint): Vma {
  const page = Number(address >> 12n);
  const { vmas } = parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8'));
  return vmas.find(({ start, end }) => start <= page && page < end)!;
}

/** Files below `scratch` that a process has open. */
function held(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    .filter((path) => path.startsWith(scratch));
}

interface Told {
  readonly name: string | null;
  /** A stack that begins at the function could be unwound to its end. */
  readonly unwound: boolean;
}

interface Hints {
  readonly file: ElfAnswer | null;
  readonly ancestors?: readonly number[];
}

/** What is told of the function at an address. */
async function tell(pid: number, vma: Vma, address: bigint, hints: Hints): Promise<Told> {
  const { file, ancestors = [] } = hints;
  const value = address - (BigInt(vma.start - vma.pgoff) << 12n);
  const places = [{ data: false, linked: false, value }];
  const named = await askNames(real.reader, pid, 'file', vma, places, { file, ancestors });
  const modules = modulesRequest({ pid, ancestors }, [vma], () => file);
  const unwound = await new Promise<readonly Unwound[] | null>((resolve) => {
    real.reader.unwind(pid, modules, [copyOf(registersAt(address), [0n])], resolve);
  });
  return { name: named?.[0]?.frames.at(-1)?.name ?? null, unwound: unwound![0]!.whole };
}

const WHOLE = { name: 'outer::Outermost(int)', unwound: true };
const NOTHING = { name: null, unwound: false };

const saysAddresses = (text: string): boolean => text.split('\n').length > 6;
const outermostIn = (text: string): bigint => BigInt(text.split('\n')[4]!);

/** Asks about a function of a program that has ended, of which the headers were read before, once with and once without
 * who keeps it. */
async function ask(target: Running, remove: () => void): Promise<unknown[]> {
  await until('the addresses', () => saysAddresses(target.stdout));
  const outermost = outermostIn(target.stdout);
  remove();
  const { pid } = target;
  const vma = mappingOf(pid, outermost);
  const file = await askElf(real.reader, pid, vma);
  target.kill('SIGKILL');
  await target.ended;
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  const told = [await tell(pid, vma, outermost, { file })];
  // Whoever unwinds remembers what he could not have of a mapping.
  const again = { ...vma, born: 1 };
  told.push(await tell(pid, again, outermost, { file: { ...file!, kept: null } }));
  // It keeps no file system busy for long.
  const keeper = file?.kept?.pid;
  if (keeper !== undefined) await until('it is let go of', () => held(keeper).length === 0);
  return told;
}

test('of a program whose file is deleted', async () => {
  const file = join(scratch, 'deleted');
  copyFileSync(program, file);
  const told = await ask(new Running([file]), () => {
    rmSync(file);
  });
  expect(told).toEqual([WHOLE, NOTHING]);
});

/** Within a mount namespace of its own, where `program` is `inner` of a directory that is empty elsewhere. */
function inNamespace(name: string, rest: (inner: string) => string, of = program): string[] {
  const directory = join(scratch, name);
  mkdirSync(directory);
  const inner = join(directory, 'inner');
  const script = `mount -t tmpfs none ${directory} && cp ${of} ${inner} && ${rest(inner)}`;
  return ['unshare', '-m', 'sh', '-c', script];
}

test('of one in another mount namespace', async () => {
  const told = await ask(
    new Running(inNamespace('own', (inner) => `exec ${inner}`)),
    () => undefined,
  );
  expect(told).toEqual([WHOLE, NOTHING]);
});

test('a file that its path leads to is not held', async () => {
  const target = new Running([program]);
  await until('the addresses', () => saysAddresses(target.stdout));
  const vma = mappingOf(target.pid, outermostIn(target.stdout));
  expect(await askElf(real.reader, target.pid, vma)).toMatchObject({
    found: 'program',
    kept: null,
  });
  target.kill('SIGKILL');
  await target.ended;
});

describe('of a program that nobody asked about before it had ended', () => {
  it('in another mount namespace: through an ancestor that is in it', async () => {
    const command = inNamespace(
      'shell',
      (inner) => `exec 3<&0; ${inner} <&3 & echo pid $!; wait; read line <&3`,
    );
    const shell = new Running(command);
    await until('the addresses', () => shell.stdout.split('\n').length > 7);
    const pid = Number(/^pid (\d+)$/m.exec(shell.stdout)![1]);
    const outermost = BigInt(/(^0x.*\n){4}/m.exec(shell.stdout)![1]!);
    const vma = mappingOf(pid, outermost);
    process.kill(pid, 'SIGKILL');
    await until('it has ended', () => !existsSync(`/proc/${pid}`));
    const ancestors = [pid, shell.pid];
    expect(await tell(pid, vma, outermost, { file: null, ancestors })).toEqual(WHOLE);
    const again = { ...vma, born: 1 };
    expect(await tell(pid, again, outermost, { file: null })).toEqual(NOTHING);
    shell.kill('SIGKILL');
    await shell.ended;
  });

  it('deleted: through the ancestor that it was born with the program of', async () => {
    const file = join(scratch, 'forks');
    copyFileSync(program, file);
    const parent = new Running([file]);
    await until('the addresses', () => saysAddresses(parent.stdout));
    const outermost = outermostIn(parent.stdout);
    rmSync(file);
    const vma = mappingOf(parent.pid, outermost);
    const child = new Running(['true']);
    await child.ended;
    const ancestors = [parent.pid];
    expect(await tell(child.pid, vma, outermost, { file: null, ancestors })).toEqual(WHOLE);
    const again = { ...vma, born: 1 };
    expect(await tell(child.pid, again, outermost, { file: null })).toEqual(NOTHING);
    parent.kill('SIGKILL');
    await parent.ended;
  });
});

test('programs that end at once have names and stacks while the shell that started them is there', async () => {
  const chains = withoutFrames('chains', 'gcc', []);
  const command = inNamespace(
    'loop',
    (inner) => `for i in 1 2 3; do ${inner} --pages ${PAGES}; done; read line`,
    chains,
  );
  const out = join(scratch, 'faults');
  const args = ['--symbols', '--stacks', 'dwarf', '--stack-every', '1', '--format', 'ndjson'];
  const target = startAnalyzer([...args, '-o', out, '--', ...command]);
  await until('all are written', () => {
    const written = existsSync(out) ? readFileSync(out, 'utf8') : '';
    return written.split('"function":"d1"').length > 3 * PAGES;
  });
  target.closeInput();
  await target.ended;
  const faults = (await readFaults(out)) as (NamedFault & WithStack)[];
  const deepest = faults.filter(({ function: name }) => name === 'd1');
  expect(deepest.map(({ stack }) => ownPart(stack!))).toEqual(
    Array.from({ length: 3 * PAGES }, () => ['main', ...DEEP]),
  );
});
