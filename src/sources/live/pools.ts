import type { Session } from '../../native/contract';
import { readerPath } from '../../native/load';
import { CpuDemand } from '../proc/cpu-demand';
import { isKnown } from '../proc/proc';
import type { Reason } from '../proc/patience';
import type { Proc } from '../proc/proc';
import { startReader } from '../reader/child';
import { Readers } from '../reader/readers';
import { TargetReader } from '../reader/target-reader';
import type { Waiting } from './open-questions';

/**
 * How long a question for names may take, ms: twice the patience of addon/reader/symbol_files.cc, and the
 * time to open files.
 */
const NAMES_MS = 25_000;

type OfReaders = Required<Pick<Waiting, 'reason' | 'onLate'>>;

/** The readers of a capture. Names take long at times: what else is asked does not wait for them. */
export class Pools {
  readonly readers: Readers;
  readonly namers: Readers;
  readonly unwinders: Readers;

  constructor(
    private readonly proc: Proc,
    note: (text: string) => void,
  ) {
    const options = {
      start: startReader(readerPath()),
      note,
      isRunning: (pid: number) => {
        const stat = proc.stat(pid);
        return isKnown(stat) && stat.state === 'R';
      },
      nowMs: () => performance.now(),
    };
    this.readers = new Readers(options);
    const cost = 'code and data have no names';
    const patient = { ...options, limitMs: NAMES_MS, lazy: true };
    this.namers = new Readers({ ...patient, cost });
    this.unwinders = new Readers({ ...patient, cost: 'call stacks are left out' });
  }

  targetReader(): TargetReader {
    return new TargetReader(this.readers, this.namers, this.unwinders);
  }

  /**
   * How somebody waits for answers of `readers` who holds back what is captured: as long as they work on it, or a question
   * is put off, and what comes meanwhile has room. `late` is noted where they are not waited for any longer.
   */
  waitingFor(
    readers: Readers,
    late: string,
    session: Pick<Session, 'crowded'>,
    isPutOff: Reason,
  ): OfReaders {
    const demand = new CpuDemand(this.proc, () => performance.now());
    return {
      reason: () => !session.crowded() && (isPutOff() || demand.of(readers.busyPids)),
      onLate: () => {
        readers.noteOnce(late);
      },
    };
  }

  refuseAll(): void {
    this.readers.refuseAll();
    this.namers.refuseAll();
    this.unwinders.refuseAll();
  }

  close(): void {
    this.readers.close();
    this.namers.close();
    this.unwinders.close();
  }
}
