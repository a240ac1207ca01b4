import type { TlsAnswer, TlsFacts, TlsSource } from '../../core/ports';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';
import type { PatienceLimits } from '../proc/patience';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';

/** Threads in one question, which takes a thousand of them some ms. */
const MAX_THREADS = 4096;
const MAX_OPEN = 64;
const FOR_TLS: PatienceLimits = { questionMs: 1000, budgetMs: 1500 };

/** Asks the readers where threads have the thread-local variables of their program. */
export class TlsBlocks implements TlsSource {
  private readonly answers = new Answers<TlsAnswer>();
  private pauses = 0;
  /** What somebody may wait for. */
  readonly questions: OpenQuestions;

  constructor(
    private readonly reader: Pick<TargetReader, 'tls'>,
    private readonly proc: Pick<Proc, 'tasks'>,
    nowMs: () => number,
    waiting: Partial<Waiting> = {},
  ) {
    this.questions = new OpenQuestions(nowMs, { limits: FOR_TLS, ...waiting });
  }

  /** A question is put off: until it is asked nobody works on it. */
  get pausing(): boolean {
    return this.pauses > 0;
  }

  askTls(pid: number, tids: readonly number[], ticket: number): boolean {
    if (this.questions.count >= MAX_OPEN || tids.length > MAX_THREADS) return false;
    const answered = this.questions.begin();
    this.reader.tls(pid, tids, (told) => {
      answered(() => {
        this.answers.add({ ticket, told });
      });
    });
    return true;
  }

  askTlsLater(pid: number, asked: readonly number[] | null, ticket: number, ms: number): boolean {
    if (this.questions.count >= MAX_OPEN || (asked?.length ?? 0) > MAX_THREADS) return false;
    const answered = this.questions.begin();
    const answer = (told: TlsFacts | null, tids: readonly number[]): void => {
      answered(() => {
        this.answers.add({ ticket, told, tids });
      });
    };
    this.pauses++;
    setTimeout(() => {
      this.pauses--;
      const tids = asked ?? this.proc.tasks(pid);
      if (!isKnown(tids) || tids.length > MAX_THREADS) {
        answer(null, []);
        return;
      }
      this.reader.tls(pid, tids, (told) => {
        answer(told, tids);
      });
    }, ms).unref();
    return true;
  }

  takeTls(): readonly TlsAnswer[] {
    return this.answers.take();
  }

  expectsTls(): boolean {
    return this.questions.expects();
  }
}
