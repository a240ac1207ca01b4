import * as fs from 'node:fs';
import { join } from 'node:path';
import { bytesOfText, textOfBytes } from '../core/byte-text';
import { parseElf } from '../core/elf-parse';
import type { ReadAt } from '../core/elf-parse';

/** What the kernel looks at of a script's first line (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h). */
const FIRST_LINE = 256;
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

/** `#!`, blanks, and a path up to the next blank or line end (fs/binfmt_script.c). */
function ofScript(read: ReadAt): string | null {
  const line = Buffer.from(read(0, FIRST_LINE) ?? []).toString('latin1');
  const path = /^#![ \t]*([^ \t\n\0]+)/.exec(line)?.[1];
  return path === undefined ? null : textOfBytes(Buffer.from(path, 'latin1'));
}

function ofElf(read: ReadAt): string | null {
  const image = parseElf(read);
  const section = image?.sections.find(({ name }) => name === '.interp');
  if (image === null || section === undefined || section.size > LONGEST) return null;
  const segment = image.segments.find(
    ({ address, fileSize }) => section.address >= address && section.address < address + fileSize,
  );
  if (segment === undefined) return null;
  const bytes = read(segment.offset + section.address - segment.address, section.size);
  if (bytes === null) return null;
  return textOfBytes(Buffer.from(bytes)).split('\0')[0] ?? null;
}
