import type { GuardedRanges } from '../classify/guarded-ranges';
import { PageRanges } from '../classify/page-ranges';
import type { PageRange } from '../classify/page-ranges';
import type { Maker } from '../code/maker';
import { PageSet } from '../stats/page-set';
import type { SectionSet } from '../elf/section-set';
import type { SlabPool } from '../stats/slab-pool';
import type { Vma } from '../vma/vma';
import type { VmaMap } from '../vma/vma-map';
import type { Forgotten } from './forgotten';

/** The process that an address space came with: rows of its regions go by it. */
export interface SpaceMaker {
  /** Unlike the pid never reused. */
  readonly serial: number;
  readonly pid: number;
  /** Number in CommTable. */
  readonly comm: number;
  /** Its regions have rows of their own. */
  readonly inDetail: boolean;
}

/** Pages, and who has mapped them. */
export interface MadeRange extends PageRange {
  readonly maker: Maker;
}

/** The thread-local variables of the program that one thread has. */
export interface TlsBlock extends PageRange {
  /** Where they begin, and their bytes. */
  readonly from: number;
  readonly size: number;
  /** A mapping of the program that they belong to. */
  readonly program: Vma;
  /** Of the batch in which it was learned: what was in its place before. null later. */
  before: Forgotten | null;
}

/** Of one address space: to change one moves all behind it. */
export const MADE_CAP = 16_384;

/**
 * One address space: its mappings and what is cached about them. Processes made by clone(2) with
 * CLONE_VM (vfork, posix_spawn) share one until they exec or end.
 */
export class AddressSpace {
  /** Section sets; the map's entries refer to them by number (region-code.ts). */
  sets: SectionSet[] = [];
  readonly setNumbers = new Map<string, number>();
  readonly pages: PageSet;
  /** Session time (ns) of the maps snapshot; older records are not applied. */
  asOf = -Infinity;
  /** Records were lost: the map may be wrong until it is read again. */
  stale = false;
  /** Met without having been announced: its maps have not been looked at yet. */
  unread = false;
  /** They have been asked for: from here on records are applied, and the answer fills what they leave open. */
  asked = false;
  /** They could not be read, as often as it was tried, or its process has ended: nothing will tell what its faults were. */
  refused = false;
  /** Under which its faults are kept until its maps are read (KeptFaults); 0 where there are none. */
  keptAs = 0;
  /** Some of its files could not be looked at: their mappings have labels without sections. */
  unsure = false;
  /** Region row of what lies in no mapping, -1 before the first such fault. */
  unknownRow = -1;
  /** What is registered with userfaultfd, null for nothing that is known. */
  guards: GuardedRanges | null = null;
  /** Faults that a program may have answered, since the last look (GuardWatch). */
  suspicion = 0;
  /** Who made its mappings, as far as that was seen. */
  made = new PageRanges<MadeRange>();
  /** Where its threads have thread-local variables, as far as they were asked about (TlsWatch). */
  readonly tls = new PageRanges<TlsBlock>();
  /** Which pages have changed since somebody wants to know, null for nobody. */
  forgotten: Forgotten | null = null;
  /** Processes that have it. */
  holders = 1;

  constructor(
    readonly maker: SpaceMaker,
    /** Which of the maker's programs it shows: rows of an image end with it. */
    public image: number,
    readonly map: VmaMap,
    pagePool: SlabPool,
  ) {
    this.pages = new PageSet(pagePool);
  }

  /** Beginning of the keys of this image's region rows. */
  get keyPrefix(): string {
    return `${this.maker.serial}.${this.image}`;
  }

  /** Pages start to end (exclusive) show something else, or nothing, since `time` (ns). */
  forgetPages(start: number, end: number, time: number): void {
    this.pages.forget(start, end);
    this.made.cut(start, end);
    this.tls.cut(start, end);
    this.forgotten?.note(start, end, time);
    this.guards?.forget(start, end, time);
  }

  clear(): void {
    this.map.clear();
    this.pages.clear();
    this.forgetSets();
    this.unknownRow = -1;
    this.guards = null;
    this.made.clear();
    this.tls.clear();
    this.forgotten = null;
    this.suspicion = 0;
    this.asked = false;
    this.refused = false;
    this.keptAs = 0;
  }

  /** What is known of its mappings is in doubt, and not worth reading again before they matter. */
  unlearn(): void {
    this.map.clear();
    this.forgetSets();
    this.unread = true;
    this.asked = false;
    this.refused = false;
    this.stale = false;
  }

  forgetSets(): void {
    this.sets = [];
    this.setNumbers.clear();
    this.map.clearRegions();
  }
}
