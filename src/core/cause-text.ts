import type { CauseName } from './classes';

/** What a cause means and what one does about it: one plain line each, for reports and the dashboard. */
export const CAUSE_TEXT: Readonly<
  Record<CauseName, { readonly means: string; readonly advice: string }>
> = {
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
    advice: 'the machine is short of memory: shrink the working set or add memory',
  },
  shmem: {
    means: 'first touch of a page of shared memory (memfd, /dev/shm, shared anonymous)',
    advice: 'fault it in ahead where the first access is time-critical',
  },
  'cow-anon': {
    means: 'write to an anonymous page shared since a fork, or to the zero page: it was copied',
    advice: 'after fork exec soon (vfork, posix_spawn), or write less in the child',
  },
  'cow-file': {
    means: 'first write to a page of a private file mapping: it was copied',
    advice: 'expected for .data and relocations; otherwise map shared or read the file',
  },
  'write-notify': {
    means: 'write to a clean page of a shared file mapping: the kernel tracks what is dirty',
    advice: 'comes back after each write-back; write in larger runs, sync less often',
  },
  protection: {
    means: 'the page was present but the access not allowed yet (userfaultfd, NUMA, soft-dirty)',
    advice: 'look at who protects it: a collector, a tracker, automatic NUMA balancing',
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
