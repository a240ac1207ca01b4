import { Cause, FaultClass } from '../classify/classes';
import type { CauseFacts } from '../classify/cause-text';
import type { RegionRow, Served } from '../snapshot/snapshot';

/** A figure, and from where on it is evidence. */
export interface Threshold<Of> {
  readonly figure: (of: Of) => number;
  readonly least: number;
}

interface Texts {
  /** Key in the JSON report. */
  readonly id: string;
  /** In a heading: so short that region, process and figures have room beside it on 80 columns. */
  readonly brief: string;
  readonly says: string;
  readonly advice: string;
}

/**
 * One thing that may dominate, and what one usually does about it. A row says it all: evidence, thresholds, text. The
 * evidence are faults of a cause in regions; of a region's faults of one cause the first rule has all that they reach.
 */
export interface Rule extends Texts {
  readonly cause: number;
  readonly kind?: RegionRow['kind'];
  /** All of them are reached by the region. */
  readonly region?: readonly Threshold<RegionRow>[];
  /** The same of the machine and the run. */
  readonly machine?: readonly Threshold<CauseFacts>[];
  /**
   * Nothing is waited for: a fault that only takes, clears or copies a page of 4 KiB ends long before, on average, ns.
   * Where they take longer, there is more to it.
   */
  readonly longNs?: number;
  /** Who is waited for is said where it is known for certain. */
  readonly server?: Served;
  /** Huge pages would take fewer of these faults: what is known of them in the region is said. */
  readonly hugePages?: true;
  /** Where swap is in use such faults may be on memory that is back from there, which nothing tells from others. */
  readonly swapCache?: true;
}

/** The evidence are faults that ended in a signal, and that the process which had them lives on. */
export interface SignalRule extends Texts {
  readonly class: number;
  /** Of one process: less may be an accident. */
  readonly least: number;
  /** `who`: who caught them, and where they were. */
  readonly text: (faults: string, who: string) => string;
}

/** No rule is a finding with less: of one thread's time it is no matter of page faults; of all the time stalled, no use. */
export const LEAST_SHARE = 0.01;
export const LEAST_PART = 0.1;

const pages = ({ startPage, endPage }: RegionRow): number => endPage - startPage;

/** How often each page of it was fresh. */
const turns = (row: RegionRow): number =>
  (row.byCause[Cause.DEMAND_ZERO]! - row.refaults) / pages(row);

/** Of sampled faults it is not known how many re-faults there were: those beyond its pages are at least so many. */
const refaultShare = (row: RegionRow): number => {
  const { refaults, faults } = row;
  return (Number.isNaN(refaults) ? faults - pages(row) : refaults) / faults;
};

/** How many reads from swap there were for each fault that may have found what they brought along. */
const swapInShare = ({ byCause }: RegionRow): number =>
  byCause[Cause.SWAP_IN]! / byCause[Cause.DEMAND_ZERO]!;

const cachedMeanNs = ({ causeNs, byCause }: RegionRow): number =>
  causeNs[Cause.PAGE_CACHE]! / byCause[Cause.PAGE_CACHE]!;

const SHORT = 'memory is short: memory.max and memory.events of the cgroup, /proc/pressure/memory';

export const RULES: readonly Rule[] = [
  {
    id: 'thread-stacks',
    cause: Cause.DEMAND_ZERO,
    kind: 'stack',
    longNs: 50e3,
    brief: 'first touch of stacks',
    says: 'first touch of stacks',
    advice: 'keep threads instead of starting new ones, or give them smaller stacks',
  },
  {
    id: 'heap-regrown',
    cause: Cause.DEMAND_ZERO,
    kind: 'heap',
    region: [
      // A smaller one malloc does not trim by itself (M_TRIM_THRESHOLD, mallopt(3)), nor does it matter.
      { figure: pages, least: 64 },
      { figure: turns, least: 2 },
    ],
    longNs: 50e3,
    brief: 'heap trimmed and regrown',
    says: 'a heap that is trimmed and grows again',
    advice: 'let malloc keep its top (M_TRIM_THRESHOLD, M_TOP_PAD), or allocate less often in bulk',
  },
  {
    id: 'swap-cache',
    cause: Cause.DEMAND_ZERO,
    region: [
      { figure: refaultShare, least: 0.5 },
      // A read from swap brings others along: 7 by default (vm.page-cluster), 31 where that is set to 5.
      { figure: swapInShare, least: 1 / 32 },
    ],
    machine: [{ figure: ({ swapInUse }) => Number(swapInUse), least: 1 }],
    brief: 'memory back from the swap cache',
    says: 'memory that was swapped out and is in memory again when it is touched',
    advice: SHORT,
  },
  {
    id: 'given-back',
    cause: Cause.DEMAND_ZERO,
    region: [{ figure: refaultShare, least: 0.5 }],
    longNs: 50e3,
    brief: 'freed memory touched again',
    says: 'memory that was given back and is touched again',
    advice: 'let the allocator or collector keep it (decay settings, MADV_DONTNEED, MADV_FREE)',
    swapCache: true,
  },
  {
    id: 'first-touch',
    cause: Cause.DEMAND_ZERO,
    longNs: 50e3,
    brief: 'first touch of fresh memory',
    says: 'first touch of fresh memory',
    advice: 'fault it in ahead (MAP_POPULATE, MADV_POPULATE_WRITE), reuse it, or use huge pages',
    hugePages: true,
  },
  {
    id: 'copy-on-write',
    cause: Cause.COW_ANON,
    longNs: 50e3,
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
    machine: [{ figure: ({ rereadShare }) => rereadShare, least: 0.2 }],
    server: 'file',
    brief: 'evicted file pages read again',
    says: 'file pages that were evicted and are read again',
    advice: SHORT,
  },
  {
    id: 'cold-file',
    cause: Cause.FILE_READ,
    server: 'file',
    brief: 'cold file pages read',
    // Pages are known as those of their mapping.
    says: 'file pages read from disk, each for the first time in its mapping',
    advice: 'read ahead (MADV_WILLNEED, MAP_POPULATE), keep the file cached (vmtouch), or mlock it',
  },
  {
    id: 'swap',
    cause: Cause.SWAP_IN,
    brief: 'memory read back from swap',
    says: 'memory read back from swap',
    advice: SHORT,
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
    // A page that is in memory, with those around it, is mapped long before, on average; and a few of a hundred take as long
    // as a disk.
    region: [
      { figure: cachedMeanNs, least: 30e3 },
      { figure: ({ p99Ns }) => p99Ns, least: 500e3 },
    ],
    server: 'file',
    brief: 'waits for read-ahead',
    says: 'file pages that were still being read ahead when they were touched',
    advice:
      'read them earlier (MADV_WILLNEED, MAP_POPULATE, read_ahead_kb), or keep the file cached (vmtouch); ' +
      'where memory is short they are evicted again: memory.events of the cgroup, /proc/pressure/memory',
  },
  {
    id: 'mapped-file',
    cause: Cause.PAGE_CACHE,
    brief: 'first touch of a cached file',
    says: 'first touch of file pages that are in memory',
    advice: 'map many at once: MAP_POPULATE, MADV_POPULATE_READ',
  },
  {
    id: 'shared-memory',
    cause: Cause.SHMEM,
    longNs: 50e3,
    brief: 'first touch of shared memory',
    says: 'first touch of shared memory',
    advice: 'fault it in ahead (MAP_POPULATE), or use huge pages for it',
  },
  {
    id: 'userfaultfd',
    cause: Cause.USERFAULTFD,
    server: 'userfaultfd',
    brief: 'waits for userfaultfd',
    says: 'faults that wait for a program which answers them (userfaultfd)',
    advice: 'look at that program: it is what the target waits for',
  },
];

const ON_PURPOSE = "made on purpose, as a JVM's checks for null and some collectors do";

export const SIGNAL_RULES: readonly SignalRule[] = [
  {
    id: 'caught-signals',
    class: FaultClass.ERROR,
    least: 100,
    brief: 'signals of faults that are caught',
    says: `faults that ended in a signal (ERROR) and were caught: ${ON_PURPOSE}`,
    advice: '',
    text: (faults, who) => `${faults} faults ended in a signal (ERROR) that ${who}: ${ON_PURPOSE}`,
  },
];
