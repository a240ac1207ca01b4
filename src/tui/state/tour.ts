/** What a phase of the demo does, and where one sees it. */
interface Stop {
  readonly did: string;
  readonly look: string;
}

const stop = (did: string, look: string): Stop => ({ did, look });

/** By the names that pagefault-demo prints in its first column, behind which it pauses. */
export const TOUR: ReadonlyMap<string, Stop> = new Map([
  [
    'heap',
    stop('took memory from malloc and wrote to it', 'Regions (1): [heap], MINOR, one fault a page'),
  ],
  ['stack', stop('called itself deeper and deeper', 'Regions (1): [stack] grows as it is touched')],
  [
    'anonymous',
    stop('mapped memory without a file and wrote to it', 'Causes (4): demand-zero, pages of zeros'),
  ],
  [
    'zero page, read',
    stop('read memory that nobody has written to', 'Regions (1): [anon]; reading shares one page'),
  ],
  [
    'zero page, write',
    stop('wrote to the pages that it had read before', 'Causes (4): cow-anon, COW without a fork'),
  ],
  ['fork, parent', stop('wrote to memory before a fork', 'Regions (1): [anon], MINOR as ever')],
  [
    'fork, child',
    stop('forked, and the child wrote to what it shares', 'Processes (3): COW, in the child alone'),
  ],
  ['thread', stop('let a second thread touch memory', 'Threads (2): demo-thread has its own row')],
  ['memfd', stop('wrote to a file in memory', 'Causes (4): shmem; Regions (1): memfd:demo')],
  ['shared anonymous', stop('wrote to shared memory', 'Regions (1): [shared anon]')],
  ['mremap, before', stop('filled a mapping that is to move', 'Regions (1): [anon]')],
  ['mremap, moved', stop('moved it, and touched it again', 'Events (6): moved pages do not fault')],
  ['mremap, grown', stop('touched the part that it has grown by', 'Events (6): that part faults')],
  [
    'read(2) into it',
    stop(
      'let the kernel write into fresh memory',
      'Events (6): the code is the kernel that copies',
    ),
  ],
  [
    'SIGSEGV, handled',
    stop('touched what it may not, and survived', 'the heading: ERR; Causes (4): unresolved'),
  ],
  [
    'file, cold',
    stop(
      'read a file that is on the disk alone',
      'the verdict, and Latency (5): MAJOR takes longest',
    ),
  ],
  ['file, warm', stop('read it again, from memory', 'Latency (5): the same pages, now MINOR')],
  [
    'private, write',
    stop('wrote to a private mapping of the file', 'Causes (4): cow-file, a copy of its own'),
  ],
  ['private, read', stop('read the file through a private mapping', 'Regions (1): demo.dat')],
  [
    'private, then write',
    stop('wrote to what it had read there', 'open demo.dat (Enter): where its faults fall'),
  ],
  ['shared, read', stop('read the file through a shared mapping', 'Causes (4): page-cache')],
  [
    'shared, then write',
    stop('wrote to what it had read there', 'Causes (4): write-notify, to mark pages dirty'),
  ],
  ['shared, write', stop('wrote to a shared mapping at once', 'Findings (9): what is worth doing')],
]);

/** The first column of what the demo prints. */
const NAME_CELLS = 20;
/** Lines behind which no older phase is looked for: the sum of a round stands between two of them. */
const MAX_BACK = 4;

/** Where the demo is, by the last lines that it has printed; null before its first phase. */
export function tourStop(lines: readonly string[]): Stop | null {
  for (const line of lines.slice(-MAX_BACK).reverse()) {
    const found = TOUR.get(line.slice(0, NAME_CELLS).trim());
    if (found !== undefined) return found;
  }
  return null;
}
