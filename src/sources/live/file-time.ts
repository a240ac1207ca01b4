import type { Reached } from '../../core/ports';

/** Times of the file that is written: the session's, as long as it is one file. */
export class FileTime {
  private origin = 0;

  /** Another file begins, at a session time (ns). */
  begin(origin: number): void {
    this.origin = origin;
  }

  /** Whole ns from the file's beginning; 0 for what was before. */
  of(sessionNs: number): number {
    return Math.ceil(Math.max(0, sessionNs - this.origin));
  }

  /** How far the model has come. */
  after({ horizon }: Reached): number {
    return this.of(horizon);
  }
}
