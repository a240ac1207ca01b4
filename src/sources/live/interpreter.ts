import * as fs from 'node:fs';
import { join } from 'node:path';
import { bytesOfText, textOfBytes } from '../../core/text/byte-text';

/** What the kernel looks at of a script's first line (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h). */
const FIRST_LINE = 256;
/** Of the program headers (elf(5)), which the kernel reads up to a page of. */
const PT_INTERP = 3;
const MAX_HEADERS = 4096;
/** PATH_MAX: the kernel refuses a longer name of an ELF interpreter. */
const LONGEST = 4096;

/**
 * The interpreter that a program names and that is not there: exec then answers ENOENT, as if the program itself
 * were missing. null where that is not what is wrong. `path` is PATH.
 */
export function missingInterpreter(file: string, path: string): string | null {
  const places = file.includes('/')
    ? [file]
    : path.split(':').map((directory) => join(directory === '' ? '.' : directory, file));
  for (const place of places) {
    const name = interpreterOf(place);
    if (name !== null && !fs.existsSync(bytesOfText(name))) return name;
  }
  return null;
}

function interpreterOf(file: string): string | null {
  let fd: number;
  try {
    fd = fs.openSync(bytesOfText(file), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    if (!fs.fstatSync(fd).isFile()) return null;
    const read: ReadAt = (offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
    };
    return ofScript(read) ?? ofElf(read);
  } catch {
    return null;
  } finally {
    fs.closeSync(fd);
  }
}

type ReadAt = (offset: number, length: number) => Buffer;

/** `#!`, blanks, and a path up to the next blank or line end (fs/binfmt_script.c). */
function ofScript(read: ReadAt): string | null {
  const line = read(0, FIRST_LINE).toString('latin1');
  const path = /^#![ \t]*([^ \t\n\0]+)/.exec(line)?.[1];
  return path === undefined ? null : textOfBytes(Buffer.from(path, 'latin1'));
}

/** What PT_INTERP names (load_elf_binary in fs/binfmt_elf.c), of a little-endian program. */
function ofElf(read: ReadAt): string | null {
  const head = read(0, 64);
  if (head.length < 64 || head.toString('latin1', 0, 4) !== '\x7fELF' || head[5] !== 1) return null;
  const wide = head[4] === 2;
  const table = Number(wide ? head.readBigUInt64LE(32) : head.readUInt32LE(28));
  const width = head.readUInt16LE(wide ? 54 : 42);
  const count = head.readUInt16LE(wide ? 56 : 44);
  if (width < (wide ? 56 : 32)) return null;
  const rows = read(table, Math.min(width * count, MAX_HEADERS));
  for (let at = 0; at + width <= rows.length; at += width) {
    if (rows.readUInt32LE(at) !== PT_INTERP) continue;
    const offset = Number(wide ? rows.readBigUInt64LE(at + 8) : rows.readUInt32LE(at + 4));
    const size = Number(wide ? rows.readBigUInt64LE(at + 32) : rows.readUInt32LE(at + 16));
    if (size > LONGEST) return null;
    return textOfBytes(read(offset, size)).split('\0')[0] ?? null;
  }
  return null;
}
