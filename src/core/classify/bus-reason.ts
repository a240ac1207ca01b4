import { bytes } from '../text/format';
import { printable } from '../text/printable';

/** A fault that ended in SIGBUS, in memory that has a file or is made of huge pages. */
export interface BusFault {
  /** What a reader calls the mapping. */
  readonly label: string;
  /** hugetlbfs. */
  readonly huge: boolean;
  /** Byte offset into the file; -1 for memory without one. */
  readonly offset: number;
  /** si_code (sigaction(2)), 0 where it was not seen. */
  readonly code: number;
  /** Huge pages that the mapping had got before. */
  readonly touched: number;
}

/** What could be read after the event; null for what could not. */
export interface BusFacts {
  /** Bytes. */
  readonly fileSize: number | null;
  /** Pages that nobody has and nobody has reserved, of the pool that the fault draws on. */
  readonly freePages: number | null;
  readonly pageKib: number | null;
  /** How often the hugetlb limit of its cgroup was met. */
  readonly limitHits: number | null;
  /** The process has ended: its pages are back in the pool. */
  readonly ended: boolean;
}

const BUS_MCEERR_AR = 4;
const BUS_MCEERR_AO = 5;
const PAGE = 4096;
const MAX_LABEL = 60;

/**
 * Why a SIGBUS was sent, in words. The kernel does not say (hugetlb_no_page and filemap_fault give
 * VM_FAULT_SIGBUS for each): what excludes the others does.
 */
export function busReason(fault: BusFault, facts: BusFacts): string {
  const { huge, offset, code } = fault;
  // It goes among our own words, for which nobody strips anything.
  const label = printable(fault.label, MAX_LABEL);
  if (code === BUS_MCEERR_AR || code === BUS_MCEERR_AO)
    return `${label}: a memory error (hardware)`;
  if (facts.fileSize !== null && offset >= Math.ceil(facts.fileSize / PAGE) * PAGE) {
    return `${label}: touched beyond the end of the file (${bytes(facts.fileSize)})`;
  }
  if (!huge) {
    return facts.fileSize === null
      ? `${label}: touched beyond the end of the file, or the file could not be read`
      : `${label}: the page could not be read from the file, or there was no room for it`;
  }
  return `${label}: ${noHugePage(fault, facts)}`;
}

function noHugePage({ touched, offset }: BusFault, facts: BusFacts): string {
  const { freePages, pageKib, limitHits, ended, fileSize } = facts;
  const pages = pageKib === null ? 'huge pages' : `${bytes(pageKib * 1024)} pages`;
  // Having ended it gave back what it had.
  const usedUp = freePages !== null && freePages <= (ended ? touched : 0);
  if (usedUp) return `the pool of ${pages} was empty (nr_hugepages)`;
  if (limitHits !== null && limitHits > 0) return `the cgroup's limit of ${pages} was reached`;
  const end =
    offset >= 0 && fileSize === null ? ', or it was touched beyond the end of the file' : '';
  return `the pool of ${pages} was empty, or the cgroup's limit of them was reached${end}`;
}
