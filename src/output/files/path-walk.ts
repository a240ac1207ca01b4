import * as fs from 'node:fs';
import { bytesOfText, textOfBytes } from '../../core/text/byte-text';
import { checkLink, checkMount, checkObject, isShared, mountOf } from './others';

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
/** include/uapi/asm-generic/fcntl.h; Node does not name it. Opens nothing, so that nothing can block. */
const O_PATH = 0o10000000;
/** MAXSYMLINKS of include/linux/namei.h. */
const MAX_LINKS = 40;
/** PROC_SUPER_MAGIC of include/uapi/linux/magic.h. */
const PROC_FS = 0x9fa0;

/** What a path leads to, held by descriptors: whatever others do to its names, it stays the same. */
export interface Place {
  /** An O_PATH descriptor of the directory, and the name in it. */
  readonly directory: number;
  readonly name: string;
  /** Others can make entries in the directory. */
  readonly shared: boolean;
  /** An O_PATH descriptor of what is there, and its state; null where there is nothing yet. */
  readonly object: { readonly fd: number; readonly stat: fs.Stats } | null;
  /** Reached by a descriptor of a process (/dev/stdout, /dev/fd/N): the name is not a directory's entry. */
  readonly byDescriptor: boolean;
}

type FilePath = string | Buffer;

interface Directory {
  readonly fd: number;
  readonly stat: fs.Stats;
  readonly mount: number;
}

/**
 * Follows a path one name at a time, as openat2(2) would, and refuses (Refusal) what somebody else may have
 * laid in the way; see others.ts for what that is. Throws the errno of what failed otherwise: ENOENT for
 * a missing directory, EISDIR where the path ends in one. The caller closes the place (closePlace).
 */
export function walk(path: string): Place {
  const held: number[] = [];
  const hold = (at: FilePath, flags: number): number => {
    const fd = fs.openSync(at, O_PATH | flags);
    held.push(fd);
    return fd;
  };
  const release = (keep: readonly number[]): void => {
    for (const fd of held) if (!keep.includes(fd)) fs.closeSync(fd);
  };
  try {
    const place = follow(path, hold);
    release(place.object === null ? [place.directory] : [place.directory, place.object.fd]);
    return place;
  } catch (error) {
    release([]);
    throw error;
  }
}

export function closePlace({ directory, object }: Place): void {
  fs.closeSync(directory);
  if (object !== null) fs.closeSync(object.fd);
}

/**
 * The path of what a descriptor holds, for the calls that take no descriptor. `name` is text of
 * core/text/byte-text.ts: names need not be UTF-8.
 */
export function pathOf(fd: number, name?: string): string | Buffer {
  return name === undefined ? `/proc/self/fd/${fd}` : bytesOfText(`/proc/self/fd/${fd}/${name}`);
}

function follow(path: string, hold: (at: FilePath, flags: number) => number): Place {
  const enter = (fd: number, from: number): Directory => {
    const mount = mountOf(fd);
    if (mount !== from) checkMount(mount);
    return { fd, stat: fs.fstatSync(fd), mount };
  };
  const start = (at: string): Directory => {
    const fd = hold(at, O_DIRECTORY);
    return { fd, stat: fs.fstatSync(fd), mount: mountOf(fd) };
  };
  const names = path.split('/').reverse();
  let directory = start(path.startsWith('/') ? '/' : '.');
  let links = 0;
  for (;;) {
    const name = names.pop();
    if (name === undefined) throw failed('EISDIR');
    if (name === '' || name === '.') continue;
    const last = names.length === 0;
    const at = pathOf(directory.fd, name);
    let fd: number;
    try {
      fd = openEntry(at, hold);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || !last || name === '..') throw error;
      const shared = isShared(directory.stat);
      return { directory: directory.fd, name, shared, object: null, byDescriptor: false };
    }
    let entry = enter(fd, directory.mount);
    let byDescriptor = false;
    if (entry.stat.isSymbolicLink()) {
      checkLink(entry.stat, directory.stat);
      if (++links > MAX_LINKS) throw failed('ELOOP');
      byDescriptor = fs.statfsSync(pathOf(directory.fd)).type === PROC_FS;
      if (!byDescriptor) {
        const target = readLink(at, entry.stat);
        names.push(...target.split('/').reverse());
        if (target.startsWith('/')) directory = start('/');
        continue;
      }
      // The links of /proc are no text: only the kernel can follow them.
      entry = enter(hold(at, 0), -1);
    }
    if (entry.stat.isDirectory()) {
      directory = entry;
      continue;
    }
    if (!last) throw failed('ENOTDIR');
    checkObject(entry.stat, byDescriptor ? null : directory.stat);
    const shared = isShared(directory.stat);
    return { directory: directory.fd, name, shared, object: entry, byDescriptor };
  }
}

/** As a directory first: only that mounts what is mounted on use (autofs). */
function openEntry(at: FilePath, hold: (at: FilePath, flags: number) => number): number {
  try {
    return hold(at, O_NOFOLLOW | O_DIRECTORY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    return hold(at, O_NOFOLLOW);
  }
}

/**
 * The text of the link that was judged. There is no readlinkat(2) here, so that the name is looked up
 * again: a link that was exchanged meanwhile, or moved away and back (which sets its ctime), is refused.
 */
function readLink(at: FilePath, judged: fs.Stats): string {
  const target = textOfBytes(fs.readlinkSync(at, 'buffer'));
  const now = fs.lstatSync(at);
  const same = now.dev === judged.dev && now.ino === judged.ino && now.ctimeMs === judged.ctimeMs;
  if (!same) throw failed('ELOOP');
  return target;
}

function failed(code: string): Error {
  return Object.assign(new Error(code), { code });
}
