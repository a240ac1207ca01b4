/** Faults that /proc/PID/stat counts: min_flt + maj_flt, and those of waited-for children (cmin_flt, cmaj_flt). */
export interface StatFaults {
  readonly own: number;
  readonly children: number;
}

/** What bounds a process's faults during the capture: looks before and after it began, before and after it ended. */
export interface StatLooks {
  readonly before: StatFaults;
  readonly begun: StatFaults;
  readonly ending: StatFaults;
  readonly ended: StatFaults;
}

/** Faults that the kernel counted beyond those it reported, between two bounds. */
export interface BeyondFaults {
  readonly low: number;
  /** null where it is not known how many there may be. */
  readonly high: number | null;
  /** Processes attached to that had gone before the last look: nothing is known of theirs. */
  readonly gone: number;
}

export interface BeyondQuestion {
  /** The processes attached to, or COMMAND; null for one that was gone before the last look. */
  readonly roots: readonly (StatLooks | null)[];
  /** Descendants that live still, born during the capture: what stat said of them when it ended. */
  readonly living: readonly StatFaults[];
  /** Children are followed, and all children of the roots were born during the capture. */
  readonly childrenCounted: boolean;
  /** There have been processes beside the roots. */
  readonly hadChildren: boolean;
  /** Completed faults that perf events counted, lost ones too. */
  readonly reported: number;
}

/**
 * Sets the kernel's own accounts of processes against what it reported of them. They count more: faults
 * that the kernel takes for a process without an exception (mm_account_fault() in mm/memory.c counts them and
 * raises no perf event, for want of registers). A child that nobody waited for, and one that lives with a parent
 * that has not been looked at, is in no account: the difference is then a lower bound.
 */
export function beyondFaults(question: BeyondQuestion): BeyondFaults | null {
  const { roots, living, childrenCounted, hadChildren, reported } = question;
  let low = 0;
  let high = 0;
  let gone = 0;
  for (const looks of roots) {
    if (looks === null) {
      gone++;
      continue;
    }
    const { before, begun, ending, ended } = looks;
    low += ending.own - begun.own;
    high += ended.own - before.own;
    if (childrenCounted) low += ending.children - begun.children;
  }
  for (const { own, children } of living) low += own + children;
  if (gone === roots.length) return null;
  const open = hadChildren || gone > 0;
  low -= reported;
  // Processes that are in no account have more reported faults than the others have unreported ones.
  if (low < 0 && open) return null;
  return { low: Math.max(0, low), high: open ? null : Math.max(0, high - reported), gone };
}
