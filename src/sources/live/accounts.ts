import { beyondFaults } from '../../core/facts/beyond';
import type { BeyondFaults, StatFaults } from '../../core/facts/beyond';
import type { Addon, ProcessFaults } from '../../native/contract';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';

/** Living descendants that are looked at: of more, the faults are in no account. */
const MAX_LIVING = 1024;

/** What is known of the run when the account is made up. */
export interface AccountsQuestion {
  /** Session.commandFaults(), null without a COMMAND. */
  readonly command: { readonly before: StatFaults | null; readonly end: StatFaults | null } | null;
  readonly hadChildren: boolean;
  /** Completed faults that the kernel reported. */
  readonly reported: number;
}

/**
 * The faults that the kernel counts for the targets themselves, in /proc/PID/stat: looked at around the
 * beginning and around the end of a capture, because a busy process faults while we look.
 */
export class KernelAccounts {
  /** Faults of the processes attached to from their beginning on, until capture began; null where there are none. */
  readonly past: { readonly minor: number; readonly major: number } | null;
  private readonly before: ReadonlyMap<number, StatFaults | null>;
  private begun: readonly (StatFaults | null)[] = [];
  private ending: readonly (StatFaults | null)[] = [];
  private ended: readonly (StatFaults | null)[] = [];
  private living: readonly StatFaults[] = [];
  private olderChildren = false;

  private pids: readonly number[] = [];

  /** Before capture begins. `pids`: the processes that will be attached to, none for a COMMAND. */
  constructor(
    private readonly addon: Pick<Addon, 'processFaults'>,
    private readonly proc: Proc,
    pids: readonly number[],
    private readonly children: boolean,
  ) {
    const stats = this.addon.processFaults(pids);
    this.before = new Map(pids.map((pid, k) => [pid, ofStat(stats[k]!)]));
    const known = stats.filter((stat) => stat !== null);
    const sum = (of: (stat: ProcessFaults) => number): number =>
      known.reduce((total, stat) => total + of(stat), 0);
    const past = { minor: sum(({ minor }) => minor), major: sum(({ major }) => major) };
    this.past = known.length === 0 ? null : past;
  }

  /** Capture has begun. `command`: the pid of COMMAND, 0 without one. `attached`: to these processes. */
  begin(command: number, attached: readonly number[]): void {
    this.pids = attached;
    this.begun = this.look(this.pids);
    this.olderChildren = this.pids.some((pid) => {
      const children = this.proc.children(pid);
      return !isKnown(children) || children.length > 0;
    });
    if (command > 0) this.pids = [command];
  }

  /** Ends capture between two looks. `living`: the processes that are followed and live. */
  around(stop: () => void, living: Iterable<number>): void {
    this.ending = this.look(this.pids);
    const roots = new Set(this.pids);
    const descendants: number[] = [];
    for (const pid of living) {
      if (descendants.length === MAX_LIVING) break;
      if (!roots.has(pid)) descendants.push(pid);
    }
    this.living = this.look(descendants).filter((faults) => faults !== null);
    stop();
    this.ended = this.look(this.pids);
  }

  /** How many faults the accounts have beyond those reported; null where it cannot be known. */
  beyond({ command, hadChildren, reported }: AccountsQuestion): BeyondFaults | null {
    const last = command?.end ?? null;
    const roots = this.pids.map((pid, k) => {
      const before = command === null ? this.before.get(pid) : command.before;
      const begun = command === null ? this.begun[k]! : command.before;
      // COMMAND's last account is read where it is collected.
      const ending = this.ending[k] ?? last;
      const ended = this.ended[k] ?? last;
      if (before == null || begun === null || ending === null || ended === null) return null;
      return { before, begun, ending, ended };
    });
    const childrenCounted = this.children && !this.olderChildren;
    return beyondFaults({ roots, living: this.living, childrenCounted, hadChildren, reported });
  }

  private look(pids: readonly number[]): (StatFaults | null)[] {
    return this.addon.processFaults(pids).map(ofStat);
  }
}

function ofStat(stat: ProcessFaults | null): StatFaults | null {
  return stat === null ? null : { own: stat.minor + stat.major, children: stat.children };
}
