import { closeSync } from 'node:fs';
import type { LivingProcess } from '../core/tasks/living';
import { errorParts } from '../core/facts/errors';
import type { Session } from '../native/contract';
import { turnRecording } from '../output/files/turn';
import type { NotedLooks } from '../sources/live/noted-looks';
import type { NotedSource } from '../sources/live/noted-source';

/** Files behind the one that is written. */
const KEPT = 3;

/** Bytes of each of the files that keep the last `limit` bytes. */
export function bytesOfEach(limit: number): number {
  return Math.ceil(limit / (KEPT + 1));
}

/** A recording that keeps what was last in files that take turns: each begins with what was there by then. */
export class Rotation {
  constructor(
    private readonly session: Pick<
      Session,
      'recordTask' | 'recordMapping' | 'recordTurn' | 'recordTurned'
    >,
    private readonly noted: Pick<NotedSource, 'noteName' | 'begin' | 'tellAgain' | 'end'>,
    private readonly looks: NotedLooks,
    private readonly path: string,
    /** Of the file that is written: whether it still has its name. */
    private fd: number,
    /** Takes what ends the recording, in words. */
    private readonly fail: (why: string) => void,
  ) {}

  /** A batch that turns has been counted, up to `horizon` (session time, ns). */
  turn(processes: Iterable<LivingProcess>, horizon: number): void {
    const { session } = this;
    try {
      const next = turnRecording(this.path, this.fd, KEPT);
      closeSync(this.fd);
      this.fd = next;
    } catch (error) {
      this.fail(errorParts(error).message);
      session.recordTurn(-1);
      return;
    }
    session.recordTurn(this.fd);
    this.noted.begin();
    this.looks.begin(horizon);
    for (const { pid, comm, threads, mappings, guards, owner, kinship } of processes) {
      session.recordTask(pid, comm);
      for (const thread of threads) {
        if (thread.tid !== pid) this.noted.noteName(pid, thread.tid, thread.comm);
      }
      for (const vma of mappings) {
        this.noted.tellAgain(vma.backing);
        session.recordMapping(pid, vma);
      }
      if (guards !== null) this.looks.guards.tellAgain(pid, guards);
      this.looks.owners.tellAgain(pid, owner, kinship);
    }
    this.noted.end();
    session.recordTurned();
  }
}
