import { TLS_ENDED, TLS_STARTING } from '../ports';
import type { TlsAnswer, TlsSource } from '../ports';
import type { AddressSpace, TlsBlock } from '../tasks/address-space';
import { Forgotten } from '../tasks/forgotten';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import type { Vma } from '../vma/vma';
import { PreparedStacks } from './prepared-stacks';
import { StartingThreads } from './starting-threads';

const PAGE = 4096;
/** A thread of which nothing is known yet is asked about again, ever less often. */
const MAX_TRIES = 8;
/** Who has filled the variables of a thread has most often started it by then, ms. */
const STARTED_MS = 3;
/** Less is no address. */
const FIRST_ADDRESS = TLS_STARTING + 1;
/** For so many batches a thread that was met early is waited for: an id becomes another's in the end. */
const ANNOUNCED = 16;
const NEVER = Infinity;

/** Where a thread has its variables. */
interface Place {
  readonly space: AddressSpace;
  readonly image: number;
  readonly from: number;
  readonly size: number;
  readonly program: Vma;
}

/** Asks a question. */
type Put = (
  process: Process,
  tids: readonly number[],
  ticket: number,
  threads: readonly Thread[],
) => boolean;

interface Asked {
  readonly process: Process;
  readonly space: AddressSpace;
  readonly image: number;
  /** null: all that the process has. */
  readonly threads: readonly Thread[] | null;
}

/**
 * Learns where threads have the thread-local variables of their program. Nothing announces that: each thread is asked
 * about when it has faulted in memory that they may lie in.
 */
export class TlsWatch {
  private readonly wanted = new Map<Process, Thread[]>();
  /** Had none yet, and their faults wait. */
  private readonly starting = new Map<Process, Thread[]>();
  private readonly starts = new StartingThreads();
  private readonly asked = new Map<number, Asked>();
  private tickets = 0;
  /** Counts batches. */
  private round = 0;
  /** What was learned in this batch. */
  private readonly fresh: TlsBlock[] = [];
  /** Whose changes are noted, in this batch and as long as questions are open. */
  private readonly watched = new Set<AddressSpace>();
  /** Of threads that were not met yet: good for this batch. */
  private readonly early: { space: AddressSpace; block: TlsBlock }[] = [];
  /** The same, by their ids: they may have ended when their first faults come. */
  private readonly announced = new Map<number, Place & { readonly round: number }>();
  private readonly prepared = new PreparedStacks();
  /** Processes that prepare the start of a thread. */
  private readonly preparing = new Set<Process>();
  /** Lie in memory that is mapped in a later batch: the answer was ahead of the records. */
  private readonly ahead = new Map<Thread, Place>();
  /** Of threads that live. */
  private readonly blocks = new Map<Thread, { space: AddressSpace; block: TlsBlock }>();

  constructor(
    private readonly source: TlsSource,
    private readonly tasks: Tasks,
  ) {}

  /** A thread has faulted in anonymous memory. */
  met(thread: Thread, time: number): void {
    const { process, tls } = thread;
    const { image } = process.space;
    // Whoever starts a thread touches its variables first.
    if (process.space.forgotten === null) this.watch(process.space, time);
    if (tls.image !== image) {
      tls.image = image;
      tls.tries = 0;
      tls.next = 0;
      tls.again = 0;
      if (this.wasAnnounced(thread)) tls.next = NEVER;
    }
    tls.met = this.round;
    if (this.round < tls.next) return;
    tls.next = NEVER;
    note(this.wanted, thread);
  }

  /** The faults of a batch are resolved: asks about threads that were met, and takes over what has come. */
  update(): void {
    const { source } = this;
    this.ask(this.wanted, ({ pid }, ids, ticket) => source.askTls(pid, ids, ticket));
    for (const answer of this.source.takeTls()) this.take(answer);
    this.ask(this.starting, ({ pid }, ids, ticket, threads) =>
      source.askTlsLater(pid, ids, ticket, this.starts.pause(threads)),
    );
    for (const [thread, place] of this.ahead) this.catchUp(thread, place);
    this.prepared.begin();
  }

  private ask(threadsOf: Map<Process, Thread[]>, put: Put): void {
    for (const [process, threads] of threadsOf) {
      const { space } = process;
      const ticket = ++this.tickets;
      const tids = threads.map(({ tid }) => tid);
      if (!put(process, tids, ticket, threads)) this.retry(threads);
      else this.asked.set(ticket, { process, space, image: space.image, threads });
    }
    threadsOf.clear();
  }

  /** A fault lies in memory that holds variables of no thread. */
  missed(process: Process, page: number): void {
    if (this.prepared.looksLikeOne(process, page)) this.preparing.add(process);
  }

  /** Asks for threads that are not known yet, where one is prepared. True: an answer is to be waited for. */
  askForNew(): boolean {
    for (const process of this.preparing) {
      const { space } = process;
      const ticket = ++this.tickets;
      if (this.source.askTlsLater(process.pid, null, ticket, STARTED_MS))
        this.asked.set(ticket, { process, space, image: space.image, threads: null });
    }
    const any = this.preparing.size > 0;
    this.preparing.clear();
    return any && this.expecting;
  }

  get expecting(): boolean {
    return this.source.expectsTls();
  }

  /** The batch is done: what belonged to threads that have ended is memory like any other. */
  endBatch(): void {
    for (const block of this.fresh.splice(0)) block.before = null;
    for (const { space, block } of this.early.splice(0)) remove(space, block);
    if (this.asked.size === 0) this.unwatch();
    for (const [thread, { space, block }] of this.blocks) {
      const lives = this.lives(thread);
      if (lives && space.tls.at(block.start) === block) continue;
      this.blocks.delete(thread);
      remove(space, block);
      // Its memory shows something else, and the thread may have them in another place.
      if (lives && thread.tls.image === space.image) this.retry([thread]);
    }
    for (const [tid, { round }] of this.announced) {
      if (this.round - round >= ANNOUNCED) this.announced.delete(tid);
    }
    this.round++;
  }

  private lives(thread: Thread): boolean {
    const { tid, process } = thread;
    return process.tids.has(tid) && this.tasks.known(tid) === thread;
  }

  /** It was asked about with all of its process before its records came. */
  private wasAnnounced(thread: Thread): boolean {
    const place = this.announced.get(thread.tid);
    this.announced.delete(thread.tid);
    const { space } = thread.process;
    if (place?.space !== space || place.image !== space.image) return false;
    this.ahead.set(thread, place);
    return true;
  }

  private take({ ticket, told, tids = [] }: TlsAnswer): void {
    const asked = this.asked.get(ticket);
    if (asked === undefined) return;
    this.asked.delete(ticket);
    const { process, space, image, threads } = asked;
    // It runs another program by now.
    if (process.space !== space || space.image !== image) return;
    if (told === null) {
      if (threads !== null) this.retry(threads);
      return;
    }
    const headers = space.map.find(told.headersPage);
    if (told.size === 0 || headers < 0) {
      this.prepared.giveUp(space);
      return;
    }
    const program = space.map.vma(headers);
    told.starts.forEach((from, k) => {
      const place = { space, image, from, size: told.size, program };
      if (threads !== null) this.takeOf(threads[k]!, place);
      else if (from >= FIRST_ADDRESS) this.takeEarly(place, tids[k]);
    });
  }

  private takeOf(thread: Thread, place: Place): void {
    const { from, program } = place;
    if (from === TLS_ENDED) return;
    if (from >= FIRST_ADDRESS) {
      this.starts.found(thread, program);
      if (isMapped(place)) this.learn(thread, place);
      else this.ahead.set(thread, place);
      return;
    }
    // Its faults may wait: those in its variables are named only if it is asked about before they are written.
    if (!this.lives(thread)) return;
    const waits = from === TLS_STARTING && thread.tls.met === this.round;
    if (waits && this.starts.mayAskAgain(thread, program)) note(this.starting, thread);
    else this.retry([thread]);
  }

  private learn(thread: Thread, place: Place): void {
    this.blocks.set(thread, { space: place.space, block: this.add(place) });
  }

  /** The records may have come to where the memory is mapped. */
  private catchUp(thread: Thread, place: Place): void {
    const { space, image } = place;
    const stands = thread.process.space === space && space.image === image;
    const mapped = stands && isMapped(place);
    if (stands && !mapped && this.lives(thread)) return;
    this.ahead.delete(thread);
    // Of one that has ended, too: what it has hit is in this batch.
    if (mapped) this.learn(thread, place);
  }

  private takeEarly(place: Place, tid = 0): void {
    const { space, from } = place;
    if (this.tasks.known(tid) === undefined)
      this.announced.set(tid, { ...place, round: this.round });
    if (!isMapped(place) || space.tls.at(Math.floor(from / PAGE)) !== undefined) return;
    this.early.push({ space, block: this.add(place) });
    this.prepared.found(space);
  }

  private add({ space, from, size, program }: Place): TlsBlock {
    const start = Math.floor(from / PAGE);
    const end = Math.ceil((from + size) / PAGE);
    const block = { start, end, from, size, program, before: space.forgotten };
    space.tls.cut(start, end, [block]);
    this.fresh.push(block);
    return block;
  }

  private watch(space: AddressSpace, time: number): void {
    space.forgotten = new Forgotten(time);
    this.watched.add(space);
  }

  private unwatch(): void {
    for (const space of this.watched) space.forgotten = null;
    this.watched.clear();
  }

  private retry(threads: readonly Thread[]): void {
    for (const { tls } of threads) {
      tls.next = tls.tries < MAX_TRIES ? this.round + 2 ** tls.tries : NEVER;
      tls.tries++;
    }
  }
}

function note(threadsOf: Map<Process, Thread[]>, thread: Thread): void {
  const threads = threadsOf.get(thread.process);
  if (threads === undefined) threadsOf.set(thread.process, [thread]);
  else threads.push(thread);
}

function isMapped({ space, from }: Place): boolean {
  return space.map.find(Math.floor(from / PAGE)) >= 0;
}

function remove(space: AddressSpace, block: TlsBlock): void {
  // Another thread may have it by now.
  if (space.tls.at(block.start) === block) space.tls.cut(block.start, block.end);
}
