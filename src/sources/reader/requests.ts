import { Buffer } from 'node:buffer';
import type { Server } from '../../core/vma/served';
import type { TlsFacts } from '../../core/ports';
import type { ElfImage, ElfSection, ElfSegment } from '../../core/elf/elf';
import type { Vma } from '../../core/vma/vma';

/** Payloads of requests and answers; addon/reader/*.cc describe them. Little-endian, no padding. */
const PAGE_ANSWER = 41;
const STAT_BYTES = 40;
const SEGMENT_BYTES = 33;
const SECTION_BYTES = 19;
/** The bounds of addon/reader/elf_parse.h: whoever claims more is not that program. */
const MAX_SECTIONS = 4096;
const MAX_SEGMENTS = 64;
const MAX_NAME = 256;
const MAX_BUILD_ID = 64;
const KEPT_BYTES = 8;
const MAX_NUMBER = 2 ** 53;
/** As addon/reader/tls.cc has it. */
const MAX_TLS = 2 ** 31;
/** Pages of 64 bits of addresses. */
const MAX_PAGES = 2 ** 52;

export function pidRequest(pid: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(pid);
  return bytes;
}

export function pageRequest(pid: number, page: number): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeUInt32LE(pid);
  bytes.writeBigUInt64LE(BigInt(page), 4);
  return bytes;
}

/** null: that is no answer. */
export function pageAnswer(payload: Buffer): Vma | null {
  if (payload.length < PAGE_ANSWER) return null;
  const [start, end, pgoff] = [0, 8, 16].map((at) => Number(payload.readBigUInt64LE(at)));
  if (start! >= end! || end! > MAX_PAGES || pgoff! >= MAX_PAGES) return null;
  const flags = payload.readUInt8(40);
  return {
    start: start!,
    end: end!,
    prot: flags & 7,
    shared: (flags & 8) !== 0,
    pgoff: pgoff!,
    backing: {
      name: payload.toString('utf8', PAGE_ANSWER),
      devMajor: payload.readUInt32LE(32),
      devMinor: payload.readUInt32LE(36),
      ino: payload.readBigUInt64LE(24).toString(),
    },
    born: -Infinity,
  };
}

/** What is known of the file of a mapping besides what the mapping says. */
export interface FileHints {
  /** Hexadecimal, of one that was recorded: what its file must have on this machine. */
  readonly buildId?: string;
  /** See Lineage. */
  readonly ancestors?: readonly number[];
}

export function ancestorsRequest(ancestors: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 4 * ancestors.length);
  bytes.writeUInt8(ancestors.length);
  ancestors.forEach((pid, i) => bytes.writeUInt32LE(pid, 1 + 4 * i));
  return bytes;
}

/** A mapping, for ELF, SIZE and NAMES. */
export function mappingRequest(pid: number, vma: Vma, hints: FileHints = {}): Buffer {
  const { buildId = '', ancestors = [] } = hints;
  const { name, devMajor, devMinor, ino } = vma.backing;
  const head = Buffer.allocUnsafe(33);
  head.writeBigUInt64LE(BigInt(vma.start), 0);
  head.writeBigUInt64LE(BigInt(vma.end), 8);
  head.writeUInt8(vma.prot, 16);
  head.writeUInt32LE(devMajor, 17);
  head.writeUInt32LE(devMinor, 21);
  head.writeBigUInt64LE(BigInt(ino), 25);
  const parts = [pidRequest(pid), ancestorsRequest(ancestors), head, Buffer.from(name)];
  return Buffer.concat(
    buildId === '' ? parts : [...parts, Buffer.alloc(1), Buffer.from(buildId, 'hex')],
  );
}

/** PATH_MAX, twice. */
const MAX_CGROUP_PATH = 8192;
const NO_LIMIT = 2n ** 64n - 1n;
/** Pids of one request: one that is late costs the answers about all of them. */
export const MAX_TASKS = 64;

/** The texts of /proc/PID/status and /proc/PID/cgroup, '' where they could not be read. */
export interface TaskTexts {
  readonly status: string;
  readonly cgroup: string;
}

export function tasksRequest(pids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 + 4 * pids.length);
  bytes.writeUInt16LE(pids.length);
  pids.forEach((pid, k) => bytes.writeUInt32LE(pid, 2 + 4 * k));
  return bytes;
}

export function tlsRequest(pid: number, tids: readonly number[]): Buffer {
  return Buffer.concat([pidRequest(pid), tasksRequest(tids)]);
}

/** null: that is no answer. */
export function tlsAnswer(payload: Buffer, threads: number): TlsFacts | null {
  if (payload.length !== 16 + 8 * threads) return null;
  const number = (at: number): number => Number(payload.readBigUInt64LE(at));
  const size = number(8);
  const starts = Array.from({ length: threads }, (_, k) => number(16 + 8 * k));
  // Beyond that they are no addresses of a program, and not exact.
  if (size > MAX_TLS || starts.some((start) => start > MAX_NUMBER - size)) return null;
  return { headersPage: Math.floor(number(0) / 4096), size, starts };
}

/** null: that is no answer. */
export function tasksAnswer(payload: Buffer, count: number): TaskTexts[] | null {
  return readPairs(payload, count, (status, cgroup) => ({ status, cgroup }));
}

/** The texts of syscall and stat of a thread (/proc/PID/task/TID), '' where they could not be read. */
export interface ThreadTexts {
  readonly syscall: string;
  readonly stat: string;
}

export function threadsRequest(pid: number, tids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 + 8 * tids.length);
  bytes.writeUInt16LE(tids.length);
  tids.forEach((tid, k) => {
    bytes.writeUInt32LE(pid, 2 + 8 * k);
    bytes.writeUInt32LE(tid, 6 + 8 * k);
  });
  return bytes;
}

/** null: that is no answer. */
export function threadsAnswer(payload: Buffer, count: number): ThreadTexts[] | null {
  return readPairs(payload, count, (syscall, stat) => ({ syscall, stat }));
}

/** Texts of a control group's files, '' where they are not there. */
export interface CgroupTexts {
  readonly current: string;
  readonly events: string;
  readonly pressure: string;
  /** The lowest limit of it and of those above it, bytes; Infinity without one. */
  readonly limit: number;
}

/** `path` below the mount. null where it is no way within it, or too long. */
export function cgroupRequest(mount: string, path: string): Buffer | null {
  const [root, below] = [Buffer.from(mount), Buffer.from(path)];
  const fits = root.length > 0 && root.length + below.length <= MAX_CGROUP_PATH;
  if (!fits || !path.startsWith('/') || `${path}/`.includes('/../')) return null;
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16LE(root.length);
  return Buffer.concat([head, root, below]);
}

/** null: that is no answer. */
export function cgroupAnswer(payload: Buffer): CgroupTexts | null {
  const texts = readTexts(payload, 3);
  if (texts === null || texts.end + 8 !== payload.length) return null;
  const [current, events, pressure] = texts.texts;
  const limit = payload.readBigUInt64LE(texts.end);
  return {
    current: current!,
    events: events!,
    pressure: pressure!,
    limit: limit === NO_LIMIT ? Infinity : Number(limit),
  };
}

/** Texts, each behind its length, from the beginning of a payload. */
function readTexts(payload: Buffer, count: number): { texts: string[]; end: number } | null {
  const texts: string[] = [];
  let end = 0;
  for (let k = 0; k < count; k++) {
    if (end + 4 > payload.length) return null;
    const length = payload.readUInt32LE(end);
    end += 4;
    if (end + length > payload.length) return null;
    texts.push(payload.toString('utf8', end, (end += length)));
  }
  return { texts, end };
}

/** Two texts of each of `count`; null: that is no answer. */
function readPairs<Pair>(
  payload: Buffer,
  count: number,
  pair: (first: string, second: string) => Pair,
): Pair[] | null {
  const read = readTexts(payload, 2 * count);
  if (read === null || read.end !== payload.length) return null;
  return Array.from({ length: count }, (_, k) => pair(read.texts[2 * k]!, read.texts[2 * k + 1]!));
}

export interface SizeAnswer {
  /** Bytes. */
  readonly size: number;
  /** On hugetlbfs the size of a page. */
  readonly blockSize: number;
}

/** null: that is no answer. */
export function sizeAnswer(payload: Buffer): SizeAnswer | null {
  if (payload.length !== 16) return null;
  return {
    size: Number(payload.readBigUInt64LE(0)),
    blockSize: Number(payload.readBigUInt64LE(8)),
  };
}

/** `Found` of addon/reader/elf_file.cc. */
const Found = { OTHER: 0, DATA: 1, NO_ELF: 2, PROGRAM: 3 } as const;

/** Size and time of the last change of the content in `stamp`. */
const [CONTENT_FROM, CONTENT_TO] = [16, 32];
const UNREAD = 255;

/** Which file it was, for a question that is about no other; null: about whichever is there. */
export function identityRequest(identity: FileIdentity | null): Buffer {
  if (identity === null) return Buffer.from([0]);
  const { stamp, buildId, kept } = identity;
  const keeper = Buffer.alloc(KEPT_BYTES);
  keeper.writeUInt32LE(kept?.pid ?? 0, 0);
  keeper.writeUInt32LE(kept?.fd ?? 0, 4);
  return Buffer.concat([
    Buffer.from([1]),
    Buffer.from(stamp.slice(CONTENT_FROM, CONTENT_TO), 'latin1'),
    keeper,
    Buffer.from([buildId === null ? UNREAD : buildId.length / 2]),
    Buffer.from(buildId ?? '', 'hex'),
  ]);
}

/** Which file it was. */
export interface FileIdentity {
  /** Changes with every write and when the inode is given to another file, but not twice within a tick of its clock. */
  readonly stamp: string;
  /** Hexadecimal; '' where it has none, null where it was not read. */
  readonly buildId: string | null;
  /** Who holds it open where nobody reaches it once its processes have ended (addon/reader/kept_files.h). */
  readonly kept?: KeptFile | null;
}

export interface KeptFile {
  readonly pid: number;
  readonly fd: number;
}

export interface ElfAnswer extends FileIdentity {
  /** other: what can be reached is not the file of the mapping. data: it was not read. */
  readonly found: 'other' | 'data' | 'program';
  /** null where the file is no ELF image. */
  readonly image: ElfImage | null;
  /** st_ctime, ms since 1970. */
  readonly changedMs: number;
}

/** null: that is no answer. */
export function elfAnswer(payload: Buffer): ElfAnswer | null {
  const found = payload.length === 0 ? -1 : payload.readUInt8(0);
  const unread = { image: null, buildId: null };
  if (found === Found.OTHER) return { found: 'other', ...unread, stamp: '', changedMs: 0 };
  if (payload.length < 1 + STAT_BYTES || found < 0 || found > Found.PROGRAM) return null;
  const stamp = payload.toString('latin1', 1, 1 + STAT_BYTES);
  const changedMs = Number(payload.readBigInt64LE(1 + STAT_BYTES - 8) / 1_000_000n);
  if (found === Found.DATA) return { found: 'data', ...unread, stamp, changedMs };
  if (found === Found.NO_ELF) return { found: 'program', ...unread, stamp, changedMs };
  const read = imageOf(payload.subarray(1 + STAT_BYTES));
  if (read === null) return null;
  const { image, kept } = read;
  return { found: 'program', image, buildId: image.buildId ?? '', stamp, changedMs, kept };
}

/** Its parser keeps what this asks for (addon/reader/elf_parse.h); a reader that was taken over need not. */
function imageOf(bytes: Buffer): { image: ElfImage; kept: KeptFile | null } | null {
  let at = 0;
  const has = (count: number): boolean => at + count <= bytes.length;
  const number = (): number => bytes.readDoubleLE((at += 8) - 8);
  const byte = (): number => bytes.readUInt8(at++);
  const count = (): number => (has(4) ? bytes.readUInt32LE((at += 4) - 4) : Infinity);

  const segments: ElfSegment[] = [];
  let left = count();
  if (left > MAX_SEGMENTS) return null;
  for (; left > 0; left--) {
    if (!has(SEGMENT_BYTES)) return null;
    const [offset, address, fileSize, memSize] = [number(), number(), number(), number()];
    const sane = isRange(offset, fileSize) && isRange(address, memSize) && fileSize <= memSize;
    if (!sane) return null;
    segments.push({ offset, address, fileSize, memSize, prot: byte() & 7 });
  }
  const sections: ElfSection[] = [];
  left = count();
  if (left > MAX_SECTIONS) return null;
  for (let before = 0; left > 0; left--) {
    if (!has(SECTION_BYTES)) return null;
    const [address, size] = [number(), number()];
    const nobits = byte() !== 0;
    const length = bytes.readUInt16LE((at += 2) - 2);
    if (!has(length) || length > MAX_NAME || !isRange(address, size)) return null;
    if (size === 0 || address < before) return null;
    before = address;
    // Latin-1, so that any bytes are a name; outputs disarm what a terminal would obey.
    sections.push({ name: bytes.toString('latin1', at, (at += length)), address, size, nobits });
  }
  if (segments.length === 0) return null;
  const plain = { sections, segments };
  if (at === bytes.length) return { image: plain, kept: null };
  const length = byte();
  const end = at + length;
  const isKept = end + KEPT_BYTES === bytes.length;
  const known = isKept || (end === bytes.length && length > 0);
  if (!known || length > MAX_BUILD_ID) return null;
  const buildId = bytes.toString('hex', at, end);
  const image = length === 0 ? plain : { ...plain, buildId };
  const kept = (): KeptFile => ({
    pid: bytes.readUInt32LE(end),
    fd: bytes.readUInt32LE(end + 4),
  });
  return { image, kept: isKept ? kept() : null };
}

/** Whole numbers whose sum is exact. */
function isRange(from: number, length: number): boolean {
  return isCount(from) && isCount(length) && from <= MAX_NUMBER - length;
}

function isCount(value: number): boolean {
  return value >= 0 && value <= MAX_NUMBER && Number.isInteger(value);
}

/** As addon/reader/servers.cc has them. */
export const ServerKind = { USERFAULTFD: 1, FUSE: 2 } as const;

/** `of`: a process, or a mount's device as the kernel has it: MAJOR << 20 | MINOR. */
export function serverRequest(kind: number, of: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes.writeUInt8(kind);
  bytes.writeUInt32LE(of, 1);
  return bytes;
}

/** null: that is no answer. */
export function serverAnswer(payload: Buffer): Server | null {
  const HEAD = 9;
  if (payload.length < HEAD + 2) return null;
  const first = HEAD + 2 + payload.readUInt16LE(HEAD);
  if (payload.length < first + 2) return null;
  const end = first + 2 + payload.readUInt16LE(first);
  if (payload.length !== end) return null;
  return {
    pid: payload.readUInt32LE(0),
    tid: payload.readUInt32LE(4),
    answers: payload[8] === 1,
    comm: payload.toString('utf8', HEAD + 2, first),
    threadComm: payload.toString('utf8', first + 2, end),
  };
}
