import { Buffer } from 'node:buffer';
import type { Lineage } from '../../core/vma/lineage';
import type { Backing, Vma } from '../../core/vma/vma';
import { MAX_PAYLOAD } from './frame';
import { ancestorsRequest, identityRequest, pidRequest } from './requests';
import type { FileIdentity } from './requests';

/** Questions about stacks, and their answers: addon/reader/unwind.cc, addon/symbols/unwind_format.h. */

/** The bounds of unwind_format.h. */
const MAX_MODULES = 256;
export const MAX_STACKS = 128;
const MAX_CHAIN = 126;
const TO_THE_END = 1;

/** What is in a mapping: a file, or the vdso. */
const Of = { FILE: 0, VDSO: 1 } as const;
const MODULE_HEAD = 50;
const MAX_MODULE_BYTES = MAX_PAYLOAD / 2;

export interface Unwound {
  /** Two words of each address, the lower first; innermost first. */
  readonly words: Uint32Array;
  /** To the end of the stack. */
  readonly whole: boolean;
}

/**
 * The mappings that there may be rules in to unwind by, as they go before stacks: at most MAX_MODULES, and what finds
 * room beside stacks in a request. `identityOf`: which file it is, null where that is not known.
 */
export function modulesRequest(
  { pid, ancestors }: Lineage,
  mappings: readonly Vma[],
  identityOf: (backing: Backing) => FileIdentity | null = () => null,
): Buffer {
  const count = Buffer.allocUnsafe(2);
  const modules: Buffer[] = [];
  let room = MAX_MODULE_BYTES;
  for (const vma of mappings) {
    const { name, ino } = vma.backing;
    const isVdso = ino === '0' && name === '[vdso]';
    if (ino === '0' && !isVdso) continue;
    const identity = isVdso ? null : identityOf(vma.backing);
    const module = moduleRequest(vma, isVdso ? Of.VDSO : Of.FILE, identity);
    room -= module.length;
    if (room < 0 || modules.length === MAX_MODULES) break;
    modules.push(module);
  }
  count.writeUInt16LE(modules.length);
  return Buffer.concat([pidRequest(pid), ancestorsRequest(ancestors), count, ...modules]);
}

function moduleRequest(
  { start, end, pgoff, prot, backing, born }: Vma,
  of: number,
  identity: FileIdentity | null,
): Buffer {
  const { name, devMajor, devMinor, ino } = backing;
  const head = Buffer.allocUnsafe(MODULE_HEAD);
  head.writeUInt8(of, 0);
  head.writeBigUInt64LE(BigInt(start), 1);
  head.writeBigUInt64LE(BigInt(end), 9);
  head.writeBigUInt64LE(BigInt(pgoff), 17);
  head.writeUInt8(prot, 25);
  head.writeUInt32LE(devMajor, 26);
  head.writeUInt32LE(devMinor, 30);
  head.writeBigUInt64LE(BigInt(ino), 34);
  head.writeDoubleLE(born, 42);
  const path = Buffer.from(name);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16LE(path.length);
  return Buffer.concat([head, identityRequest(identity), length, path]);
}

/** null: that is no answer to so many stacks. */
export function unwoundAnswer(payload: Buffer, stacks: number): Unwound[] | null {
  const found: Unwound[] = [];
  let at = 0;
  for (; stacks > 0; stacks--) {
    if (at + 2 > payload.length) return null;
    const flags = payload.readUInt8(at++);
    const addresses = payload.readUInt8(at++);
    if (flags > TO_THE_END || addresses > MAX_CHAIN) return null;
    const bytes = addresses * 8;
    if (at + bytes > payload.length) return null;
    // Copied: a part of a buffer need not lie on four bytes.
    const words = new Uint32Array(addresses * 2);
    new Uint8Array(words.buffer).set(payload.subarray(at, at + bytes));
    at += bytes;
    found.push({ words, whole: flags === TO_THE_END });
  }
  return at === payload.length ? found : null;
}
