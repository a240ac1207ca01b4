import type { MachineFaults } from '../../core/facts/machine-faults';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';

/** Looks at the kernel's counters of the whole machine, from before a capture begins until after it has ended. */
export class MachineAccounts {
  private readonly before: MachineFaults | null;
  private after: MachineFaults | null = null;

  constructor(private readonly proc: Proc) {
    this.before = this.look();
  }

  /** Capture has ended. */
  end(): void {
    this.after = this.look();
  }

  /** null where it cannot be known. */
  get faults(): MachineFaults | null {
    const { before, after } = this;
    if (before === null || after === null) return null;
    return {
      pgfault: after.pgfault - before.pgfault,
      pgmajfault: after.pgmajfault - before.pgmajfault,
      own: after.own - before.own,
    };
  }

  private look(): MachineFaults | null {
    const counters = this.proc.vmstat();
    const own = this.ownFaults();
    if (!isKnown(counters) || own === null) return null;
    const pgfault = counters.get('pgfault');
    const pgmajfault = counters.get('pgmajfault');
    if (pgfault === undefined || pgmajfault === undefined) return null;
    return { pgfault, pgmajfault, own };
  }

  /** Ours, and those of the readers: of ended ones as far as we have waited for them. */
  private ownFaults(): number | null {
    const own = this.proc.stat(process.pid);
    if (!isKnown(own)) return null;
    const children = this.proc.children(process.pid);
    const readers = (isKnown(children) ? children : []).map((pid) => this.proc.stat(pid));
    return readers
      .filter((stat) => isKnown(stat))
      .reduce(
        (sum, { minflt, majflt }) => sum + minflt + majflt,
        own.minflt + own.majflt + own.cminflt + own.cmajflt,
      );
  }
}
