import type { BusFacts, BusFault } from './classify/bus-reason';
import type { GuardedRange } from './classify/guarded-ranges';
import type { CodeAddress, CodeFrame, CodePlace } from './code/address';
import type { ElfImage } from './elf/elf';
import type { HugePageFacts } from './facts/huge-pages';
import type { Owner } from './facts/owner';
import type { Lineage } from './vma/lineage';
import type { Backing, Vma } from './vma/vma';

/** The answer is on its way: to be asked again, in the same words, when there is one or none is to come. */
export const PENDING: unique symbol = Symbol('pending');
/** It cannot be told: no permission, an error, no answer in time. Another time it may be. */
export const UNKNOWN: unique symbol = Symbol('unknown');

export interface MapsAnswer {
  readonly vmas: readonly Vma[];
  /** Session time (ns) taken before reading: records newer than that are applied over it. */
  readonly asOf: number;
}

/** What a look at a process found. */
export interface GuardAnswer {
  readonly pid: number;
  /** As it was asked with. */
  readonly space: string;
  /** Session time (ns) before reading. */
  readonly asOf: number;
  readonly ranges: readonly GuardedRange[];
  /** The process itself has a userfaultfd open. */
  readonly bySelf: boolean;
}

/** Tells who answers faults that wait for no disk, in words; '' where nothing is known for certain. */
export interface ServerSource {
  /** The file system on a device (`MAJOR:MINOR`), if another machine or program answers for it. */
  ofDevice(device: string): string;
  /** Who answers the faults of a process by userfaultfd, or by which descriptor it is done. */
  ofUserfaultfd(pid: number): string;
}

/** How far a model has come when it takes answers over. */
export interface Reached {
  /** Everything that ended before this has been consumed (session time, ns). */
  readonly horizon: number;
  /** The program that a process runs by then, as questions name it; undefined where nothing is known of it. */
  readonly spaceOf: (pid: number) => string | undefined;
}

/** Tells what is registered with userfaultfd (userfaultfd(2)). Answers come later, or never. */
export interface GuardSource {
  /**
   * Asks about a process. `space` comes back with the answer. Limits the rate itself: most questions are
   * not asked at all.
   */
  askGuards(pid: number, space: string): void;
  /** The answers that have come since the last call. */
  takeGuards(reached: Reached): readonly GuardAnswer[];
}

/** A mapping, by a page of it. `ticket` and `space` come back with the answer. */
export interface HugePageQuestion {
  readonly ticket: number;
  readonly pid: number;
  readonly space: string;
  readonly page: number;
}

/** What is known of the mapping that was asked about. */
export interface HugePageAnswer extends Omit<HugePageQuestion, 'page'> {
  readonly facts: HugePageFacts;
}

/** Tells what keeps memory out of huge pages. Answers come later, or never. */
export interface HugePageSource {
  /** Limits the rate itself. False: not now, and there will be no answer. */
  askHugePages(question: HugePageQuestion): boolean;
  /** The answers that have come since the last call. */
  takeHugePages(reached: Reached): readonly HugePageAnswer[];
}

/** The mappings of a process that were asked for. */
export interface SpaceAnswer {
  readonly ticket: number;
  /** null where there are none (any more), or they cannot be read. */
  readonly maps: MapsAnswer | null;
}

/** Reads address spaces when they matter. Every question is answered, later: nobody waits. */
export interface SpaceSource {
  /** `ticket` comes back with the answer. */
  askSpace(pid: number, ticket: number): void;
  /** The answers that have come since the last call. */
  takeSpaces(): readonly SpaceAnswer[];
}

/** What a look at a process found. */
export interface OwnerAnswer {
  readonly ticket: number;
  /** null where the process has ended, or does not tell. */
  readonly owner: Owner | null;
  readonly kinship?: Kinship;
}

/** Where a process stands among others. */
export interface Kinship {
  /** Its parent now: that of who has lost his is another process (exit_notify, kernel/exit.c). */
  readonly ppid: number;
  /** Its number in its own pid namespace; 0 where that is ours. */
  readonly nsPid: number;
}

/** The paths of all cgroups by their ids. */
export interface CgroupWalk {
  /** Counted from 1. */
  readonly walk: number;
  readonly paths: ReadonlyMap<number, string>;
}

/** Tells whose processes are. Every question is answered, later. */
export interface OwnerSource {
  /** `ticket` comes back with the answer. */
  askOwner(pid: number, ticket: number): void;
  /** The answers that have come since the last call. */
  takeOwners(reached: Reached): readonly OwnerAnswer[];
  /** The ids that records tell are those of the cgroups that owners have: of cgroup v2. */
  readonly knowsCgroupIds: boolean;
  /**
   * Asks for the paths of all cgroups that there are. Returns the number of the walk that will have passed by those of
   * now. Limits the rate itself; there is always an answer, later.
   */
  askCgroups(): number;
  /** The latest walk that has come since the last call. */
  takeCgroups(reached: Reached): CgroupWalk | null;
}

/** What was read about a fault that ended in SIGBUS. */
export interface BusAnswer {
  readonly fault: BusFault;
  readonly facts: BusFacts;
}

/** Reads what tells why a SIGBUS was sent. Answers come later, or never. */
export interface BusSource {
  /** The mapping is as it was; the process may be gone. */
  askBus(pid: number, ppid: number, vma: Vma, fault: BusFault): void;
  /** The answers that have come since the last call. */
  takeBus(): readonly BusAnswer[];
}

/** The names of one instruction; no frames where nothing is known of it. */
export interface NameAnswer {
  readonly address: CodeAddress;
  readonly frames: readonly CodeFrame[];
  /** The kernel's module, '' where the place says all. */
  readonly object: string;
  /** No frame pointer is set up there, as far as that was asked. */
  readonly frameless?: boolean;
}

/** Names code. Answers come later, or never. */
export interface NameSource {
  /**
   * Asks for instructions of one place, each of which is asked for once. `frames`: also whether a frame pointer is set
   * up there.
   */
  askNames(place: CodePlace, addresses: readonly CodeAddress[], frames?: boolean): void;
  /** Code that was made at run time may get a name that it does not have at first. */
  readonly namesLater: boolean;
  /** So many questions are open that no more are wanted now. */
  namesCrowded(): boolean;
  /** The answers that have come since the last call. */
  takeNames(): readonly NameAnswer[];
  /** An answer is on its way that is worth waiting for. */
  expectsNames(): boolean;
}

/** The addresses of a copied stack, as StackTable takes them. */
export interface UnwoundStack {
  /** As it was asked for. */
  readonly ticket: number;
  /**
   * Two words of each address, the lower first; innermost first. The first is an instruction, and those with the
   * highest bit set are, which is none of theirs; all others are return addresses. null where nothing could be found
   * out.
   */
  readonly words: Uint32Array | null;
  /** To the end of the stack. */
  readonly whole: boolean;
}

/** Unwinds stacks that were copied. Answers come later, or never. */
export interface UnwindSource {
  /**
   * Asks for the stack in a slot (RecordType.STACK_COPY, MADE_BY_COPY), of a process with these executable mappings. The same
   * list means that nothing has changed. Returns the ticket of the answer, 0 where there will be none.
   */
  askUnwound(process: Lineage, mappings: readonly Vma[], slot: number): number;
  /** No more is asked for now. */
  sendUnwound(): void;
  /** The answers that have come since the last call. */
  takeUnwound(): readonly UnwoundStack[];
  /** An answer is on its way that is worth waiting for. */
  expectsUnwound(): boolean;
}

/** In place of an address: it is not known; the thread has ended; or it has just begun, and will soon have some. */
export const TLS_UNKNOWN = 0;
export const TLS_ENDED = 1;
export const TLS_STARTING = 2;

/** Where threads of a process have the thread-local variables of its program. */
export interface TlsFacts {
  /** A page of the program's headers in memory, 4 KiB. */
  readonly headersPage: number;
  /** Bytes of the variables, 0 for none. */
  readonly size: number;
  /** Of each thread that was asked about the address where they begin, or one of TLS_UNKNOWN, TLS_ENDED, TLS_STARTING. */
  readonly starts: readonly number[];
}

export interface TlsAnswer {
  readonly ticket: number;
  /** null where it cannot be told. */
  readonly told: TlsFacts | null;
  /** The threads that `starts` is of, where all were asked about. */
  readonly tids?: readonly number[];
}

/** Tells where thread-local variables are. Answers come later, or never. */
export interface TlsSource {
  /** `ticket` comes back with the answer. False: not now, and there will be none. */
  askTls(pid: number, tids: readonly number[], ticket: number): boolean;
  /** The same so many ms later; null: of all threads that the process has by then. */
  askTlsLater(pid: number, tids: readonly number[] | null, ticket: number, ms: number): boolean;
  /** The answers that have come since the last call. */
  takeTls(): readonly TlsAnswer[];
  /** An answer is on its way that is worth waiting for. */
  expectsTls(): boolean;
}

/**
 * What core asks of the outside world. capture/ implements it with /proc; tests with plain data. What
 * could block is answered by PENDING first. An answer that was asked for is held until it is fetched,
 * and whoever fetches it does so before anything newer is applied to the process it is about. No answer
 * but hasEnded() says anything about the life of a process.
 */
export interface ProcSource {
  /**
   * The whole address space as it is now; null where there is none (any more), or not again so soon:
   * the source limits the rate per process itself.
   */
  readMaps(pid: number): MapsAnswer | null | typeof UNKNOWN | typeof PENDING;
  /** The mapping that covers one page now (PROCMAP_QUERY), null where there is none. */
  queryPage(pid: number, page: number): Vma | null | typeof UNKNOWN | typeof PENDING;
  /**
   * One of FileStore: where the pages of a mapped file live, by the device it is on. The parent serves
   * where the process is gone: it sees the same mounts as a rule. 0 for no parent that is known.
   */
  fileStore(pid: number, ppid: number, backing: Backing): number | typeof PENDING;
  /** Headers of the file behind a mapping, null when it is no ELF file. Never those of another file. */
  elfImage(process: Lineage, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING;
  /**
   * Tells files apart that had this device and inode one after the other, as far as elfImage() has met them: a program
   * that was written over, an inode that was given again. 0 for the first.
   */
  fileEra(backing: Backing): number;
  /** Rises whenever fileEra() says something else of a file. */
  readonly fileChanges: number;
  /** Since the last call an image has become known that elfImage() said UNKNOWN of. */
  takeLateImages(): boolean;
  /** Name of a thread, null when it cannot be read. */
  comm(pid: number, tid: number): string | null;
  /** Known for certain to have ended; what cannot be found out is false. */
  hasEnded(pid: number): boolean;
}
