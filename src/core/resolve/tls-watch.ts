import type { TlsAnswer, TlsSource } from '../ports';
import type { AddressSpace, TlsBlock } from '../tasks/address-space';
import { Forgotten } from '../tasks/forgotten';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';

const PAGE = 4096;
/** A thread that is starting has none yet: it is asked about again, ever less often. */
const MAX_TRIES = 8;
const NEVER = Infinity;

interface Asked {
  readonly process: Process;
  readonly space: AddressSpace;
  readonly image: number;
  readonly threads: readonly Thread[];
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
  }

  get expecting(): boolean {
    return this.source.expectsTls();
  }

  /** The batch is done: what belonged to threads that have ended is memory like any other. */
  endBatch(): void {
    this.round++;
    for (const block of this.fresh.splice(0)) block.before = null;
    if (this.asked.size === 0) this.unwatch();
    for (const [thread, { space, block }] of this.blocks) {
      const { tid, process } = thread;
      if (process.tids.has(tid) && this.tasks.known(tid) === thread) continue;
      this.blocks.delete(thread);
      // Another thread may have it by now.
      if (space.tls.at(block.start) === block) space.tls.cut(block.start, block.end);
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
      this.retry(threads);
      return;
    }
    const { map } = space;
    const headers = map.find(told.headersPage);
    if (told.size === 0 || headers < 0) return;
    const program = map.vma(headers);
    threads.forEach((thread, k) => {
      const from = told.starts[k]!;
      const start = Math.floor(from / PAGE);
      const mapping = from === 0 ? -1 : map.find(start);
      if (mapping < 0) {
        this.retry([thread]);
        return;
      }
      const end = Math.ceil((from + told.size) / PAGE);
      const before = space.forgotten;
      const block = { start, end, from, size: told.size, program, before };
      space.tls.cut(start, end, [block]);
      this.fresh.push(block);
      this.blocks.set(thread, { space, block });
    });
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
