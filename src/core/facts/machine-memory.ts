/** What the kernel tells of the memory of the machine at one moment; NaN where it does not. */
export interface MemoryCounters {
  /** Any monotonic clock, ms. */
  readonly atMs: number;
  /** MemAvailable of /proc/meminfo: what programs could have without swapping, bytes. */
  readonly available: number;
  /** Cached of /proc/meminfo: pages of files, with shared memory, bytes. */
  readonly cached: number;
  /** /proc/pressure/memory, avg10: percent of the last 10 s (Documentation/accounting/psi.rst). */
  readonly some: number;
  readonly full: number;
  /** Pages swapped in and out so far (pswpin and pswpout of /proc/vmstat). */
  readonly swapIn: number;
  readonly swapOut: number;
  /**
   * Pages of files that were read again soon after they had been evicted, so far: workingset_refault_file, until
   * Linux 5.8 workingset_refault (mm/workingset.c).
   */
  readonly refaults: number;
}

/** The same over the time between two looks: pages a second. */
export interface MachineMemory extends Pick<
  MemoryCounters,
  'available' | 'cached' | 'some' | 'full'
> {
  readonly swapInRate: number;
  readonly swapOutRate: number;
  readonly refaultRate: number;
}

/** `before` is null at the first look: then there are no rates yet, which is not to be told from unknown. */
export function machineMemory(before: MemoryCounters | null, now: MemoryCounters): MachineMemory {
  const { available, cached, some, full } = now;
  const seconds = before === null ? NaN : (now.atMs - before.atMs) / 1000;
  const rate = (count: (counters: MemoryCounters) => number): number =>
    before === null || !(seconds > 0) ? NaN : Math.max(0, (count(now) - count(before)) / seconds);
  return {
    available,
    cached,
    some,
    full,
    swapInRate: rate(({ swapIn }) => swapIn),
    swapOutRate: rate(({ swapOut }) => swapOut),
    refaultRate: rate(({ refaults }) => refaults),
  };
}
