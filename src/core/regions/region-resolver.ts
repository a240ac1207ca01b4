import { RegionKind } from '../classify/classes';
import { isHuge, Memory } from '../classify/rules';
import type { CommTable } from '../tasks/comm-names';
import { FileStore } from '../vma/file-store';
import type { ElfImage } from '../elf/elf';
import { PENDING, UNKNOWN } from '../ports';
import type { ProcSource } from '../ports';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import { labelWithSection, regionNature, threadStackLabel, UNKNOWN_NATURE } from './region-label';
import type { RegionNature } from './region-label';
import { setCode, simpleCode, slotOf, WAIT_CODE } from './region-code';
import type { RegionInfo, RegionTable } from './region-table';
import { SectionSet } from '../elf/section-set';
import { bssSpansBehind, ImageSpans, sameFileBelow, segmentOf } from '../elf/section-spans';
import { permissions, Prot } from '../vma/vma';
import type { Backing, Vma } from '../vma/vma';

/** Section sets per process: a program may map an ELF file in any number of pieces. */
const SET_CAP = 4096;
/** Of a SectionSet, its key and the list of spans that it may be the first to need (ImageSpans). */
const SPAN_BYTES = 100;
const CHARACTER_BYTES = 2;

/**
 * Finds the region row of a mapping, the first time a fault meets it; the answer is cached with the
 * map's entry as a code (region-code.ts). This is the slow path: strings are made here and nowhere else.
 */
export class RegionBinder {
  private spans = new ImageSpans();
  /** Bytes of section sets made since all were forgotten. */
  private setBytes = 0;
  /** Nobody looks at regions: what memory there is in a mapping is all that matters. */
  memoryOnly = false;

  constructor(
    private readonly regions: RegionTable,
    private readonly comms: CommTable,
    private readonly source: ProcSource,
    private readonly tasks: Tasks,
    /** Bytes of the section sets of all processes together. */
    private readonly setBytesCap: number,
  ) {}

  /** The code of the entry `handle` of the process' map, made and cached; or WAIT_CODE. */
  bind(process: Process, handle: number): number {
    const vma = process.map.vma(handle);
    const store = this.storeOf(process, vma);
    if (store === PENDING) return WAIT_CODE;
    const nature = regionNature(vma, store);
    if (!isInDetail(process) || this.memoryOnly) {
      const shared = simpleCode(this.regions.rest(), nature.memory, false);
      process.map.setRegion(handle, shared);
      return shared;
    }
    let set = -1;
    if (mayHaveSections(nature)) set = this.fileSet(process, handle, nature);
    else if (nature.kind === RegionKind.ANON || nature.kind === RegionKind.HEAP) {
      set = this.bssSet(process, handle, vma);
    }
    if (set === WAIT_CODE) return WAIT_CODE;
    let code = setCode(set);
    if (set < 0) {
      const row = this.simpleRow(process, vma, nature);
      this.noteMakers(process, vma, row);
      code = simpleCode(row, nature.memory, nature.hasFile);
    }
    process.map.setRegion(handle, code);
    return code;
  }

  /** The row has got another mapping: whoever made it has made a part of the row. */
  private noteMakers(process: Process, { start, end }: Vma, row: number): void {
    for (const made of process.space.made.within(start, end)) {
      const pages = Math.min(made.end, end) - Math.max(made.start, start);
      this.regions.madeBy(row, made.maker, pages);
    }
  }

  /** The row of one section of a mapping, made when a fault falls there first. */
  sectionRow(process: Process, handle: number, set: SectionSet, span: number): number {
    let vma = process.map.vma(handle);
    let nature = this.nature(process, vma);
    const outside = span === set.names.length;
    const section = outside ? '' : set.names[span]!;
    // The tail of a .bss is anonymous memory under the name of the file before it.
    const data = !set.byFile && !outside ? this.before(process, handle, vma) : null;
    if (data !== null) {
      const { start, end } = vma;
      nature = this.nature(process, data);
      vma = { ...data, start, end, pgoff: data.pgoff + data.end - data.start };
    }
    const row =
      !set.byFile && outside
        ? this.simpleRow(process, vma, nature)
        : this.fileRow(process, vma, nature, section);
    set.rows[span] = row;
    this.noteMakers(process, vma, row);
    return row;
  }

  /** The row for what lies in no mapping; asked for by every fault of a SIGSEGV storm, so it is kept. */
  unknownRow(process: Process, page: number): number {
    if (!isInDetail(process) || process.space.unread) return this.regions.rest();
    if (process.space.unknownRow < 0) {
      const info = this.info(process, UNKNOWN_NATURE, '', '', `${process.space.keyPrefix}U`);
      process.space.unknownRow = this.regions.find(info, page, page + 1, page, page + 1);
    }
    this.regions.widen(process.space.unknownRow, page, page + 1);
    return process.space.unknownRow;
  }

  /**
   * The stack pointer of a thread was seen in a page. Private anonymous memory directly above a guard
   * mapping (PROT_NONE, as pthread_create makes it) is then its stack.
   */
  noteStack(process: Process, tid: number, page: number): void {
    if (!isInDetail(process)) return;
    const { map } = process;
    const handle = map.find(page);
    if (handle < 0) return;
    const vma = map.vma(handle);
    const nature = this.nature(process, vma);
    if (nature.kind !== RegionKind.ANON || vma.prot !== (Prot.READ | Prot.WRITE)) return;
    const below = map.previous(handle);
    if (below < 0) return;
    const guard = map.vma(below);
    if (guard.end !== vma.start || guard.prot !== 0 || guard.shared) return;
    if (guard.backing.ino !== '0') return;

    const label = threadStackLabel(tid);
    const stack: RegionNature = { ...nature, kind: RegionKind.STACK, label };
    const key = `${process.space.keyPrefix}S${label}@${vma.start}`;
    const info = this.info(process, stack, '', permissions(vma.prot, false), key);
    const code = map.region(handle);
    const row = code >= 0 ? slotOf(code) : -1;
    const shown = row < 0 ? null : this.regions.rows.info(row);
    if (shown?.label === label) return;
    // A stack that had another thread's name is used again by a new thread: a row of its own.
    if (shown?.kind === RegionKind.ANON && !this.regions.rows.stands(row)) {
      this.regions.relabel(row, info);
      return;
    }
    const slot = this.regions.find(info, vma.start, vma.end, vma.start, vma.end);
    map.setRegion(handle, simpleCode(slot, nature.memory, false));
  }

  /** What a mapping is, by its name and the file system that it is on. Nobody waits for that to be known. */
  nature(process: Process, vma: Vma): RegionNature {
    const store = this.storeOf(process, vma);
    return regionNature(vma, store === PENDING ? FileStore.UNKNOWN : store);
  }

  private storeOf({ pid, ppid }: Process, { backing }: Vma): number | typeof PENDING {
    // Nothing but a path has a file system that a mount table could tell.
    return backing.name.startsWith('/')
      ? this.source.fileStore(pid, ppid, backing)
      : FileStore.UNKNOWN;
  }

  /** Number of the section set of a file mapping, -1 where the file has no sections, WAIT_CODE. */
  private fileSet(process: Process, handle: number, nature: RegionNature): number {
    const vma = process.map.vma(handle);
    const image = this.image(process, vma);
    if (image === PENDING) return WAIT_CODE;
    const segment =
      image === null ? null : segmentOf(image, vma, sameFileBelow(process.map, handle));
    if (segment === null) return -1;
    const spans = this.spans.of(image!, segment);
    if (spans.length === 0) return -1;
    const { backing, prot, shared } = vma;
    const key = `${objectKey(backing)}:${backing.name}\n${prot}${shared}${segment.address - segment.offset}`;
    const known = process.space.setNumbers.get(key);
    // Another list: the file was read again and is another one now.
    if (known !== undefined && process.space.sets[known]!.spans === spans) return known;
    return this.keep(process, key, new SectionSet(spans, nature.memory, -1));
  }

  /** Number of the section set of anonymous memory that begins with the tail of a .bss, -1, WAIT_CODE. */
  private bssSet(process: Process, handle: number, vma: Vma): number {
    const data = this.before(process, handle, vma);
    if (data === null) return -1;
    const image = this.image(process, data);
    if (image === PENDING) return WAIT_CODE;
    if (image === null) return -1;
    const below = sameFileBelow(process.map, process.map.previous(handle));
    const spans = bssSpansBehind(this.spans, image, data, vma, below);
    if (spans.length === 0) return -1;
    const { start } = vma;
    const set = new SectionSet(spans, Memory.PRIVATE_ANON, start, data.pgoff - data.start);
    return this.keep(process, `bss\n${vma.start}+${vma.end}\n${data.backing.name}`, set);
  }

  private image(process: Process, vma: Vma): ElfImage | null | typeof PENDING {
    const image = this.source.elfImage(process, vma);
    if (image !== UNKNOWN) return image;
    process.space.unsure = true;
    return null;
  }

  /**
   * The private file mapping that ends where this anonymous one begins. It need not be writable: a
   * library whose data is all RELRO has its .bss behind a read-only mapping.
   */
  private before(process: Process, handle: number, vma: Vma): Vma | null {
    const below = vma.shared ? -1 : process.map.previous(handle);
    if (below < 0) return null;
    const data = process.map.vma(below);
    if (data.end !== vma.start || data.shared || data.backing.ino === '0') return null;
    return data;
  }

  private keep(process: Process, key: string, set: SectionSet): number {
    // All begins anew: rows are found again by their keys.
    if (process.space.sets.length >= SET_CAP) process.space.forgetSets();
    const bytes = set.names.length * SPAN_BYTES + key.length * CHARACTER_BYTES;
    this.setBytes += bytes;
    // Those of ended processes count too: nobody says when they go, and to begin anew is cheap.
    if (this.setBytes > this.setBytesCap) {
      this.setBytes = bytes;
      this.spans = new ImageSpans();
      for (const other of this.tasks.live()) other.space.forgetSets();
    }
    process.space.sets.push(set);
    process.space.setNumbers.set(key, process.space.sets.length - 1);
    return process.space.sets.length - 1;
  }

  private simpleRow(process: Process, vma: Vma, nature: RegionNature): number {
    if (FILE_KINDS.has(nature.kind)) {
      return this.fileRow(process, vma, nature, '');
    }
    // An allocator that unmaps and maps again is given the same place: one row, not thousands.
    const place = nature.kind === RegionKind.ANON ? `@${vma.start}` : '';
    const permission = permissions(vma.prot, vma.shared);
    const key = `${process.space.keyPrefix}${KEY_LETTERS[nature.kind]!}${nature.label}${permission}${place}`;
    const info = this.info(process, nature, '', permission, key);
    return this.regions.find(info, vma.start, vma.end, vma.start, vma.end);
  }

  private fileRow(process: Process, vma: Vma, nature: RegionNature, section: string): number {
    const { backing } = vma;
    const permission = permissions(vma.prot, vma.shared);
    // Not by the whole path: one file has several, seen from different roots.
    const key = `${process.space.keyPrefix}${KEY_LETTERS[nature.kind]!}${objectKey(backing)}${permission}${section}\n${nature.label}`;
    const device = `${backing.devMajor}:${backing.devMinor}`;
    const info = { ...this.info(process, nature, section, permission, key), device };
    const pages = vma.end - vma.start;
    const [from, to] = info.byFile ? [vma.pgoff, vma.pgoff + pages] : [vma.start, vma.end];
    return this.regions.find(info, vma.start, vma.end, from, to);
  }

  private info(
    process: Process,
    nature: RegionNature,
    section: string,
    permission: string,
    key: string,
  ): RegionInfo {
    return {
      kind: nature.kind,
      label: labelWithSection(nature.label, section),
      path: nature.path,
      section,
      permissions: permission,
      pid: process.space.maker.pid,
      comm: this.comms.names[process.space.maker.comm]!,
      byFile: nature.hasFile,
      device: '',
      key,
    };
  }
}

/** Who shares the memory of another (vfork) faults in its regions, and must not have them share rows. */
function isInDetail({ inDetail, space }: Process): boolean {
  return inDetail || space.maker.inDetail;
}

/** A file that ELF programs and libraries may be: also one on tmpfs, as containers and live systems have. */
function mayHaveSections({ kind, hasFile, memory }: RegionNature): boolean {
  // Nobody links programs onto hugetlbfs, and looking at a file there takes pages out of the pool.
  return kind === RegionKind.FILE || (kind === RegionKind.SHM && hasFile && !isHuge(memory));
}

/** Kinds whose rows are found by the object that is mapped, not by its place. */
const FILE_KINDS: ReadonlySet<number> = new Set([
  RegionKind.FILE,
  RegionKind.SHM,
  RegionKind.DEVICE,
]);

function objectKey({ devMajor, devMinor, ino }: Backing): string {
  return `${devMajor}:${devMinor}:${ino}`;
}

/** First letter of a key by RegionKind. */
const KEY_LETTERS = ['F', 'H', 'S', 'A', 'M', 'D', 'X', 'U'] as const;
