import type { ClassName } from '../classify/classes';
import { THRESHOLDS } from '../findings/verdict';
import { percent } from '../text/format';
import { COMPARE_COLUMNS } from './compare-columns';
import { CAUSE_COLUMNS } from './cause-columns';
import { cgroupMemoryColumns, processMemoryColumns } from './memory-columns';
import { ownedColumns } from './owned-columns';
import { PROCESS_COLUMNS, REGION_COLUMNS, SITE_COLUMNS, THREAD_COLUMNS } from './row-columns';
import { TITLES } from './titles';

/** A word that is printed, and what it means. */
export interface Word {
  readonly title: string;
  readonly doc: string;
}

/** Words of one part of the screen or the report. */
export interface WordList {
  readonly name: string;
  readonly words: readonly Word[];
}

const CLASS_DOCS: Readonly<Record<ClassName, string>> = {
  MAJOR:
    'the thread waited for a disk, or for what looks like one: a file was read, a page swapped in',
  MINOR: 'anything else: the page was in memory already, or was made of zeros',
  COW: 'a write to a page of a private mapping that may be shared (fork, KSM, a file): copied if it still is',
  ERROR: 'the kernel sent SIGSEGV or SIGBUS for it; some runtimes do that on purpose',
};

/** The classes, in the order in which they are told. */
export const CLASS_WORDS: readonly Word[] = (['MAJOR', 'COW', 'MINOR', 'ERROR'] as const).map(
  (title) => ({ title, doc: CLASS_DOCS[title] }),
);

const LOOK = percent(THRESHOLDS.look);
const PROBLEM = percent(THRESHOLDS.problem);

/** What is good and what is not. */
const VERDICT_WORDS: readonly Word[] = [
  { title: 'FINE', doc: `faults take less than ${LOOK} % of every thread's time, and of all CPUs` },
  {
    title: 'UNKNOWN',
    doc: 'the latency of most faults is not known: another perf session on the same threads',
  },
  { title: 'LOOK', doc: `from ${LOOK} % on, now: which memory, whose, and what one does about it` },
  { title: 'PROBLEM', doc: `from ${PROBLEM} % on, now; in all when the target has ended` },
  { title: 'earlier', doc: 'what is over, but has cost so much since the counters run' },
];

const HEADING_WORDS: readonly Word[] = [
  {
    title: 'full capture',
    doc: 'every fault is seen; else what is not, or what had to be done differently',
  },
  { title: 'LOST', doc: 'faults that were not captured, and counted: 0 is good' },
  { title: 'FROZEN', doc: 'the picture stands still, capture goes on; Space goes back' },
  { title: 'MAJ MIN COW ERR', doc: 'faults of each class so far, and per second now' },
  {
    title: 'in faults, stall',
    doc: 'time that threads stood in faults, in percent of wall time; of all threads together',
  },
  { title: 'thread max, max', doc: 'the same of the thread that waited most' },
  {
    title: 'captured + lost',
    doc: 'beside what the kernel itself has counted: equal when capture has ended, until then some are unread',
  },
  {
    title: 's behind',
    doc: 'so old are the newest faults that were counted: the rest waits, and is counted when there is time',
  },
  {
    title: 'untimed',
    doc: 'faults whose latency is not known: they count, their time is in no sum (mostly another perf session on the same threads)',
  },
  { title: 'since z', doc: 'the counters run since they were set to zero' },
  { title: 'rings', doc: 'the buffers between kernel and analyzer, one for each CPU' },
  { title: 'RSS', doc: 'memory of the target that is resident' },
  { title: 'swap', doc: 'memory of the target that is in swap: its next access is a MAJOR fault' },
  {
    title: 'before us',
    doc: 'faults of the target from its start until capture began, as /proc/PID/stat counts them',
  },
  {
    title: 'PSI mem, full',
    doc: 'of the last 10 s the share in which some tasks, or all of them, stood still for memory; n/a: a kernel without PSI',
  },
  {
    title: 'free',
    doc: 'memory of the machine that programs can have without swapping (MemAvailable)',
  },
  {
    title: 'cache',
    doc: 'page cache of the machine: pages of files, with shared memory (Cached)',
  },
  {
    title: 'swap in/out',
    doc: 'pages a second that the machine reads from swap and writes to it: where they are not 0, memory is short',
  },
  {
    title: 'refaults',
    doc: 'pages of files a second that are read again soon after they were evicted: where they are not 0, MAJOR faults are of short memory, not of a cold start',
  },
  { title: 'in flight', doc: 'a fault that has not ended, and holds its thread for so long' },
  { title: 'counting only', doc: 'what --filter drops is in no counter' },
  {
    title: 'faults/s',
    doc: 'graph: faults by class, one on top of the other, the rarest lowest; a column for each refresh, wide in the first ones',
  },
  {
    title: 'stall ms/s',
    doc: 'graph: ms that all threads together stood in faults in a second; 1000 is one thread',
  },
  { title: 'peak, pk', doc: 'the largest value that the graph shows' },
  {
    title: 'fair sample',
    doc: 'of so many faults one is in the log: each of its class had the same chance',
  },
];

/** Everything that has a title, in the order in which one meets it. */
export const WORDS: readonly WordList[] = [
  { name: 'Classes of faults', words: CLASS_WORDS },
  { name: 'The verdict', words: VERDICT_WORDS },
  { name: 'The heading', words: HEADING_WORDS },
  {
    name: 'Columns',
    words: unique([
      ...REGION_COLUMNS,
      ...THREAD_COLUMNS,
      ...PROCESS_COLUMNS,
      ...SITE_COLUMNS,
      ...CAUSE_COLUMNS,
      ...processMemoryColumns(() => null),
      ...ownedColumns('cgroup'),
      ...cgroupMemoryColumns(() => null),
      ...Object.values(TITLES.columns),
    ]),
  },
  { name: 'Lines of a detail', words: Object.values(TITLES.details) },
  {
    name: 'The report',
    words: [...Object.values(TITLES.head), ...Object.values(TITLES.sections)],
  },
];

/** The same of `diff`. */
export const COMPARISON_WORDS: WordList = {
  name: 'Comparing two runs',
  words: [
    { title: 'TOTAL', doc: 'all faults of both runs, whatever rows are shown' },
    {
      title: 'per second',
      doc: 'the runs took different times: numbers are divided by them, but where both are of a COMMAND',
    },
    { title: 'differs', doc: 'what one side could see, or was asked for, and the other was not' },
    ...unique(COMPARE_COLUMNS),
  ],
};

/** Each title once in each meaning. */
function unique(words: readonly Word[]): Word[] {
  const seen = new Set<string>();
  return words
    .filter(({ title, doc }) => {
      const key = `${title}\n${doc}`;
      return seen.size < seen.add(key).size;
    })
    .map(({ title, doc }) => ({ title, doc }));
}

/** All of them as tables in Markdown, for docs/words.md. */
export function wordTables(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [...WORDS, COMPARISON_WORDS]
    .map(({ name, words }) => {
      const rows = words.map(({ title, doc }) => `| \`${cell(title)}\` | ${cell(doc)} |`);
      return [`## ${name}`, '', '| word | meaning |', '|---|---|', ...rows].join('\n');
    })
    .join('\n\n');
}
