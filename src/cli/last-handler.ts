import { errorParts } from '../core/facts/errors';

/**
 * What is thrown where nobody catches it, in a callback or a rejected promise: the run ends in order, and one line
 * says what it was. Without this Node would print a stack trace and leave, the report lost.
 */
export class LastHandler {
  /** Resolves at the second time: the orderly end has failed too. */
  readonly again: Promise<void>;
  private message: string | null = null;
  private resolveAgain!: () => void;

  /** `end` is called at the first time. */
  constructor(private readonly end: () => void) {
    this.again = new Promise((resolve) => {
      this.resolveAgain = resolve;
    });
    process.on('uncaughtException', this.take);
  }

  readonly take = (error: unknown): void => {
    if (this.message !== null) {
      this.resolveAgain();
      return;
    }
    this.message = errorParts(error).message;
    this.end();
  };

  /** The line for stderr, null when nothing was thrown. */
  get line(): string | null {
    return this.message === null ? null : `error: internal: ${this.message}`;
  }

  remove(): void {
    process.removeListener('uncaughtException', this.take);
  }
}
