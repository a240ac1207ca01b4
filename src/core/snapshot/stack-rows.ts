import { stackFrames } from '../code/stack-names';
import { StackTable } from '../code/stack-table';
import type { CommTable } from '../tasks/comm-names';
import type { StackRow } from './snapshot';

/** The call stacks with faults, most faults first; stacks whose frames have the same names are one. */
export function stackRows(stacks: StackTable | null, comms: CommTable): StackRow[] {
  if (stacks === null) return [];
  const rows = new Map<string, StackRow>();
  for (let number = 1; number < stacks.limit; number++) {
    const sampled = stacks.sampled(number);
    if (sampled === 0) continue;
    const frames = stackFrames(stacks, number);
    const comm =
      number === StackTable.OTHERS ? '[others]' : (comms.names[stacks.comm(number)] ?? '');
    const key = [comm, ...frames].join('\n');
    const before = rows.get(key) ?? { comm, frames, faults: 0, stallNs: 0, sampled: 0 };
    rows.set(key, {
      comm,
      frames,
      faults: before.faults + stacks.faults(number),
      stallNs: before.stallNs + stacks.stallNs(number),
      sampled: before.sampled + sampled,
    });
  }
  return [...rows.values()].sort((a, b) => b.faults - a.faults);
}
