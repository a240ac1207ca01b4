import type { SpaceAnswer, SpaceSource } from '../../core/ports';
import { parseMaps } from '../../core/vma/proc-maps';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';

/** Nobody waits for these answers but the end of a run. */
const WAITING: Waiting = { limits: { questionMs: 0, budgetMs: 0 } };

/** Reads address spaces that have begun to matter, by way of the standing reader. */
export class Spaces implements SpaceSource {
  readonly questions: OpenQuestions;
  private readonly answers = new Answers<SpaceAnswer>();

  constructor(
    private readonly reader: Pick<TargetReader, 'maps'>,
    /** ns since the session's start. */
    private readonly now: () => number,
    nowMs: () => number,
  ) {
    this.questions = new OpenQuestions(nowMs, WAITING);
  }

  askSpace(pid: number, ticket: number): void {
    const settle = this.questions.begin();
    const asOf = this.now();
    this.reader.maps(pid, (text) => {
      settle(() => {
        const vmas = text === null ? [] : parseMaps(text.toString()).vmas;
        this.answers.add({ ticket, maps: vmas.length === 0 ? null : { vmas, asOf } });
      });
    });
  }

  takeSpaces(): readonly SpaceAnswer[] {
    return this.answers.take();
  }
}
