import type { SpaceAnswer, SpaceSource } from '../../src/core/ports';
import type { Vma } from '../../src/core/vma/vma';

/** Answers when the test says so. */
export class FakeSpaces implements SpaceSource {
  readonly asked: { readonly pid: number; readonly ticket: number }[] = [];
  private answers: SpaceAnswer[] = [];

  askSpace(pid: number, ticket: number): void {
    this.asked.push({ pid, ticket });
  }
  takeSpaces(): readonly SpaceAnswer[] {
    return this.answers.splice(0);
  }
  /** Answers the oldest question about a process. */
  answer(pid: number, vmas: readonly Vma[] | null, asOf = 0): void {
    const [question] = this.asked.splice(
      this.asked.findIndex((asked) => asked.pid === pid),
      1,
    );
    const maps = vmas === null ? null : { vmas, asOf };
    this.answers.push({ ticket: question!.ticket, maps });
  }
}
