import type { TlsAnswer, TlsSource } from '../ports';
import type { AddressSpace, TlsBlock } from '../tasks/address-space';
import { Forgotten } from '../tasks/forgotten';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import type { Vma } from '../vma/vma';
import { PreparedStacks } from './prepared-stacks';

const PAGE = 4096;
/** A thread that is starting has none yet: it is asked about again, ever less often. */
const MAX_TRIES = 8;
const NEVER = Infinity;

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
  private wanted = new Map<Process, Thread[]>();
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
  private readonly prepared = new PreparedStacks();
  /** Processes that prepare the start of a thread. */
  private readonly preparing = new Set<Process>();
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
    }
    if (this.round < tls.next) return;
    tls.next = NEVER;
    const threads = this.wanted.get(process);
    if (threads === undefined) this.wanted.set(process, [thread]);
    else threads.push(thread);
  }

  /** The faults of a batch are resolved: asks about threads that were met, and takes over what has come. */
  update(): void {
    for (const [process, threads] of this.wanted) {
      const { space } = process;
      const ticket = ++this.tickets;
      const tids = threads.map(({ tid }) => tid);
      if (!this.source.askTls(process.pid, tids, ticket)) this.retry(threads);
      else this.asked.set(ticket, { process, space, image: space.image, threads });
    }
    this.wanted.clear();
    for (const answer of this.source.takeTls()) this.take(answer);
    this.prepared.begin();
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
      if (this.source.askAllTls(process.pid, ticket))
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
    this.round++;
    for (const block of this.fresh.splice(0)) block.before = null;
    for (const { space, block } of this.early.splice(0)) remove(space, block);
    if (this.asked.size === 0) this.unwatch();
    for (const [thread, { space, block }] of this.blocks) {
      const { tid, process } = thread;
      if (process.tids.has(tid) && this.tasks.known(tid) === thread) continue;
      this.blocks.delete(thread);
      remove(space, block);
    }
  }

  private take({ ticket, told }: TlsAnswer): void {
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
      if (threads !== null) this.takeOf(threads[k]!, space, from, told.size, program);
      else if (from !== 0) this.takeEarly(space, from, told.size, program);
    });
  }

  private takeOf(
    thread: Thread,
    space: AddressSpace,
    from: number,
    size: number,
    program: Vma,
  ): void {
    if (from === 0 || space.map.find(Math.floor(from / PAGE)) < 0) this.retry([thread]);
    else this.blocks.set(thread, { space, block: this.add(space, from, size, program) });
  }

  private takeEarly(space: AddressSpace, from: number, size: number, program: Vma): void {
    const start = Math.floor(from / PAGE);
    if (space.map.find(start) < 0 || space.tls.at(start) !== undefined) return;
    this.early.push({ space, block: this.add(space, from, size, program) });
    this.prepared.found(space);
  }

  private add(space: AddressSpace, from: number, size: number, program: Vma): TlsBlock {
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

function remove(space: AddressSpace, block: TlsBlock): void {
  // Another thread may have it by now.
  if (space.tls.at(block.start) === block) space.tls.cut(block.start, block.end);
}
