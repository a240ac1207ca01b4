import type { CaptureFacts } from '../../core/facts/capture-facts';
import type { Session } from '../../native/contract';
import type { NotedSource } from './noted-source';
import type { OpenQuestions } from './open-questions';

/** How a run ended; `stoppedAt` in ns of the session. */
export interface Ended {
  readonly facts: CaptureFacts;
  readonly stoppedAt: number;
}

/** The end of a recording: the answers that are on their way go into it, and then what the run says of itself. */
export class RecordingEnd {
  /** Resolves when all has been handed to the writer, and at once where nothing is to be. */
  handed: Promise<void> = Promise.resolve();

  constructor(
    private readonly noted: Pick<NotedSource, 'noteEnd'>,
    private readonly session: Pick<Session, 'recording' | 'recordEnd'>,
    /** Whose answers are facts of the recording, in the order in which one leads to the next. */
    private readonly answers: readonly OpenQuestions[],
  ) {}

  /** The run is over. `take` takes answers over. */
  hand({ facts, stoppedAt }: Ended, take: () => void): void {
    const { noted, session } = this;
    const end = (): void => {
      noted.noteEnd(facts, stoppedAt, session.recording()?.dropped ?? 0);
      session.recordEnd();
    };
    // A model that has failed has said so.
    this.handed = this.settled(take)
      .catch(() => undefined)
      .then(end);
  }

  private async settled(take: () => void): Promise<void> {
    for (const questions of this.answers) {
      await questions.settled();
      take();
    }
  }
}
