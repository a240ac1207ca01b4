import type { Session } from '../../native/contract';
import { readerPath } from '../../native/load';
import { CpuDemand } from '../proc/cpu-demand';
import { isKnown } from '../proc/proc';
import type { PatienceLimits, Reason } from '../proc/patience';
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

/** What is noted where answers are not waited for any longer. */
const LATE = {
  names: 'names of code and data come too late: some faults are without them',
  stacks: 'call stacks come too late: some faults are without them',
  tls: 'where thread-local variables lie is told too late: some faults are without their names',
} as const;

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
   * How somebody waits for answers who holds back what is captured: as long as the readers work on them, or a question
   * is put off (`isPutOff`, of thread-local variables), and what comes meanwhile has room. `limits`: other than the usual.
   */
  waiting(
    session: Pick<Session, 'crowded'>,
    limits: PatienceLimits | undefined,
    isPutOff: Reason,
  ): Readonly<Record<keyof typeof LATE, Partial<Waiting>>> {
    const waitingFor = (readers: Readers, late: string, because: Reason): Partial<Waiting> => {
      const works = this.works(readers, session);
      return {
        ...(limits === undefined ? {} : { limits }),
        reason: () => works() || (!session.crowded() && because()),
        onLate: () => {
          readers.noteOnce(late);
        },
      };
    };
    const never = (): boolean => false;
    return {
      names: waitingFor(this.namers, LATE.names, never),
      stacks: waitingFor(this.unwinders, LATE.stacks, never),
      tls: waitingFor(this.readers, LATE.tls, isPutOff),
    };
  }

  /** `readers` work on what they were asked, and what is captured meanwhile has room. */
  works(readers: Readers, session: Pick<Session, 'crowded'>): Reason {
    const demand = new CpuDemand(this.proc, () => performance.now());
    return () => !session.crowded() && demand.of(readers.busyPids);
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
