import type { ElfImage } from '../../core/elf/elf';
import { PENDING, UNKNOWN } from '../../core/ports';
import type { Lineage } from '../../core/vma/lineage';
import { Prot, type Backing, type Vma } from '../../core/vma/vma';
import { BoundedMap } from '../bounded-map';
import { Inquiries } from './inquiries';
import type { Patience } from './patience';
import type { ElfAnswer, FileIdentity } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';

const DEFAULT_CAP = 1024;
/** What their sections may take together: forged ones have thousands, with long names. */
const MAX_BYTES = 32 << 20;
const SECTION_BYTES = 96;
const SEGMENT_BYTES = 64;
/** How long a file that is not being written lately is believed to be the same below a mapping, ms. */
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
  changedMs: number;
  checkedMs: number;
  /** When the question was asked that was answered last, ns of the session. */
  askedAt: number;
}

export interface ElfFilesOptions {
  readonly reader: Pick<TargetReader, 'elf'>;
  readonly patience: Patience;
  readonly nowMs: () => number;
  /** ns since the session's start, as mappings are born. */
  readonly now: () => number;
  readonly wallMs?: (() => number) | undefined;
  readonly cap?: number | undefined;
  readonly maxBytes?: number | undefined;
}

interface Told {
  /** null: no way to it. */
  readonly answer: ElfAnswer | null;
  readonly askedAt: number;
}

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
  /** What each file is, and how many have had its numbers before; kept for longer than what is in it. */
  private readonly eras = new BoundedMap<string, FileIdentity & { readonly era: number }>(MAX_ERAS);
  private late = false;
  /** See ProcSource. */
  changes = 0;
  /** Rises whenever identity() may say something else. */
  told = 0;

  private readonly reader: Pick<TargetReader, 'elf'>;
  private readonly nowMs: () => number;
  private readonly now: () => number;
  private readonly wallMs: () => number;
  private readonly cap: number;
  private readonly maxBytes: number;

  constructor(options: ElfFilesOptions) {
    this.reader = options.reader;
    this.nowMs = options.nowMs;
    this.now = options.now;
    this.wallMs = options.wallMs ?? Date.now;
    this.cap = options.cap ?? DEFAULT_CAP;
    this.maxBytes = options.maxBytes ?? MAX_BYTES;
    this.unreached = new BoundedMap(this.cap);
    this.inquiries = new Inquiries(options.patience, this.nowMs, (_, told) => {
      if (isTold(told)) this.late = true;
    });
  }

  get size(): number {
    return this.files.size;
  }

  /** See ProcSource. */
  image(process: Lineage, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    const { ino, name } = vma.backing;
    if (ino === '0' || !name.startsWith('/')) return null;
    const { pid } = process;
    const key = keyOf(vma.backing);
    const known = this.files.get(key);
    if (known !== undefined && this.isFresh(known, vma)) return known.image;

    const way = `${key} ${pid}`;
    const question = `${way} ${vma.start} ${vma.prot}`;
    const refused = this.nowMs() < (this.unreached.get(way) ?? -Infinity);
    if (refused && !this.inquiries.has(question)) return known?.image ?? UNKNOWN;
    let state = this.ask(key, way, question, process, vma);
    // Of one that was asked before, and whose answer nobody has fetched.
    if (typeof state === 'object' && state.askedAt < vma.born)
      state = this.ask(key, way, question, process, vma);
    if (state === PENDING) return PENDING;
    // Of a process that has ended nothing better can be learned.
    return this.files.get(key)?.image ?? (state === UNKNOWN || !isTold(state) ? UNKNOWN : null);
  }

  private ask(
    key: string,
    way: string,
    question: string,
    { pid, ancestors }: Lineage,
    vma: Vma,
  ): Told | typeof UNKNOWN | typeof PENDING {
    return this.inquiries.ask(question, true, (answered) => {
      const askedAt = this.now();
      const told = (answer: ElfAnswer | null): void => {
        if (answer === null || answer.found === 'other') this.missed(key, way, askedAt);
        else this.learn(key, vma, answer, askedAt);
        answered({ answer, askedAt });
      };
      this.reader.elf(pid, vma, told, { ancestors });
    });
  }

  /** See ProcSource. */
  era(backing: Backing): number {
    return this.eras.get(keyOf(backing))?.era ?? 0;
  }

  /** What the file was in an era; null where that is over, or not known any more. */
  identity(backing: Backing, era: number): FileIdentity | null {
    const known = this.eras.get(keyOf(backing));
    return known?.era === era ? known : null;
  }

  takeLate(): boolean {
    const { late } = this;
    this.late = false;
    return late;
  }

  /** Between two programs that map it a file may be written over, so that a look from before the mapping says nothing. */
  private isFresh(cached: Cached, vma: Vma): boolean {
    if (vma.born > cached.askedAt) return false;
    if (this.nowMs() - cached.checkedMs >= TRUST_MS) return false;
    if (cached.dataName !== '') {
      return cached.dataName === vma.backing.name && (vma.prot & Prot.EXEC) === 0;
    }
    return this.wallMs() - cached.changedMs > YOUNG_MS;
  }

  /** Others that were mapped before are not asked about either: short-lived processes are many. */
  private missed(key: string, way: string, askedAt: number): void {
    this.unreached.set(way, this.nowMs() + RETRY_MS);
    const known = this.files.get(key);
    if (known !== undefined) known.askedAt = askedAt;
  }

  private learn(key: string, vma: Vma, told: ElfAnswer, askedAt: number): void {
    const last = this.eras.get(key);
    const replaced = last !== undefined && isOther(last, told);
    if (replaced) this.changes++;
    const before = replaced ? undefined : this.files.get(key);
    const kept = told.kept ?? (replaced ? null : (last?.kept ?? null));
    if (last === undefined || replaced || last.kept !== kept) this.told++;
    this.eras.set(key, {
      stamp: told.stamp,
      buildId: told.buildId ?? (replaced ? null : (last?.buildId ?? null)),
      kept,
      era: (last?.era ?? 0) + (replaced ? 1 : 0),
    });
    // What was read once is known, also where this mapping looks like data.
    const known = before?.dataName === '' ? before.image : null;
    const image = known ?? told.image;
    this.forget(key);
    this.bytes += bytesOf(image);
    this.files.set(key, {
      image,
      dataName: told.found === 'data' && known === null ? vma.backing.name : '',
      changedMs: told.changedMs,
      checkedMs: this.nowMs(),
      askedAt,
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

function isOther(before: FileIdentity, now: FileIdentity): boolean {
  const read = before.buildId !== null && now.buildId !== null;
  return before.stamp !== now.stamp || (read && before.buildId !== now.buildId);
}

function isTold({ answer }: Told): boolean {
  return answer !== null && answer.found !== 'other';
}
