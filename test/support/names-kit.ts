import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { NamedPlace, Place } from '../../src/sources/reader/names';
import type { TargetReader } from '../../src/sources/reader/target-reader';
import { ROOT } from './build';
import { askNames, vmaOf } from './reader-kit';

const SOURCE = join(ROOT, 'test', 'workloads', 'named.cc');

/** test/workloads/named.cc, built in one of many ways. */
export function buildNamed(program: string, command: readonly string[]): string {
  const [compiler, ...flags] = command;
  execFileSync(compiler!, [...flags, '-o', program, SOURCE], { stdio: 'pipe' });
  return program;
}

/** Function, source file and line, as tools print them, innermost first. */
export type Frames = readonly (readonly [name: string | null, file: string | null, line: number])[];

/** The address of every instruction of .text, every `step`th of them. */
export function codeAddresses(program: string, step = 1): bigint[] {
  const flags = ['-d', '--no-show-raw-insn', '-j', '.text', program];
  const text = execFileSync('objdump', flags, { encoding: 'utf8', maxBuffer: 1 << 30 });
  const found = [...text.matchAll(/^ +([0-9a-f]+):/gm)].map(([, address]) =>
    BigInt(`0x${address!}`),
  );
  return found.filter((_, i) => i % step === 0);
}

export function addr2line(file: string, addresses: readonly bigint[]): Frames[] {
  return toldBy(['addr2line', '-a', '-i', '-f', '-C', '-e', file], addresses);
}

/** A second referee: addr2line of binutils 2.40 misses inlined functions of some DWARF 5. */
export function llvmSymbolizer(file: string, addresses: readonly bigint[]): Frames[] {
  const flags = ['-a', '--output-style=GNU', '--inlines', '-f', '-C', `--obj=${file}`];
  return toldBy(['llvm-symbolizer', ...flags], addresses);
}

function toldBy(command: readonly string[], addresses: readonly bigint[]): Frames[] {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const [tool, ...flags] = command;
  const text = execFileSync(tool!, flags, { input, encoding: 'utf8', maxBuffer: 1 << 30 });
  const all: [string | null, string | null, number][][] = [];
  const lines = text.split('\n').filter((line) => line !== '');
  for (let i = 0; i < lines.length; i++) {
    if (/^0x[0-9a-f]+$/.test(lines[i]!)) {
      all.push([]);
      continue;
    }
    const [, file, line] = /^(.*?):(\d+|\?)/.exec(lines[i + 1]!)!;
    const known = line !== '?' && line !== '0' && file !== '??';
    const name = lines[i++]!;
    all
      .at(-1)!
      .push([
        name === '??' ? null : plain(name),
        known ? normalize(file!) : null,
        known ? Number(line) : 0,
      ]);
  }
  if (all.length !== addresses.length) throw new Error(`${tool!}: ${all.length} answers`);
  return all;
}

/** Without what tools spell in ways of their own: marks of clones, lambdas. */
export function plain(name: string): string {
  return name
    .replace(/ \[clone [^\]]*\]/g, '')
    .replace(/ \(\.[^)]*\)/g, '')
    .replace(/\{lambda\((.*?)\)#\d+\}|'lambda\d*'\((.*?)\)/g, 'lambda');
}

export function framesOf({ frames }: NamedPlace): Frames {
  return frames.map(({ name, file, line }) => [
    name === null ? null : plain(name),
    file === null || line === 0 ? null : normalize(file),
    line,
  ]);
}

export interface ElfSymbol {
  readonly start: bigint;
  readonly size: bigint;
  readonly kind: string;
  readonly name: string;
}

/** What nm says of a file. */
export function symbolsOf(file: string, flags: readonly string[] = []): ElfSymbol[] {
  const text = execFileSync('nm', ['-S', '-C', '--defined-only', ...flags, file], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: 'pipe',
  });
  return [...text.matchAll(/^([0-9a-f]+) (?:([0-9a-f]+) )?([a-zA-Z]) (.*)$/gm)].map(
    ([, start, size, kind, name]) => ({
      start: BigInt(`0x${start!}`),
      size: BigInt(`0x${size ?? '0'}`),
      kind: kind!,
      name: name!.replace(/@.*$/, ''),
    }),
  );
}

/** Where the debug file of a file's build id lies. */
export function buildIdPath(file: string): string {
  const notes = execFileSync('readelf', ['-n', file], { encoding: 'utf8', stdio: 'pipe' });
  const [, head, rest] = /Build ID: (..)(\w+)/.exec(notes)!;
  return `/usr/lib/debug/.build-id/${head!}/${rest!}.debug`;
}

export const codeAt = (value: bigint): Place => ({ data: false, linked: true, value });
export const dataAt = (value: bigint): Place => ({ data: true, linked: true, value });

/** Names of places of a file that is mapped nowhere, in questions of 4,000. */
export async function nameAll(
  reader: TargetReader,
  file: string,
  places: readonly Place[],
): Promise<NamedPlace[]> {
  const all: NamedPlace[] = [];
  for (let at = 0; at < places.length; at += 4000) {
    const some = places.slice(at, at + 4000);
    const told = await askNames(reader, process.pid, 'file', vmaOf(file), some);
    if (told === null) throw new Error(`${file}: no names`);
    all.push(...told);
  }
  return all;
}

/** Without the version that a library gives its symbols, and the hashes that c++filt leaves to names of Rust. */
export const bare = (name: string): string =>
  plain(name.replace(/@.*$/, '').replace(/\[[0-9a-f]{16}\]|::h[0-9a-f]{16}$/g, ''));

/** Names of the functions of a file by where they begin, its debug file's among them. */
function functionsOf(file: string): Map<string, Set<bigint>> {
  const starts = new Map<string, Set<bigint>>();
  const add = (from: string, flags: readonly string[]): void => {
    for (const { name, start } of symbolsOf(from, flags)) {
      const own = bare(name);
      starts.set(own, (starts.get(own) ?? new Set()).add(start));
    }
  };
  add(file, []);
  add(file, ['-D']);
  const debug = buildIdPath(file);
  if (existsSync(debug)) add(debug, []);
  return starts;
}

/** Whether both are names of one function. */
export class Aliases {
  private readonly files = new Map<string, Map<string, Set<bigint>>>();

  hold(file: string, one: string, other: string): boolean {
    const functions = this.of(file);
    const starts = functions.get(other) ?? new Set();
    return [...(functions.get(one) ?? [])].some((start) => starts.has(start));
  }

  private of(file: string): Map<string, Set<bigint>> {
    const functions = this.files.get(file) ?? functionsOf(file);
    this.files.set(file, functions);
    return functions;
  }
}
