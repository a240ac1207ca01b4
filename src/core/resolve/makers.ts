import { StackTable } from '../code/stack-table';
import { NO_REGION, slotOf } from '../regions/region-code';
import type { RegionTable } from '../regions/region-table';
import { MADE_CAP } from '../tasks/address-space';
import type { Process } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import type { Batch } from '../wire/batch';
import type { StackLoop } from './stack-loop';

const OF_BREAK = 1;

/** By which call stacks mappings were made. */
export class Makers {
  /** Mappings were made for which there was no room. */
  capped = false;

  constructor(
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
    private readonly stacks: StackLoop,
  ) {}

  /** Record r, a MADE_BY, behind the record of the mapping itself. False: an answer is on its way, to be called again. */
  take(batch: Batch, r: number): boolean {
    const pid = batch.recPid[r]!;
    const process = this.tasks.ensure(pid);
    if (!this.tasks.looked(process)) return false;
    if (process.pid === 0 || batch.recTime[r]! < process.space.asOf) return true;
    const thread = this.tasks.thread(pid, batch.recTid[r]!);
    if (thread === null) return false;
    const stack = this.stacks.chain(batch, r, thread);
    if (stack !== StackTable.NONE && stack !== StackTable.OTHERS) {
      this.note(process, firstPage(process, batch, r), batch.recEnd[r]!, stack);
    }
    return true;
  }

  private note(process: Process, start: number, end: number, stack: number): void {
    const { space, map } = process;
    if (end <= start) return;
    if (space.made.size >= MADE_CAP) {
      this.capped = true;
      return;
    }
    space.made.cut(start, end, [{ start, end, stack }]);
    // What it has made larger has its row already.
    for (let i = map.firstEndingAfter(start); i >= 0; i = map.next(i)) {
      const from = map.startOf(i);
      if (from >= end) return;
      const code = map.region(i);
      if (code <= NO_REGION) continue;
      const pages = Math.min(map.endOf(i), end) - Math.max(from, start);
      this.regions.madeBy(slotOf(code), stack, pages);
    }
  }
}

/** The kernel reports all of a heap that has grown. Where it ended before is known once a brk was seen; if not, nothing is said. */
function firstPage({ map }: Process, batch: Batch, r: number): number {
  const start = batch.recStart[r]!;
  if ((batch.recFlags[r]! & OF_BREAK) === 0) return start;
  return map.programBreak < 0 ? Infinity : Math.max(start, map.programBreak);
}
