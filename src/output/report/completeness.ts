import { completeness } from '../../core/facts/capture-facts';
import type { CaptureFacts, RecordCounters } from '../../core/facts/capture-facts';
import type { MachineFaults } from '../../core/facts/machine-faults';
import { counted, grouped } from '../../core/text/format';
import type { ReportInput } from './report';

/** Captured and lost against the kernel's own counters. */
export function completenessText(capture: CaptureFacts): string {
  const c = completeness(capture);
  const sum = `captured ${grouped(c.captured)} + lost ${grouped(c.lost)}`;
  if (!c.comparable) return `${sum}; the kernel's own counters cannot be compared`;
  return `${sum} of the kernel's ${grouped(c.kernel)} (difference ${c.difference})`;
}

/** What /proc/PID/stat counts beyond that: nothing that was lost. */
export function beyondText({ beyond, capture }: ReportInput): string {
  if (beyond === null) {
    return 'not known how many more /proc/PID/stat counts: processes had ended before they were looked at';
  }
  const { low, high, gone } = beyond;
  const exact = low === high ? grouped(low) : '';
  const bounds = high === null ? `at least ${grouped(low)}` : `${grouped(low)} to ${grouped(high)}`;
  const number = exact === '' ? bounds : exact;
  const missing =
    gone === 0 ? '' : `; ${counted(gone, 'process', 'processes')} had ended before the last look`;
  const kernelMode = capture.mode.userOnly ? 'those inside system calls, and ' : '';
  return (
    `${number} more in /proc/PID/stat: ${kernelMode}pages that the kernel fetched for the process ` +
    `without an access that faulted (exec, O_DIRECT, MAP_POPULATE, KVM, ptrace)${missing}`
  );
}

/** What /proc/vmstat counts over the same time, and why that is more. */
export function machineText(
  { pgfault, pgmajfault, own }: MachineFaults,
  capture: CaptureFacts,
): string {
  const { captured, lost } = completeness(capture);
  const more = pgfault - own - captured - lost;
  return (
    `${grouped(pgfault)} in /proc/vmstat (pgmajfault ${grouped(pgmajfault)}): ${grouped(own)} of the analyzer itself, ` +
    `${grouped(more)} that no event reports: pages fetched without an access (get_user_pages), faults that failed, ` +
    'those while capture was switched on and off; a retried fault is MAJOR here and not in pgmajfault'
  );
}

/** What qualifies the numbers, in words; nothing where nothing does. */
export function qualifications({ snapshot, capture }: ReportInput): string[] {
  const swap = snapshot.causeFacts.swapInUse
    ? ['swap is in use: demand-zero includes pages that came back from the swap cache']
    : [];
  const { undecided } = snapshot.totals;
  const open =
    undecided > 0
      ? [
          `${grouped(undecided)} of the MINOR faults may be COW: the maps of their processes were not read (they were not hot, or ended before)`,
        ]
      : [];
  const notes = [...lossNotes(capture), ...recordNotes(capture.records), ...swap, ...open];
  return [...notes, ...snapshot.caps];
}

function lossNotes({ lost: { ring, mailbox, exact }, records }: CaptureFacts): string[] {
  const notes: string[] = [];
  if (ring > 0) {
    const number = `${exact ? '' : 'up to '}${counted(ring, 'fault')}`;
    notes.push(`${number} lost by the kernel for want of ring space (larger rings: -m)`);
  }
  if (mailbox > 0) notes.push(`${counted(mailbox, 'fault')} lost because output was too slow`);
  if (records.mailboxRecords > 0) {
    notes.push('address-space records were lost: some labels come from later readings of /proc');
  }
  return notes;
}

/** What is said of each counter that is not 0, `N` being its number. */
const RECORD_NOTES: readonly (readonly [keyof RecordCounters, string])[] = [
  ['unpairedCompletions', 'N faults without entry record: latency and access not known'],
  [
    'borrowedStamps',
    'N faults with the time stamp of another perf session on the same thread: latency not known',
  ],
  [
    'cutOff',
    'capture was switched off in the middle of N more: counted by the kernel, not recorded',
  ],
  ['retried', 'N faults were interrupted by a signal and taken again: latency not known'],
  [
    'interrupted',
    'N accesses were interrupted by a signal and not tried again: no faults, not counted',
  ],
  ['vsyscalls', 'N calls through [vsyscall], which the kernel emulates: no faults, not counted'],
  [
    'lostStacks',
    'N call stacks more were taken and found no room, or not their faults beside another perf session: no stack stands for those',
  ],
  ['unwatchedCpus', 'CPUs not watched: N; faults taken there are missing'],
  [
    'credentialsLost',
    'set-user-ID programs that ended before they could be attached to: N; their faults are missing',
  ],
  [
    'memorySharers',
    'processes that shared memory with another without being its threads (CLONE_VM): N',
  ],
  ['lostErrors', 'N ERRORs more were lost by the kernel for want of ring space (larger rings: -m)'],
  [
    'lostSamples',
    'N faults of the sample found no room in the rings (larger rings: -m): counted, and missing in estimates (~)',
  ],
  [
    'notKept',
    'threads for which the programs in the kernel had no room: met N times; their faults are missing, or their latency and access are not known',
  ],
  ['malformed', 'N records were malformed and left out'],
];

function recordNotes(records: RecordCounters): string[] {
  return RECORD_NOTES.filter(([counter]) => records[counter] > 0).map(([counter, text]) =>
    text.replace(/\bN\b/, () => grouped(records[counter])),
  );
}
