import type { StartReader } from './child';
import { BoundedMap } from '../bounded-map';
import { Lane } from './lane';
import type { Failure, Question } from './lane';
import type { Frame } from './frame';

/** How long a question may take, ms: a disk answers in tens, a machine under load in hundreds. */
const LIMIT_MS = 1000;
/** A question that takes longer does not hold up those behind it: they get another reader. */
const SLOW_MS = 50;
/** Readers at a time. */
const MAX_READERS = 3;
/** Killed readers that the kernel has not let go of: with so many, nobody is asked until some are gone. */
const MAX_STUCK = 8;
/** What did not answer in time is not asked about again for this long, ms. */
const BLAME_MS = 30_000;
const MAX_BLAMED = 1024;
const MAX_QUEUED = 16_384;
/** Readers that end without one answer in between; then no more are started. */
const MAX_BROKEN = 8;

export interface ReadersOptions {
  readonly start: StartReader;
  /** Tells the user; without a newline. */
  readonly note: (text: string) => void;
  /** See LaneOptions. */
  readonly isRunning: (pid: number) => boolean;
  readonly nowMs: () => number;
  /** Time limit of a question, where it is not LIMIT_MS. */
  readonly limitMs?: number;
  /** What the user lacks without readers; "labels lack sections" where it is left out. */
  readonly cost?: string;
  /** There may be no question at all: the first reader is started with the first one. */
  readonly lazy?: boolean;
}

/**
 * The processes that read what belongs to the targets (addon/reader/main.cc), and the questions that wait
 * for them. Nothing here blocks, throws, or keeps our process alive.
 *
 * Of one subject one question is asked at a time. A reader that does not answer within the limit is
 * killed and replaced, and its subject is refused for a while.
 */
export class Readers {
  private readonly lanes: Lane[] = [];
  /** By subject, the one served longest ago first. */
  private readonly waiting = new Map<string, Question[]>();
  private readonly busy = new Set<string>();
  /** Subjects that were late, and until when they are refused. */
  private readonly blamed = new BoundedMap<string, number>(MAX_BLAMED);
  private readonly noted = new Set<string>();
  private queued = 0;
  private stuck = 0;
  private broken = 0;
  private closed = false;
  private off = false;
  private slow: NodeJS.Timeout | null = null;

  constructor(private readonly options: ReadersOptions) {
    // There will be questions, and starting takes some ms.
    if (options.lazy !== true) this.startLane();
  }

  /** `answered` is called later and once, but not after close(). */
  ask(question: Question): void {
    const { subject } = question;
    if (this.closed || this.isBlamed(subject) || this.queued >= MAX_QUEUED || !this.canServe()) {
      this.refuse(question);
      return;
    }
    const before = this.waiting.get(subject);
    if (before === undefined) this.waiting.set(subject, [question]);
    else before.push(question);
    this.queued++;
    this.serve();
  }

  /** The processes that have a question. */
  get busyPids(): number[] {
    return this.lanes.flatMap(({ idle, pid }) => (idle || pid === 0 ? [] : [pid]));
  }

  /** The subject did not answer in time, not long ago. */
  isBlamed(subject: string): boolean {
    const until = this.blamed.get(subject);
    if (until === undefined) return false;
    if (this.options.nowMs() < until) return true;
    this.blamed.delete(subject);
    return false;
  }

  /** Whatever is asked from now on, and what waits, is refused. */
  refuseAll(): void {
    this.off = true;
    for (const subject of [...this.waiting.keys()]) this.refuseSubject(subject);
  }

  /** Says a thing once. */
  noteOnce(text: string): void {
    if (this.noted.has(text)) return;
    this.noted.add(text);
    this.options.note(text);
  }

  /** Ends the readers without waiting for them. */
  close(): void {
    this.closed = true;
    this.waiting.clear();
    if (this.slow !== null) clearTimeout(this.slow);
    for (const lane of this.lanes.splice(0)) lane.close();
  }

  private canStart(): boolean {
    return this.lanes.length < MAX_READERS && this.stuck < MAX_STUCK && this.broken < MAX_BROKEN;
  }

  private canServe(): boolean {
    return !this.off && (this.lanes.length > 0 || this.canStart());
  }

  private startLane(): Lane | null {
    if (!this.canStart()) return null;
    const lane = new Lane({
      start: this.options.start,
      limit: this.options.limitMs ?? LIMIT_MS,
      isRunning: this.options.isRunning,
      onOver: (_, question, answer) => {
        this.over(question, answer);
      },
      onEnd: (ended, why) => {
        this.ended(ended, why);
      },
      onGone: (gone) => {
        if (gone.killed) this.stuck--;
        this.serve();
      },
    });
    this.lanes.push(lane);
    return lane;
  }

  private over(question: Question, answer: Frame | Failure): void {
    if (this.closed) return;
    this.busy.delete(question.subject);
    if (typeof answer === 'object') this.broken = 0;
    if (answer === 'late') this.blame(question.subject);
    question.answered(answer);
    this.serve();
  }

  private ended(lane: Lane, why: string): void {
    const { cost = 'labels lack sections' } = this.options;
    const at = this.lanes.indexOf(lane);
    if (at >= 0) this.lanes.splice(at, 1);
    if (lane.killed) {
      this.stuck++;
      if (this.stuck === MAX_STUCK) {
        this.noteOnce(
          `${MAX_STUCK} readers of target files hang in the kernel: no more are started until some end; ${cost}`,
        );
      }
    } else if (++this.broken === MAX_BROKEN) {
      this.noteOnce(`target files cannot be read (${why}): ${cost}`);
    }
  }

  private blame(subject: string): void {
    this.blamed.set(subject, this.options.nowMs() + BLAME_MS);
    this.refuseSubject(subject);
  }

  private refuse(question: Question): void {
    setImmediate(() => {
      if (!this.closed) question.answered('refused');
    });
  }

  /** Hands out what can be handed out. */
  private serve(): void {
    if (this.closed) return;
    if (!this.canServe()) {
      for (const subject of [...this.waiting.keys()]) this.refuseSubject(subject);
      return;
    }
    for (;;) {
      const subject = this.nextSubject();
      if (subject === null) return;
      const lane = this.lanes.find(({ idle }) => idle) ?? this.firstLane();
      if (lane === null) {
        this.wantAnother();
        return;
      }
      const questions = this.waiting.get(subject)!;
      const question = questions.shift()!;
      this.waiting.delete(subject);
      if (questions.length > 0) this.waiting.set(subject, questions);
      this.queued--;
      this.busy.add(subject);
      lane.hand(question);
    }
  }

  private firstLane(): Lane | null {
    return this.lanes.length === 0 ? this.startLane() : null;
  }

  private refuseSubject(subject: string): void {
    const waiting = this.waiting.get(subject) ?? [];
    this.waiting.delete(subject);
    for (const question of waiting) {
      this.queued--;
      this.refuse(question);
    }
  }

  private nextSubject(): string | null {
    for (const subject of this.waiting.keys()) if (!this.busy.has(subject)) return subject;
    return null;
  }

  /** All are busy: another reader, unless one is free soon. */
  private wantAnother(): void {
    if (this.slow !== null || !this.canStart()) return;
    this.slow = setTimeout(() => {
      this.slow = null;
      if (this.closed || this.nextSubject() === null) return;
      if (!this.lanes.some(({ idle }) => idle)) this.startLane();
      this.serve();
    }, SLOW_MS);
    this.slow.unref();
  }
}
