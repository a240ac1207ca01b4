import { NOT_IN_DETAIL } from '../stats/limits';

const NAMED = 3;
/** Of what falls at the heaviest place: where less falls is no place to look at. */
const LEAST_NAMED = 0.05;

/** What has one label summed up. */
export class LabelSums {
  private readonly sums = new Map<string, number>();

  add(label: string, weight: number): void {
    this.sums.set(label, (this.sums.get(label) ?? 0) + weight);
  }

  /**
   * Those that weigh most, if not next to nothing; what all processes share that are not in detail, or have no name, is no place to look at. They are
   * few of thousands: sorting all would take longer than looking for each.
   */
  top(): string[] {
    const { sums } = this;
    sums.delete(NOT_IN_DETAIL);
    sums.delete('');
    const top: string[] = [];
    let least = 0;
    while (top.length < NAMED) {
      let most = least;
      let heaviest = '';
      for (const [label, weight] of sums) {
        if (weight <= most) continue;
        most = weight;
        heaviest = label;
      }
      if (heaviest === '') break;
      if (top.length === 0) least = LEAST_NAMED * most;
      top.push(heaviest);
      sums.delete(heaviest);
    }
    return top;
  }
}

/** Whose address space it is, as rows say it. */
interface Owned {
  readonly comm: string;
  /** 0 for rows that stand for several processes. */
  readonly pid: number;
}

interface Weighed extends Owned {
  weight: number;
}

/** Whose faults they are, summed up: a hundred workers that share them are named together, and none of them alone. */
export class OwnerSums {
  private readonly processes = new Map<number | string, Weighed>();
  private last: Weighed | null = null;

  add({ comm, pid }: Owned, weight: number): void {
    // Most rows have the owner of the last.
    if (this.last === null || this.last.pid !== pid || this.last.comm !== comm) {
      const key = pid === 0 ? comm : pid;
      this.last = this.processes.get(key) ?? { comm, pid, weight: 0 };
      this.processes.set(key, this.last);
    }
    this.last.weight += weight;
  }

  /** Those that weigh most: one process, or those of a name of which none has more than half. */
  top(): string[] {
    const named = new Map<string, { weight: number; heaviest: Weighed }>();
    const sums = new LabelSums();
    for (const process of this.processes.values()) {
      const { comm, pid, weight } = process;
      if (comm === '') {
        // It has ended before anybody could ask for its name.
        if (pid !== 0) sums.add(`pid ${pid}`, weight);
        continue;
      }
      const sum = named.get(comm) ?? { weight: 0, heaviest: process };
      sum.weight += weight;
      if (weight > sum.heaviest.weight) sum.heaviest = process;
      named.set(comm, sum);
    }
    for (const [comm, { weight, heaviest }] of named) {
      const { pid } = heaviest;
      const isOne = pid !== 0 && heaviest.weight * 2 > weight;
      sums.add(comm === NOT_IN_DETAIL || isOne ? labelOf(comm, pid) : `${comm} processes`, weight);
    }
    return sums.top();
  }
}

function labelOf(comm: string, pid: number): string {
  return pid === 0 ? comm : `${comm} ${pid}`;
}
