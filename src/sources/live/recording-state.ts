import { counted } from '../../core/text/format';
import { setTimeout as pause } from 'node:timers/promises';
import { writeFailureText } from '../../core/facts/errors';
import type { Session } from '../../native/contract';

/** Between two looks at a recording that is being completed, ms. */
const POLL_MS = 5;
/** How long the reader of a pipe may take nothing once capture has ended, ms. */
const PATIENCE_MS = 2000;

/** How a recording that is being written fares. */
export class RecordingState {
  private stalled = false;
  private ended = '';

  constructor(
    private readonly session: Pick<Session, 'recording'>,
    /** It goes down a pipe. */
    private readonly streamed: boolean,
  ) {}

  /** Who read it has seen enough. */
  get isClosed(): boolean {
    return this.streamed && this.session.recording()?.error === 'EPIPE';
  }

  /** Waits until all is written that will be, after Session.recordEnd(). A disk may take its time. */
  async settled(): Promise<void> {
    let movedAt = performance.now();
    let seen = -1;
    for (;;) {
      const state = this.session.recording();
      if (state === null || state.done) return;
      const now = performance.now();
      if (state.written !== seen) movedAt = now;
      seen = state.written;
      this.stalled = this.streamed && now - movedAt > PATIENCE_MS;
      if (this.stalled) return;
      await pause(POLL_MS);
    }
  }

  /** It has come to its end, and why. */
  end(why: string): void {
    this.ended = why;
  }

  /** Why it has not all that was captured, '' where it has, or there is none. */
  get trouble(): string {
    const { error = '', dropped = 0, lateCopies = 0 } = this.session.recording() ?? {};
    if (this.ended !== '') return `the recording ends early: ${this.ended}`;
    if (this.stalled) return 'the recording ends early: nobody reads it';
    // `| head`: nothing is to be said.
    if (error === 'EPIPE') return '';
    if (error !== '') return `the recording ends early: ${writeFailureText(error)}`;
    const lacking = `the recording lacks ${counted(dropped, 'record')}: its disk is too slow`;
    const late = `in the recording ${lateCopies} copies are minor-faults to perf: their class was known too late`;
    return [...(dropped > 0 ? [lacking] : []), ...(lateCopies > 0 ? [late] : [])].join('; ');
  }
}
