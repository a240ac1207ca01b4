import { Buffer } from 'node:buffer';
import type { UnwindSource, UnwoundStack } from '../../core/ports';
import type { Lineage } from '../../core/vma/lineage';
import type { Vma } from '../../core/vma/vma';
import { STACK_COPY_BYTES } from '../../native/contract';
import type { Session } from '../../native/contract';
import type { PatienceLimits } from '../proc/patience';
import type { ProcFs } from '../proc/proc-source';
import { MAX_PAYLOAD } from '../reader/frame';
import { MAX_STACKS, modulesRequest } from '../reader/stacks';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';

/** Bytes on their way to be unwound; of more, stacks are left out. */
const MAX_BYTES = 32 << 20;
/** The first stack of a process waits until its files are read. */
const FOR_STACKS: PatienceLimits = { questionMs: 1000, budgetMs: 1500 };

/** Stacks of one process, with the same mappings. */
interface Question {
  readonly pid: number;
  readonly mappings: readonly Vma[];
  readonly tickets: number[];
  /** As modulesRequest() has it. */
  readonly request: Buffer;
  readonly stacks: Buffer[];
  /** Bytes that still find place. */
  room: number;
  /** Of the copies. */
  bytes: number;
}

/** Has copied stacks unwound by way of the readers, in batches. */
export class StackUnwinder implements UnwindSource {
  private readonly answers = new Answers<UnwoundStack>();
  /** What somebody may wait for. */
  readonly questions: OpenQuestions;
  private next: Question | null = null;
  private tickets = 0;
  private bytes = 0;
  private readonly copy = Buffer.alloc(4 + STACK_COPY_BYTES);
  /** The mappings that were sent last are most often those of the next question. */
  private sent: {
    readonly pid: number;
    readonly mappings: readonly Vma[];
    readonly filesTold: number;
    readonly request: Buffer;
  } | null = null;

  constructor(
    private readonly session: Pick<Session, 'takeStack'>,
    private readonly reader: Pick<TargetReader, 'unwind'>,
    private readonly files: Pick<ProcFs, 'fileIdentity' | 'fileEra' | 'filesTold'>,
    nowMs: () => number,
    waiting: Partial<Waiting> = {},
  ) {
    this.questions = new OpenQuestions(nowMs, { limits: FOR_STACKS, ...waiting });
  }

  askUnwound(process: Lineage, mappings: readonly Vma[], slot: number): number {
    const { pid } = process;
    // Taken in any case: the slot is wanted.
    const length = this.session.takeStack(slot, this.copy.subarray(4));
    if (length === 0 || this.bytes + length > MAX_BYTES) return 0;
    const { next } = this;
    const goesOn =
      next?.pid === pid &&
      next.mappings === mappings &&
      next.tickets.length < MAX_STACKS &&
      next.room >= 4 + length;
    if (!goesOn) this.sendUnwound();
    const question = (this.next ??= this.begin(process, mappings));
    this.copy.writeUInt32LE(length);
    question.stacks.push(Buffer.from(this.copy.subarray(0, 4 + length)));
    question.room -= 4 + length;
    question.bytes += length;
    this.bytes += length;
    const ticket = ++this.tickets;
    question.tickets.push(ticket);
    return ticket;
  }

  private begin(process: Lineage, mappings: readonly Vma[]): Question {
    const { pid } = process;
    const { filesTold } = this.files;
    const { sent } = this;
    const stands = sent?.pid === pid && sent.mappings === mappings && sent.filesTold === filesTold;
    const request = stands ? sent.request : this.modulesOf(process, mappings);
    this.sent = { pid, mappings, filesTold, request };
    const room = MAX_PAYLOAD - request.length - 2;
    return { pid, mappings, request, tickets: [], stacks: [], room, bytes: 0 };
  }

  private modulesOf(process: Lineage, mappings: readonly Vma[]): Buffer {
    const { files } = this;
    return modulesRequest(process, mappings, (backing) =>
      files.fileIdentity(backing, files.fileEra(backing)),
    );
  }

  sendUnwound(): void {
    const question = this.next;
    if (question === null) return;
    this.next = null;
    const { pid, request, tickets, stacks, bytes } = question;
    const answered = this.questions.begin();
    this.reader.unwind(pid, request, stacks, (unwound) => {
      this.bytes -= bytes;
      answered(() => {
        tickets.forEach((ticket, i) => {
          const { words, whole } = unwound?.[i] ?? { words: null, whole: false };
          this.answers.add({ ticket, words, whole });
        });
      });
    });
  }

  takeUnwound(): readonly UnwoundStack[] {
    return this.answers.take();
  }

  expectsUnwound(): boolean {
    return this.questions.expects();
  }
}
