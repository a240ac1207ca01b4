import { Cause } from '../classify/classes';
import type { CauseFacts } from '../classify/cause-text';
import type { RegionRow } from '../snapshot/snapshot';

/** One thing that may dominate, and what one usually does about it. A row says it all: evidence, threshold, text. */
export interface Rule {
  /** Key in the JSON report. */
  readonly id: string;
  /** The faults that are evidence: of this cause, in rows of which this holds. */
  readonly cause: number;
  readonly of?: (row: RegionRow) => boolean;
  /** What is known of the machine or the run that the rule needs. */
  readonly when?: (facts: CauseFacts) => boolean;
  /** In a heading: so short that region, process and figures have room beside it on 80 columns. */
  readonly brief: string;
  readonly says: string;
  readonly advice: string;
  /** Nothing is waited for: where these faults take long, there is more to it. */
  readonly inMemory?: true;
  /** Huge pages would take fewer of these faults: what is known of them in the region is said. */
  readonly hugePages?: true;
}

/** From this share of evicted pages on what is read again was there before. */
const REREAD_SHARE = 0.2;
/** From this share of faults on pages that had faulted before a row is memory that was given back. */
const REFAULT_SHARE = 0.5;

/** A heap whose pages were fresh so often, each, was trimmed and has grown again. */
const REGROWN_TURNS = 2;
/** A smaller heap than this malloc does not trim by itself (M_TRIM_THRESHOLD, mallopt(3)), nor does it matter. Pages. */
const REGROWN_PAGES = 64;

/**
 * A page that is in memory, with those around it, is mapped long before, on average. Where more than a few of a hundred
 * take as long as a disk, these were still being read. ns.
 */
const READING_NS = 30e3;
const DISK_NS = 500e3;
const isBeingRead = ({ byCause, causeNs, p99Ns }: RegionRow): boolean =>
  p99Ns >= DISK_NS && causeNs[Cause.PAGE_CACHE]! >= READING_NS * byCause[Cause.PAGE_CACHE]!;

const isRegrown = ({ kind, byCause, refaults, startPage, endPage }: RegionRow): boolean =>
  kind === 'heap' &&
  endPage - startPage >= REGROWN_PAGES &&
  byCause[Cause.DEMAND_ZERO]! - refaults >= REGROWN_TURNS * (endPage - startPage);
const isRefaulted = (row: RegionRow): boolean =>
  row.faults > 0 && refaultsOf(row) / row.faults >= REFAULT_SHARE;

/** Of sampled faults it is not known: those beyond its pages are at least so many. */
function refaultsOf({ refaults, faults, startPage, endPage }: RegionRow): number {
  return Number.isNaN(refaults) ? faults - (endPage - startPage) : refaults;
}

export const RULES: readonly Rule[] = [
  {
    id: 'thread-stacks',
    cause: Cause.DEMAND_ZERO,
    inMemory: true,
    of: ({ kind }) => kind === 'stack',
    brief: 'first touch of stacks',
    says: 'first touch of stacks',
    advice: 'keep threads instead of starting new ones, or give them smaller stacks',
  },
  {
    id: 'heap-regrown',
    cause: Cause.DEMAND_ZERO,
    inMemory: true,
    of: isRegrown,
    brief: 'heap trimmed and regrown',
    says: 'a heap that is trimmed and grows again',
    advice: 'let malloc keep its top (M_TRIM_THRESHOLD, M_TOP_PAD), or allocate less often in bulk',
  },
  {
    id: 'given-back',
    cause: Cause.DEMAND_ZERO,
    inMemory: true,
    of: (row) => row.kind !== 'stack' && isRefaulted(row) && !isRegrown(row),
    brief: 'freed memory touched again',
    says: 'memory that was given back and is touched again',
    advice: 'let the allocator or collector keep it (decay settings, MADV_DONTNEED, MADV_FREE)',
  },
  {
    id: 'first-touch',
    cause: Cause.DEMAND_ZERO,
    inMemory: true,
    of: (row) => row.kind !== 'stack' && !isRefaulted(row) && !isRegrown(row),
    brief: 'first touch of fresh memory',
    says: 'first touch of fresh memory',
    advice: 'fault it in ahead (MAP_POPULATE, MADV_POPULATE_WRITE), reuse it, or use huge pages',
    hugePages: true,
  },
  {
    id: 'copy-on-write',
    cause: Cause.COW_ANON,
    inMemory: true,
    brief: 'copy-on-write',
    says: 'pages copied because they are written after a fork (or KSM)',
    advice:
      'fork before memory is filled, or use vfork or posix_spawn; a snapshot by fork costs this',
  },
  {
    id: 'copied-file',
    cause: Cause.COW_FILE,
    brief: 'private file pages copied',
    says: 'pages of private file mappings copied at the first write',
    advice: 'fewer relocations (prelink, static, -z now), or map shared where that is meant',
  },
  {
    id: 'memory-pressure',
    cause: Cause.FILE_READ,
    when: ({ rereadShare }) => rereadShare >= REREAD_SHARE,
    brief: 'evicted file pages read again',
    says: 'file pages that were evicted and are read again',
    advice: 'memory is short: memory.max and memory.events of the cgroup, /proc/pressure/memory',
  },
  {
    id: 'cold-file',
    cause: Cause.FILE_READ,
    when: ({ rereadShare }) => rereadShare < REREAD_SHARE,
    brief: 'cold file pages read',
    says: 'file pages read from disk for the first time',
    advice: 'read ahead (MADV_WILLNEED, MAP_POPULATE), keep the file cached (vmtouch), or mlock it',
  },
  {
    id: 'swap',
    cause: Cause.SWAP_IN,
    brief: 'memory read back from swap',
    says: 'memory read back from swap',
    advice: 'memory is short: memory.max and memory.events of the cgroup, /proc/pressure/memory',
  },
  {
    id: 'dirty-tracking',
    cause: Cause.WRITE_NOTIFY,
    brief: 'dirty tracking of a shared file',
    says: 'first writes to clean pages of shared file mappings',
    advice:
      'each write-back makes them clean again: write less often, or in larger pieces (write(2))',
  },
  {
    id: 'read-ahead',
    cause: Cause.PAGE_CACHE,
    of: isBeingRead,
    brief: 'waits for read-ahead',
    says: 'file pages that were still being read ahead when they were touched',
    advice:
      'read them earlier (MADV_WILLNEED, MAP_POPULATE, read_ahead_kb), or keep the file cached (vmtouch); ' +
      'where memory is short they are evicted again: memory.events of the cgroup, /proc/pressure/memory',
  },
  {
    id: 'mapped-file',
    cause: Cause.PAGE_CACHE,
    of: (row) => !isBeingRead(row),
    brief: 'first touch of a cached file',
    says: 'first touch of file pages that are in memory',
    advice: 'map many at once: MAP_POPULATE, MADV_POPULATE_READ',
  },
  {
    id: 'shared-memory',
    cause: Cause.SHMEM,
    inMemory: true,
    brief: 'first touch of shared memory',
    says: 'first touch of shared memory',
    advice: 'fault it in ahead (MAP_POPULATE), or use huge pages for it',
  },
  {
    id: 'userfaultfd',
    cause: Cause.USERFAULTFD,
    brief: 'waits for userfaultfd',
    says: 'faults that wait for a program which answers them (userfaultfd)',
    advice: 'look at that program: it is what the target waits for',
  },
];
