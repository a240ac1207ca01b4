/**
 * What /proc/vmstat counted of the whole machine over a capture (mm_account_fault() of mm/memory.c). pgfault has what no
 * event reports: pages that the kernel fetches without an access (get_user_pages), and faults that fail. pgmajfault is
 * counted where a page is read; a fault that had to be retried is major to perf, and not to it.
 */
export interface MachineFaults {
  readonly pgfault: number;
  readonly pgmajfault: number;
  /** Faults of the analyzer itself, which is left out. */
  readonly own: number;
}
