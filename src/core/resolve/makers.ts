import { Maker } from '../code/maker';
import { NO_REGION, slotOf } from '../regions/region-code';
import type { RegionTable } from '../regions/region-table';
import { MADE_CAP } from '../tasks/address-space';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import { RecordType } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { StackLoop } from './stack-loop';
import type { UnwindLoop } from './unwind-loop';

const OF_BREAK = 1;

/** By which call stacks mappings were made. */
export class Makers {
  /** Mappings were made for which there was no room. */
  capped = false;

  constructor(
    private readonly tasks: Tasks,
    private readonly regions: RegionTable,
    private readonly stacks: StackLoop,
    private readonly unwinder: UnwindLoop | null,
  ) {}

  /** Record r, a MADE_BY or MADE_BY_COPY, behind the record of the mapping itself. False: an answer is on its way, to be called again. */
  take(batch: Batch, r: number): boolean {
    const pid = batch.recPid[r]!;
    const process = this.tasks.ensure(pid);
    if (!this.tasks.looked(process)) return false;
    const thread = this.tasks.thread(pid, batch.recTid[r]!);
    if (thread === null) return false;
    // The snapshot of /proc is newer: it may show something else there. A copy has to be taken all the same.
    const late = process.pid === 0 || batch.recTime[r]! < process.space.asOf;
    if (late && batch.recType[r] === RecordType.MADE_BY) return true;
    const maker = this.maker(batch, r, thread);
    if (maker !== null && !late)
      this.note(process, firstPage(process, batch, r), batch.recEnd[r]!, maker);
    return true;
  }

  private maker(batch: Batch, r: number, thread: Thread): Maker | null {
    if (batch.recType[r] === RecordType.MADE_BY) {
      return new Maker(this.stacks.chain(batch, r, thread));
    }
    return this.unwinder?.maker(batch, r, thread) ?? null;
  }

  private note(process: Process, start: number, end: number, maker: Maker): void {
    const { space, map } = process;
    if (end <= start) return;
    if (space.made.size >= MADE_CAP) {
      this.capped = true;
      return;
    }
    space.made.cut(start, end, [{ start, end, maker }]);
    // What it has made larger has its row already.
    for (let i = map.firstEndingAfter(start); i >= 0; i = map.next(i)) {
      const from = map.startOf(i);
      if (from >= end) return;
      const code = map.region(i);
      if (code <= NO_REGION) continue;
      const pages = Math.min(map.endOf(i), end) - Math.max(from, start);
      this.regions.madeBy(slotOf(code), maker, pages);
    }
  }
}

/** The kernel reports all of a heap that has grown. Where it ended before is known once a brk was seen; if not, nothing is said. */
function firstPage({ map }: Process, batch: Batch, r: number): number {
  const start = batch.recStart[r]!;
  if ((batch.recFlags[r]! & OF_BREAK) === 0) return start;
  return map.programBreak < 0 ? Infinity : Math.max(start, map.programBreak);
}
