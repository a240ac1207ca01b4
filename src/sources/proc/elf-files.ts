import type { ElfImage } from '../../core/elf/elf';
import { PENDING, UNKNOWN } from '../../core/ports';
import { Prot, type Backing, type Vma } from '../../core/vma/vma';
import { BoundedMap } from '../bounded-map';
import { Inquiries } from './inquiries';
import type { Patience } from './patience';
import type { ElfAnswer } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';

const DEFAULT_CAP = 1024;
/** What their sections may take together: forged ones have thousands, with long names. */
const MAX_BYTES = 32 << 20;
const SECTION_BYTES = 96;
const SEGMENT_BYTES = 64;
/** How long a file that is not being written lately is believed to be the same, ms. */
const TRUST_MS = 1000;
/** A file this young may be deleted and its inode given to another (a compiler's output), ms. */
const YOUNG_MS = 60_000;
/** How long a file that could not be reached through a process is not asked about again, ms. */
const RETRY_MS = 1000;

/** Files whose predecessors are known. */
const MAX_ERAS = 16_384;

interface Cached {
  image: ElfImage | null;
  /** Not read, because a mapping of this name looked like data. '' where it was read. */
  dataName: string;
  stamp: string;
  changedMs: number;
  checkedMs: number;
}

/** null: no way to it. */
type Told = ElfAnswer | null;

/**
 * ELF headers of mapped files, at most `cap` of them and `maxBytes` in all, by device and inode (deliberately
 * not by path: the target may be in another mount namespace, and files are replaced while they run). The
 * reader makes sure that they are those of the file with these numbers (addon/reader/elf_file.cc).
 */
export class ElfFiles {
  private readonly files = new Map<string, Cached>();
  private bytes = 0;
  /** Files that could not be reached, by process, and until when they are not asked about. */
  private readonly unreached: BoundedMap<string, number>;
  private readonly inquiries: Inquiries<Told>;
  /** The stat of each file, and how many have had its numbers before; kept for longer than what is in it. */
  private readonly eras = new BoundedMap<string, { readonly stamp: string; readonly era: number }>(
    MAX_ERAS,
  );
  private late = false;
  /** See ProcSource. */
  changes = 0;

  constructor(
    private readonly reader: Pick<TargetReader, 'elf'>,
    patience: Patience,
    private readonly nowMs: () => number,
    private readonly wallMs: () => number = Date.now,
    private readonly cap = DEFAULT_CAP,
    private readonly maxBytes = MAX_BYTES,
  ) {
    this.unreached = new BoundedMap(cap);
    this.inquiries = new Inquiries(patience, nowMs, (_, told) => {
      if (told !== null && told.found !== 'other') this.late = true;
    });
  }

  get size(): number {
    return this.files.size;
  }

  /** See ProcSource. */
  image(pid: number, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    const { ino, name } = vma.backing;
    if (ino === '0' || !name.startsWith('/')) return null;
    const key = keyOf(vma.backing);
    const known = this.files.get(key);
    if (known !== undefined && this.isFresh(known, vma)) return known.image;

    const way = `${key} ${pid}`;
    const question = `${way} ${vma.start} ${vma.prot}`;
    const refused = this.nowMs() < (this.unreached.get(way) ?? -Infinity);
    if (refused && !this.inquiries.has(question)) return known?.image ?? UNKNOWN;
    const state = this.inquiries.ask(question, true, (answered) => {
      this.reader.elf(pid, vma, (told) => {
        if (told === null || told.found === 'other')
          this.unreached.set(way, this.nowMs() + RETRY_MS);
        else this.learn(key, vma, told);
        answered(told);
      });
    });
    if (state === PENDING) return PENDING;
    // Of a process that has ended nothing better can be learned.
    return this.files.get(key)?.image ?? (state === UNKNOWN || !isTold(state) ? UNKNOWN : null);
  }

  /** See ProcSource. */
  era(backing: Backing): number {
    return this.eras.get(keyOf(backing))?.era ?? 0;
  }

  takeLate(): boolean {
    const { late } = this;
    this.late = false;
    return late;
  }

  private isFresh(cached: Cached, vma: Vma): boolean {
    if (this.nowMs() - cached.checkedMs >= TRUST_MS) return false;
    if (cached.dataName !== '') {
      return cached.dataName === vma.backing.name && (vma.prot & Prot.EXEC) === 0;
    }
    return this.wallMs() - cached.changedMs > YOUNG_MS;
  }

  private learn(key: string, vma: Vma, told: ElfAnswer): void {
    const before = this.files.get(key);
    const same = before?.stamp === told.stamp;
    const last = this.eras.get(key);
    const replaced = last !== undefined && last.stamp !== told.stamp;
    if (replaced) this.changes++;
    this.eras.set(key, { stamp: told.stamp, era: (last?.era ?? 0) + (replaced ? 1 : 0) });
    // What was read once is known, also where this mapping looks like data.
    const keep = same && before.dataName === '' && before.image !== null;
    const image = keep ? before.image : told.image;
    this.forget(key);
    this.bytes += bytesOf(image);
    this.files.set(key, {
      image,
      dataName: told.found === 'data' && !keep ? vma.backing.name : '',
      stamp: told.stamp,
      changedMs: told.changedMs,
      checkedMs: this.nowMs(),
    });
    while (this.files.size > this.cap || (this.bytes > this.maxBytes && this.files.size > 1)) {
      this.forget(this.files.keys().next().value!);
    }
  }

  private forget(key: string): void {
    this.bytes -= bytesOf(this.files.get(key)?.image ?? null);
    this.files.delete(key);
  }
}

function keyOf({ devMajor, devMinor, ino }: Backing): string {
  return `${devMajor}:${devMinor}:${ino}`;
}

function bytesOf(image: ElfImage | null): number {
  if (image === null) return 0;
  return image.sections.reduce(
    (sum, { name }) => sum + SECTION_BYTES + name.length,
    image.segments.length * SEGMENT_BYTES,
  );
}

function isTold(told: Told): boolean {
  return told !== null && told.found !== 'other';
}
