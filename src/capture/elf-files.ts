import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import type { ElfImage } from '../core/elf';
import { parseElf } from '../core/elf-parse';
import { Prot, type Vma } from '../core/vma';

/** open(2): a descriptor that names a file without opening it. Not among node's constants. */
const O_PATH = 0o10000000;
const DEFAULT_CAP = 1024;
/** How long a file that is not being written lately is believed to be the same, ms. */
const TRUST_MS = 1000;
/** A file this young may be deleted and its inode given to another (a compiler's output), ms. */
const YOUNG_MS = 60_000;

interface Cached {
  readonly image: ElfImage | null;
  /** Not read, because a mapping of this name looked like data. '' where it was read. */
  readonly dataName: string;
  /** Changes with every write and when the inode is given to another file. */
  readonly stamp: string;
  readonly changedMs: number;
  checkedMs: number;
}

/**
 * ELF headers of mapped files, at most `cap` of them, by device and inode (deliberately not by path: the
 * target may be in another mount namespace, and files are replaced while they run).
 *
 * Opened through map_files, which is the mapped file itself, also when it is deleted. Where that is
 * refused (no CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, or the exact range is gone) through the path, if
 * what lies there still has the mapping's inode. Opened with O_PATH first, and only regular files for
 * reading: the path is the target's to choose, and opening a FIFO blocks, opening a watchdog reboots.
 *
 * Data files are never read: a read of ours brings pages into the cache, and the faults of the target
 * that we are here to observe would turn from major to minor.
 */
export class ElfFiles {
  private readonly files = new Map<string, Cached>();

  constructor(
    private readonly root = '/proc',
    private readonly cap = DEFAULT_CAP,
    private readonly nowMs: () => number = Date.now,
  ) {}

  get size(): number {
    return this.files.size;
  }

  /** null when the file behind the mapping is no ELF file, or cannot be reached. */
  image(pid: number, vma: Vma): ElfImage | null {
    const { ino, devMajor, devMinor, name } = vma.backing;
    if (ino === '0' || !name.startsWith('/')) return null;
    const key = `${devMajor}:${devMinor}:${ino}`;
    const known = this.files.get(key);
    const now = this.nowMs();
    if (known !== undefined && this.isFresh(known, vma, now)) return known.image;

    const fd = this.open(pid, vma);
    // Of a process that has ended nothing better can be learned.
    if (fd === null) return known?.image ?? null;
    try {
      const stat = fstatSync(fd, { bigint: true });
      const stamp = stampOf(stat);
      const program = mayBeProgram(vma, stat);
      if (known?.stamp === stamp && (known.dataName === '' || !program)) {
        known.checkedMs = now;
        this.keep(key, known);
        return known.image;
      }
      const image = program ? readImage(fd) : null;
      const dataName = program ? '' : name;
      this.keep(key, { image, dataName, stamp, changedMs: Number(stat.ctimeMs), checkedMs: now });
      return image;
    } finally {
      closeSync(fd);
    }
  }

  private isFresh(cached: Cached, vma: Vma, now: number): boolean {
    if (now - cached.checkedMs >= TRUST_MS) return false;
    if (cached.dataName !== '') {
      return cached.dataName === vma.backing.name && (vma.prot & Prot.EXEC) === 0;
    }
    return cached.checkedMs - cached.changedMs > YOUNG_MS;
  }

  /** Inserts as the newest; the one used longest ago gives way. */
  private keep(key: string, cached: Cached): void {
    this.files.delete(key);
    this.files.set(key, cached);
    if (this.files.size > this.cap) this.files.delete(this.files.keys().next().value!);
  }

  /** An O_PATH descriptor of the mapped file if it is a regular one. */
  private open(pid: number, vma: Vma): number | null {
    const range = `${address(vma.start)}-${address(vma.end)}`;
    const mapped = openRegular(`${this.root}/${pid}/map_files/${range}`, true, null);
    if (mapped !== null) return mapped;
    const { name, ino } = vma.backing;
    if (name.endsWith(' (deleted)')) return null;
    return (
      openRegular(`${this.root}/${pid}/root${name}`, false, ino) ?? openRegular(name, false, ino)
    );
  }
}

/** `ino`: the inode it must be. st_dev is no help, it differs from maps' on btrfs and overlayfs. */
function openRegular(path: string, follow: boolean, ino: string | null): number | null {
  let fd: number;
  try {
    fd = openSync(path, O_PATH | (follow ? 0 : constants.O_NOFOLLOW));
  } catch {
    // Gone, refused, a name too long or with a NUL: in each case there is no file to read.
    return null;
  }
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile() && (ino === null || stat.ino.toString() === ino)) return fd;
  closeSync(fd);
  return null;
}

/**
 * Programs and libraries are executable or called .so (Debian's libraries have no x bit). Their
 * header's page was read by the kernel or the loader before they were mapped, so that reading it
 * again warms nothing.
 */
function mayBeProgram(vma: Vma, stat: BigIntStats): boolean {
  if ((vma.prot & Prot.EXEC) !== 0 || (stat.mode & 0o111n) !== 0n) return true;
  return /\.(?:so|node)(?:\.|$| )/.test(vma.backing.name);
}

function readImage(pathFd: number): ElfImage | null {
  let fd: number;
  try {
    fd = openSync(`/proc/self/fd/${pathFd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // No read permission: an execute-only program.
    return null;
  }
  try {
    return parseElf((offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      try {
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      } catch {
        // EIO, a stale NFS handle: what cannot be read has no sections.
        return null;
      }
    });
  } finally {
    closeSync(fd);
  }
}

function stampOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

/** A page number as a byte address, as map_files spells it: no leading zeros. */
function address(page: number): string {
  return page === 0 ? '0' : page.toString(16) + '000';
}
