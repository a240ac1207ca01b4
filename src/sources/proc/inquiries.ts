import { PENDING, UNKNOWN } from '../../core/ports';
import type { Patience } from './patience';

/** Questions on their way and answers not fetched yet: more than any wait has at a time. */
const MAX_OPEN = 4096;

interface Inquiry<T> {
  /** When it was first waited for; NaN before that. */
  since: number;
  /** Nobody waits for it any more. */
  abandoned: boolean;
  answer: T | typeof UNKNOWN | typeof PENDING;
}

type Pose<T> = (answered: (answer: T | typeof UNKNOWN) => void) => void;

/**
 * Questions to the readers as ProcSource answers them: PENDING while one is waited for, then the answer,
 * once; UNKNOWN where the patience is at its end.
 */
export class Inquiries<T> {
  private readonly open = new Map<string, Inquiry<T>>();

  constructor(
    private readonly patience: Patience,
    private readonly nowMs: () => number,
    /** An answer came after UNKNOWN had been said. */
    private readonly onLate: (key: string, answer: T) => void = () => undefined,
  ) {}

  /**
   * The state of the question with this key. `pose` asks it and calls back later with the answer. With
   * `anyway` it is asked also where nobody can wait for it.
   */
  ask(key: string, anyway: boolean, pose: Pose<T>): T | typeof UNKNOWN | typeof PENDING {
    const known = this.open.get(key);
    if (known !== undefined) return this.stateOf(key, known);
    const now = this.nowMs();
    const patient = this.patience.lasts(now);
    if (!patient && !anyway) return UNKNOWN;
    this.pose(key, { since: now, abandoned: !patient, answer: PENDING }, pose);
    return patient ? PENDING : UNKNOWN;
  }

  /** Asks what will be waited for later. */
  prepare(key: string, pose: Pose<T>): void {
    if (!this.open.has(key))
      this.pose(key, { since: NaN, abandoned: false, answer: PENDING }, pose);
  }

  private pose(key: string, inquiry: Inquiry<T>, pose: Pose<T>): void {
    if (this.open.size >= MAX_OPEN) this.dropOldest();
    this.open.set(key, inquiry);
    pose((answer) => {
      inquiry.answer = answer;
      if (!inquiry.abandoned) this.patience.wake();
      else if (this.open.get(key) === inquiry) {
        this.open.delete(key);
        if (answer !== UNKNOWN) this.onLate(key, answer);
      }
    });
  }

  /** The question has been asked, and its answer not fetched. */
  has(key: string): boolean {
    return this.open.has(key);
  }

  private stateOf(key: string, inquiry: Inquiry<T>): T | typeof UNKNOWN | typeof PENDING {
    if (inquiry.answer !== PENDING) {
      this.open.delete(key);
      return inquiry.answer;
    }
    if (Number.isNaN(inquiry.since)) inquiry.since = this.nowMs();
    if (!inquiry.abandoned && this.patience.lasts(inquiry.since)) return PENDING;
    inquiry.abandoned = true;
    return UNKNOWN;
  }

  private dropOldest(): void {
    const [key, inquiry] = this.open.entries().next().value!;
    inquiry.abandoned = true;
    this.open.delete(key);
  }
}
