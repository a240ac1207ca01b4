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
import { buildNamed } from '../support/names-kit';
import { askElf, askNames, realReader } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

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

/** The mapping of an address, and its offset in the file. */
function placeOf(pid: number, address: bigint): { vma: Vma; value: bigint } {
  const page = Number(address >> 12n);
  const { vmas } = parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8'));
  const vma = vmas.find(({ start, end }) => start <= page && page < end)!;
  return { vma, value: address - (BigInt(vma.start - vma.pgoff) << 12n) };
}

/** Files below `scratch` that a process has open. */
function held(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    .filter((path) => path.startsWith(scratch));
}

/** Asks for the name of a function while the program lives, and once it has ended, as what it was and without. */
async function ask(target: Running, remove: () => void): Promise<unknown[]> {
  await until('the addresses', () => target.stdout.split('\n').length > 6);
  const outermost = BigInt(target.stdout.split('\n')[4]!);
  remove();
  const { pid } = target;
  const { vma, value } = placeOf(pid, outermost);
  const file = await askElf(real.reader, pid, vma);
  target.kill('SIGKILL');
  await target.ended;
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  const name = async (identity: typeof file): Promise<unknown> => {
    const places = [{ data: false, linked: false, value }];
    const named = await askNames(real.reader, pid, 'file', vma, places, identity);
    return named?.[0]?.frames.at(-1)?.name ?? null;
  };
  const names = [await name(file), await name({ ...file!, kept: null })];
  // It keeps no file system busy for long.
  const keeper = file?.kept?.pid;
  if (keeper !== undefined) await until('it is let go of', () => held(keeper).length === 0);
  return names;
}

test('of a program whose file is deleted', async () => {
  const file = join(scratch, 'deleted');
  copyFileSync(program, file);
  const names = await ask(new Running([file]), () => {
    rmSync(file);
  });
  expect(names).toEqual(['outer::Outermost(int)', null]);
});

test('of one in another mount namespace', async () => {
  const directory = join(scratch, 'namespace');
  mkdirSync(directory);
  const script = `mount -t tmpfs none ${directory} && cp ${program} ${directory}/inner && exec ${directory}/inner`;
  const names = await ask(new Running(['unshare', '-m', 'sh', '-c', script]), () => undefined);
  expect(names).toEqual(['outer::Outermost(int)', null]);
});

test('a file that its path leads to is not held', async () => {
  const target = new Running([program]);
  await until('the addresses', () => target.stdout.split('\n').length > 6);
  const { vma } = placeOf(target.pid, BigInt(target.stdout.split('\n')[4]!));
  expect(await askElf(real.reader, target.pid, vma)).toMatchObject({
    found: 'program',
    kept: null,
  });
  target.kill('SIGKILL');
  await target.ended;
});
