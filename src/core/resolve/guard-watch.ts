import type { Batch } from '../wire/batch';
import type { Answerer } from '../classify/cause-text';
import { Cause, CAUSE_COUNT } from '../classify/classes';
import { GuardedRanges } from '../classify/guarded-ranges';
import { Waits } from '../wire/pending-faults';
import type { PendingFaults } from '../wire/pending-faults';
import type { GuardSource, Reached } from '../ports';
import type { Process } from '../tasks/process';
import type { Resolved } from '../wire/resolved';
import type { Tasks } from '../tasks/tasks';

/** A first touch takes 1 to 3 us; one that a program answers at least two changes of task. ns. */
const SLOW_NS = 20e3;
/** So slow is no first touch, and hardly one whose thread lost its CPU: asked at once. ns. */
const VERY_SLOW_NS = 1e6;
/** A huge page is cleared in up to some ms. */
const SLOW_HUGE_NS = 5e6;
/** Not even one of 1 GiB takes so long. ns. */
const VERY_SLOW_HUGE_NS = 500e6;
/** A disk has answered by then. ns. */
const VERY_SLOW_OPEN_NS = 200e6;
/** Faults that might be anything, until the question is worth reading smaps of a whole process. */
const MANY = 64;

/**
 * Learns which memory is registered with userfaultfd. Nothing announces a registration, and to look for
 * one is dear: so only where faults look like it. Slow ones on memory that has no disk behind it,
 * major ones on memory where no swap is (a fault that was retried counts as major), many writes to
 * present pages. Where the last look found something, any fault there asks again: it may be over.
 */
export class GuardWatch {
  /** By cause: a fault that takes longer might be one, or is one. */
  private readonly slow = new Float64Array(CAUSE_COUNT).fill(Infinity);
  private readonly verySlow = new Float64Array(CAUSE_COUNT).fill(Infinity);
  /** Who answers, as the looks that found something say: the process itself where each said so. */
  answerer: Answerer = 'unknown';

  constructor(
    private readonly source: GuardSource,
    private readonly tasks: Tasks,
  ) {
    for (const cause of [Cause.DEMAND_ZERO, Cause.SHMEM]) {
      this.slow[cause] = SLOW_NS;
      this.verySlow[cause] = VERY_SLOW_NS;
    }
    this.slow[Cause.HUGE_PAGE] = SLOW_HUGE_NS;
    this.verySlow[Cause.HUGE_PAGE] = VERY_SLOW_HUGE_NS;
    this.slow[Cause.COW_ANON] = -Infinity;
    this.slow[Cause.USERFAULTFD] = this.verySlow[Cause.USERFAULTFD] = -Infinity;
    this.setSwapInUse(false);
  }

  /** Where no swap is, nothing can be read back from it. */
  setSwapInUse(swap: boolean): void {
    this.slow[Cause.SWAP_IN] = this.verySlow[Cause.SWAP_IN] = swap ? Infinity : -Infinity;
  }

  /** Takes over the answers that have come; between batches. */
  takeAnswers(reached: Reached): void {
    for (const { pid, space, asOf, ranges, bySelf } of this.source.takeGuards(reached)) {
      const process = this.tasks.process(pid);
      // Another program by now, or another process.
      if (process?.space.keyPrefix !== space) continue;
      process.space.guards = ranges.length === 0 ? null : new GuardedRanges(ranges, asOf, bySelf);
      process.space.suspicion = 0;
      if (ranges.length === 0) continue;
      const answerer = bySelf ? 'itself' : 'another';
      const before = this.answerer;
      this.answerer = before === 'unknown' || before === answerer ? answerer : 'several';
    }
  }

  /** Looks at faults that have not ended: what takes this long in user memory, a program may hold up. */
  lookAtOpen(open: PendingFaults): void {
    const asked = new Set<number>();
    for (let i = 0; i < open.count; i++) {
      const pid = open.pid[i]!;
      if (open.waits[i]! !== Waits.BLOCKED || asked.has(pid)) continue;
      if (open.asOf - open.entered[i]! < VERY_SLOW_OPEN_NS) continue;
      asked.add(pid);
      const process = this.tasks.process(pid);
      if (process?.alive === true) this.source.askGuards(pid, process.space.keyPrefix);
    }
  }

  /** Looks at the faults of a batch that was resolved. */
  look(batch: Batch, resolved: Resolved): void {
    const { slow } = this;
    const { cause } = resolved;
    const { faults, latency } = batch;
    let asked: Process | null = null;
    for (let i = 0; i < faults; i++) {
      if (latency[i]! < slow[cause[i]!]!) continue;
      if (asked?.pid === batch.pid[i]!) continue;
      const process = this.tasks.process(batch.pid[i]!);
      if (process?.alive !== true) continue;
      process.space.suspicion += latency[i]! < this.verySlow[cause[i]!]! ? 1 : MANY;
      if (process.space.suspicion < MANY) continue;
      asked = process;
      this.source.askGuards(process.pid, process.space.keyPrefix);
    }
  }
}
