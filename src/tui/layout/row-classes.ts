import type { StatRow } from '../../core/snapshot/snapshot';

/** Bit mask of the classes that a row has faults of. */
export function classesOf({ byClass }: StatRow): number {
  let mask = 0;
  for (let cls = 0; cls < byClass.length; cls++) if (byClass[cls]! > 0) mask |= 1 << cls;
  return mask;
}
