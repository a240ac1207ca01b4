import type { ReaderChild, StartReader } from './child';
import { requestFrame } from './frame';
import type { Frame } from './frame';

/** late: not within the time limit. refused: not asked, or nobody there who could be. */
export type Failure = 'late' | 'refused';

export interface Question {
  readonly operation: number;
  /** The file system or process that decides how long the answer takes. */
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly answered: (answer: Frame | Failure) => void;
}

export interface LaneOptions {
  readonly start: StartReader;
  /** ms. */
  readonly limit: number;
  /** The process runs or wants to: it is not waiting for a file or a lock. */
  readonly isRunning: (pid: number) => boolean;
  /** The question at hand is over, with what it was answered. The lane is free, or has ended. */
  readonly onOver: (lane: Lane, question: Question, answer: Frame | Failure) => void;
  /** The reader has ended by itself, was killed for being late, or says what is no answer. */
  readonly onEnd: (lane: Lane, why: string) => void;
  /** The kernel has let go of the process. Not before a killed one comes out of its system call. */
  readonly onGone: (lane: Lane) => void;
}

/** Times the limit that a reader which works, rather than waits, may take. */
const MAX_EXTENSIONS = 9;

/** One reader process with at most one question at a time. */
export class Lane {
  /** Killed because it was late; the kernel may not have let go of it yet. */
  killed = false;
  private readonly child: ReaderChild;
  private question: Question | null = null;
  private id = 0;
  private timer: NodeJS.Timeout | null = null;
  private extensions = 0;
  /** Since the time of the question began, or was extended. */
  private heard = false;

  constructor(private readonly options: LaneOptions) {
    this.child = options.start({
      onHeard: () => {
        this.heard = true;
      },
      onAnswer: (frame) => {
        this.answer(frame);
      },
      onBroken: (why) => {
        this.end(why, 'refused');
      },
      onGone: () => {
        options.onGone(this);
      },
    });
  }

  /** 0 where it could not be started. */
  get pid(): number {
    return this.child.pid;
  }

  get idle(): boolean {
    return this.question === null;
  }

  hand(question: Question): void {
    this.question = question;
    this.id = (this.id + 1) >>> 0;
    this.extensions = 0;
    const frame = requestFrame(this.id, question.operation, question.payload);
    if (frame === null) {
      // Longer than any that makes sense: not the reader's fault.
      setImmediate(() => {
        this.over('refused');
      });
      return;
    }
    this.startTimer();
    this.child.send(frame);
  }

  /** Ends the reader; nobody is called back any more. */
  close(): void {
    this.stopTimer();
    this.question = null;
    this.child.kill();
  }

  private answer(frame: Frame): void {
    if (this.question?.operation === frame.operation && this.id === frame.id) this.over(frame);
    else this.end('it answered what was not asked', 'refused');
  }

  private startTimer(): void {
    const { question } = this;
    this.heard = false;
    this.timer = setTimeout(() => {
      // We may have been stopped ourselves: first what has been answered meanwhile is read. Then another question may
      // be at hand, whose time has only begun.
      setImmediate(() => {
        if (this.question === question) this.checkTime();
      });
    }, this.options.limit);
    this.timer.unref();
  }

  private checkTime(): void {
    if (this.timer === null) return;
    // Short of CPU is not stuck, nor is who has waited for us to read what he says.
    const works = this.heard || this.options.isRunning(this.child.pid);
    if (works && this.extensions++ < MAX_EXTENSIONS) {
      this.startTimer();
      return;
    }
    this.killed = true;
    this.end('', 'late');
  }

  private end(why: string, failure: Failure): void {
    this.child.kill();
    this.options.onEnd(this, why);
    this.over(failure);
  }

  private over(answer: Frame | Failure): void {
    this.stopTimer();
    const { question } = this;
    this.question = null;
    if (question !== null) this.options.onOver(this, question, answer);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
