import { statSync, writeFileSync } from 'node:fs';
import type { ElfImage } from '../../src/core/elf/elf';
import type { Vma } from '../../src/core/vma/vma';
import { startReader } from '../../src/sources/reader/child';
import type { NamedPlace, NameHints, NamesOf, Place } from '../../src/sources/reader/names';
import { Readers } from '../../src/sources/reader/readers';
import type { ElfAnswer } from '../../src/sources/reader/requests';
import { TargetReader } from '../../src/sources/reader/target-reader';
import { READER } from './build';
import { R, vma, X } from './vma-kit';

export interface RealReader {
  readonly reader: TargetReader;
  /** What the user was told. */
  readonly notes: string[];
  close(): void;
}

/** The real program, or what starts it; `root` in place of /proc. */
export function realReader(root = '/proc', limitMs = 20_000, program = READER): RealReader {
  const notes: string[] = [];
  const options = {
    start: startReader(program, [root]),
    note: (text: string) => {
      notes.push(text);
    },
    isRunning: () => false,
    nowMs: () => performance.now(),
    limitMs,
  };
  const readers = new Readers(options);
  const namers = new Readers({ ...options, lazy: true });
  const unwinders = new Readers({ ...options, lazy: true });
  return {
    reader: new TargetReader(readers, namers, unwinders),
    notes,
    close: () => {
      readers.close();
      namers.close();
      unwinders.close();
    },
  };
}

/** A mapping of a file as the kernel tells of it, at an address where nothing is. */
export function vmaOf(path: string, over: Partial<Vma> = {}): Vma {
  const { dev, ino } = statSync(path, { bigint: true });
  // makedev(3): the usual split, with the high bits of both behind.
  const devMajor = Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn));
  const devMinor = Number((dev & 0xffn) | ((dev >> 12n) & ~0xffn));
  return vma(0x7f0000001, 0x7f0000002, {
    prot: R | X,
    backing: { name: path, devMajor, devMinor, ino: ino.toString() },
    born: 0,
    ...over,
  });
}

export function askElf(reader: TargetReader, pid: number, vma: Vma): Promise<ElfAnswer | null> {
  return new Promise((resolve) => {
    reader.elf(pid, vma, resolve);
  });
}

export function askNames(
  reader: TargetReader,
  pid: number,
  of: NamesOf,
  vma: Vma | null,
  places: readonly Place[],
  hints: NameHints = {},
): Promise<readonly NamedPlace[] | null> {
  return new Promise((resolve) => {
    reader.names(pid, of, vma, places, resolve, hints);
  });
}

/** What the program makes of a file; null where it is no ELF image. Fails where it cannot be reached. */
export async function readElf(reader: TargetReader, path: string): Promise<ElfImage | null> {
  const answer = await askElf(reader, process.pid, vmaOf(path));
  if (answer?.found !== 'program') throw new Error(`${path}: ${answer?.found ?? 'not reached'}`);
  return answer.image;
}

/** The same for bytes, which go into a file first. */
export function parseBytes(
  reader: TargetReader,
  path: string,
  bytes: Uint8Array,
): Promise<ElfImage | null> {
  writeFileSync(path, bytes);
  return readElf(reader, path);
}
