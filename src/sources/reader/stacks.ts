import { Buffer } from 'node:buffer';
import type { Vma } from '../../core/vma/vma';
import { MAX_PAYLOAD } from './frame';

/** Questions about stacks, and their answers: addon/reader/unwind.cc, addon/symbols/unwind_format.h. */

/** The bounds of unwind_format.h. */
const MAX_MODULES = 256;
export const MAX_STACKS = 128;
const MAX_CHAIN = 126;
const TO_THE_END = 1;

/** What is in a mapping: a file, or the vdso. */
const Of = { FILE: 0, VDSO: 1 } as const;
const MODULE_HEAD = 52;
const MAX_MODULE_BYTES = MAX_PAYLOAD / 2;

export interface Unwound {
  /** Two words of each address, the lower first; innermost first. */
  readonly words: Uint32Array;
  /** To the end of the stack. */
  readonly whole: boolean;
}

/**
 * The mappings that there may be rules in to unwind by, as they go before stacks: at most MAX_MODULES, and what finds
 * room beside stacks in a request.
 */
export function modulesRequest(pid: number, mappings: readonly Vma[]): Buffer {
  const head = Buffer.allocUnsafe(6);
  const pieces: Buffer[] = [head];
  let room = MAX_MODULE_BYTES;
  for (const vma of mappings) {
    const { name, ino } = vma.backing;
    const isVdso = ino === '0' && name === '[vdso]';
    if (ino === '0' && !isVdso) continue;
    const piece = moduleRequest(vma, isVdso ? Of.VDSO : Of.FILE);
    room -= piece.length;
    if (room < 0 || pieces.length > MAX_MODULES) break;
    pieces.push(piece);
  }
  head.writeUInt32LE(pid);
  head.writeUInt16LE(pieces.length - 1, 4);
  return Buffer.concat(pieces);
}

function moduleRequest({ start, end, pgoff, prot, backing, born }: Vma, of: number): Buffer {
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
  head.writeUInt16LE(path.length, 50);
  return Buffer.concat([head, path]);
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
