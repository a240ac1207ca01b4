/** Answers that have come and that nobody has taken over yet. Taking none makes nothing: it is tried with every batch. */
export class Answers<Answer> {
  private come: Answer[] = [];

  add(answer: Answer): void {
    this.come.push(answer);
  }

  /** Those that have come since the last call. */
  take(): readonly Answer[] {
    const { come } = this;
    if (come.length > 0) this.come = [];
    return come;
  }
}
