import type { CauseName } from './classes';

/** What of the machine changes what to make of a cause. */
export interface SystemFacts {
  /** Swap is in use: absent anonymous pages with a minor fault may come from the swap cache. */
  readonly swapInUse: boolean;
  /** /proc/sys/kernel/numa_balancing: present pages are made absent to see who uses them. */
  readonly numaBalancing: boolean;
}

/** What is known beside the cause itself. */
export interface CauseFacts extends SystemFacts {
  /** Share (0..1) of the file-read faults that were on pages which had been there before. */
  readonly rereadShare: number;
  readonly answerer: Answerer;
  /** Why faults ended in SIGBUS, as far as is known, each reason once. */
  readonly busReasons: readonly string[];
}

/** Who answers faults by userfaultfd: whoever holds the descriptor, which can be passed on. */
export type Answerer = 'unknown' | 'itself' | 'another' | 'several';

export interface CauseText {
  readonly means: string;
  /** What one does about it. */
  readonly advice: string;
}

/** From this share of evicted pages on memory pressure is the likely reason, not a cold start. */
const PRESSURE_SHARE = 0.2;

/** What a cause means and what one does about it: one plain line each, for reports and the dashboard. */
export function causeText(name: CauseName, facts: CauseFacts): CauseText {
  const qualified = QUALIFIED[name];
  return qualified === undefined ? CAUSE_TEXT[name] : qualified(CAUSE_TEXT[name], facts);
}

type Qualify = (text: CauseText, facts: CauseFacts) => CauseText;

/** Causes of which more can be said where more is known. */
const QUALIFIED: Readonly<Partial<Record<CauseName, Qualify>>> = {
  'demand-zero': ({ means, advice }, { swapInUse, numaBalancing }) => ({
    means: means + absentNote(swapInUse, numaBalancing),
    advice,
  }),
  'page-cache': withNumaNote,
  shmem: withNumaNote,
  unresolved: (text, { busReasons }) =>
    busReasons.length === 0
      ? text
      : {
          means: `${text.means}; SIGBUS in ${busReasons.join('; ')}`,
          advice:
            'SIGBUS: make room before it is touched (fallocate, nr_hugepages); SIGSEGV: see the ip',
        },
  userfaultfd: ({ advice }, { answerer }) => ({
    means: `registered with userfaultfd: the fault waits for ${ANSWERERS[answerer]}`,
    advice,
  }),
  'file-read': (text, { rereadShare }) =>
    rereadShare < PRESSURE_SHARE
      ? text
      : { means: 'pages read before were evicted and read again from the file', advice: PRESSURE },
};

const ANSWERERS: Readonly<Record<Answerer, string>> = {
  unknown: 'the program that answers it',
  itself: 'another thread of the process',
  another: 'the other process that holds it',
  several: 'a thread or a process that holds it',
};

function withNumaNote({ means, advice }: CauseText, { numaBalancing }: CauseFacts): CauseText {
  return { means: means + absentNote(false, numaBalancing), advice };
}

/** What else a fault on an absent page may be. A NUMA hint is one: its entry is PROT_NONE (do_numa_page). */
function absentNote(swap: boolean, numa: boolean): string {
  const others = [
    ...(swap ? ['back from the swap cache'] : []),
    ...(numa ? ['a hint of NUMA balancing'] : []),
  ];
  return others.length === 0 ? '' : ` (or ${others.join(', or ')})`;
}

const PRESSURE =
  'memory is short: see memory.max and memory.events of its cgroup, /proc/pressure/memory';

const CAUSE_TEXT: Readonly<Record<CauseName, CauseText>> = {
  'demand-zero': {
    means: 'first touch of heap, stack or anonymous memory: the kernel gives a zeroed page',
    advice: 'reuse memory, fault it in ahead (MAP_POPULATE), or use huge pages',
  },
  'page-cache': {
    means: 'first touch of a file page that was already in memory',
    advice: 'harmless; MAP_POPULATE or MADV_WILLNEED maps many at once',
  },
  'file-read': {
    means: 'the page had to be read from the file: the thread waited for the disk',
    advice: 'read ahead (MADV_WILLNEED, readahead), keep the file cached, or mlock it',
  },
  'swap-in': {
    means: 'memory that had been swapped out had to be read back',
    advice: PRESSURE,
  },
  shmem: {
    means: 'first touch of a page of shared memory (memfd, tmpfs, shared anonymous)',
    advice: 'fault it in ahead where the first access is time-critical',
  },
  'huge-page': {
    means: 'first touch of a huge page (hugetlbfs), taken from the pool and cleared',
    advice: 'fault it in ahead (MAP_POPULATE): clearing one takes long',
  },
  device: {
    means: 'page of a device or of a driver, which maps it when it is touched',
    advice: 'look at the driver: GPU, DRM, DMA buffers, rings shared with the kernel',
  },
  userfaultfd: {
    means: 'registered with userfaultfd: the fault waits for the program that answers it',
    advice: 'look at that program: live migration or restore, a collector, a tracker of writes',
  },
  'cow-anon': {
    means: 'write to a page shared by fork, KSM or the zero page: copied if it still is',
    advice: 'after fork exec soon (vfork, posix_spawn), or write less in the child',
  },
  'cow-file': {
    means: 'write to a page of a private file mapping: copied unless it is its own',
    advice: 'expected for .data and relocations; otherwise map shared or read the file',
  },
  'write-notify': {
    means: 'write to a clean page of a shared file mapping: the kernel tracks what is dirty',
    advice: 'comes back after each write-back; write in larger runs, sync less often',
  },
  protection: {
    means: 'the page was present but the access not allowed yet (soft-dirty and the like)',
    advice: 'look at who protects it: a collector, a tracker, mprotect in another thread',
  },
  unresolved: {
    means: 'the kernel could not resolve it: SIGSEGV or SIGBUS was sent',
    advice: 'some runtimes do this on purpose; otherwise it is a bug in the program',
  },
  unknown: {
    means: 'the mapping or the error code is not known',
    advice: 'run as root, so that the exceptions tracepoints and /proc can be read',
  },
};
