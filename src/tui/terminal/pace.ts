/**
 * How long a frame waits for the answer to the one before, ms: a slow link is never more than two frames behind, and
 * a terminal that has lost an answer is not given up.
 */
const PATIENCE_MS = 10_000;
/** The same as long as the terminal has not answered at all: many do not. */
const FIRST_PATIENCE_MS = 250;
/** How long leaving waits for it, ms: twice what the last answer took, within these. */
const LAST_PATIENCE_MS = 1000;
const MOST_LAST_PATIENCE_MS = 5000;
/** So many frames without any answer, and it is asked no more. */
const MOST_UNANSWERED = 4;

/** DSR 5 (ECMA-48 8.3.35): the terminal answers `ESC [ 0 n` when it has come to it. */
export const ASK = '\x1b[5n';
/** The same as the final character and the parameters of the answer. */
export const ANSWER = { parameters: '0', final: 'n' } as const;

/**
 * Holds frames back until the terminal has come to the last one: what ssh and the network have taken is in no buffer
 * that a program could look at, and all of it would be shown before the answer to a key.
 */
export class Pace {
  /** Answers that are to come. */
  private open = 0;
  private askedAt = -Infinity;
  /** When it was asked, or answered: a link that is slow brings one answer after the other. */
  private since = -Infinity;
  /** How long the last answer took, ms. */
  private tookMs = 0;
  private answered = false;

  /**
   * What is to be written before the first frame. Whoever answers it will answer for frames too: without it, a link on which
   * the first frame takes ten seconds would be sent ten more meanwhile.
   */
  greet(): string {
    this.open++;
    return ASK;
  }

  /** ms until the next frame may go out; 0: now. */
  wait(nowMs: number): number {
    if (this.open === 0) return 0;
    const patience = this.answered ? PATIENCE_MS : FIRST_PATIENCE_MS;
    return Math.max(0, this.since + patience - nowMs);
  }

  /** A frame goes out: what is to be written behind it. */
  ask(nowMs: number): string {
    if (!this.answered && this.open >= MOST_UNANSWERED) return '';
    // An answer that is lost must not leave a debt behind.
    this.open = this.answered ? 1 : this.open + 1;
    this.askedAt = this.since = nowMs;
    return ASK;
  }

  /** Answers may still come: they must not be left to the shell. Told is how long one waits for them, ms. */
  get pendingMs(): number {
    if (this.open === 0) return 0;
    if (!this.answered) return FIRST_PATIENCE_MS;
    return Math.max(LAST_PATIENCE_MS, Math.min(2 * this.tookMs, MOST_LAST_PATIENCE_MS));
  }

  /** The terminal was somebody else's meanwhile: what it owes is lost. */
  reset(): void {
    this.open = 0;
  }

  /** The terminal has come to a frame. True where another one may go out: there is none on its way. */
  answer(nowMs: number): boolean {
    this.open = Math.max(0, this.open - 1);
    this.answered = true;
    this.since = nowMs;
    if (this.open === 0) this.tookMs = nowMs - this.askedAt;
    return this.open === 0;
  }
}
