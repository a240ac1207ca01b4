import { completeness } from '../../core/facts/capture-facts';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import { grouped } from '../../core/text/format';
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
  const missing = gone === 0 ? '' : `; ${grouped(gone)} processes had ended before the last look`;
  const kernelMode = capture.mode.userOnly ? 'those inside system calls, and ' : '';
  return (
    `${number} more in /proc/PID/stat: ${kernelMode}pages that the kernel fetched for the process ` +
    `without an access that faulted (exec, O_DIRECT, MAP_POPULATE, KVM, ptrace)${missing}`
  );
}

/** What qualifies the numbers, in words; nothing where nothing does. */
export function qualifications({ snapshot, capture }: ReportInput): string[] {
  const notes: string[] = [];
  const { ring, mailbox, exact } = capture.lost;
  if (ring > 0) {
    notes.push(
      exact
        ? `${grouped(ring)} faults lost by the kernel for want of ring space (larger rings: -m)`
        : `up to ${grouped(ring)} faults lost by the kernel for want of ring space (larger rings: -m)`,
    );
  }
  if (mailbox > 0) notes.push(`${grouped(mailbox)} faults lost because output was too slow`);
  if (capture.records.mailboxRecords > 0) {
    notes.push('address-space records were lost: some labels come from later readings of /proc');
  }
  if (capture.records.unpairedCompletions > 0) {
    notes.push(
      `${grouped(capture.records.unpairedCompletions)} faults without entry record: latency and access not known`,
    );
  }
  if (capture.records.borrowedStamps > 0) {
    notes.push(
      `${grouped(capture.records.borrowedStamps)} faults with the time stamp of another perf session on the same thread: latency not known`,
    );
  }
  if (capture.records.cutOff > 0) {
    notes.push(
      `capture was switched off in the middle of ${grouped(capture.records.cutOff)} more: counted by the kernel, not recorded`,
    );
  }
  if (capture.records.retried > 0) {
    notes.push(
      `${grouped(capture.records.retried)} faults were interrupted by a signal and taken again: latency not known`,
    );
  }
  if (capture.records.interrupted > 0) {
    notes.push(
      `${grouped(capture.records.interrupted)} accesses were interrupted by a signal and not tried again: no faults, not counted`,
    );
  }
  if (capture.records.vsyscalls > 0) {
    notes.push(
      `${grouped(capture.records.vsyscalls)} calls through [vsyscall], which the kernel emulates: no faults, not counted`,
    );
  }
  const { unwatchedCpus, credentialsLost, memorySharers } = capture.records;
  if (unwatchedCpus > 0) {
    notes.push(`CPUs not watched: ${grouped(unwatchedCpus)}; faults taken there are missing`);
  }
  if (credentialsLost > 0) {
    notes.push(
      `set-user-ID programs that ended before they could be attached to: ${grouped(credentialsLost)}; their faults are missing`,
    );
  }
  if (memorySharers > 0) {
    notes.push(
      `processes that shared memory with another without being its threads (CLONE_VM): ${grouped(memorySharers)}`,
    );
  }
  if (capture.records.malformed > 0) {
    notes.push(`${grouped(capture.records.malformed)} records were malformed and left out`);
  }
  if (snapshot.causeFacts.swapInUse) {
    notes.push('swap is in use: demand-zero includes pages that came back from the swap cache');
  }
  notes.push(...snapshot.caps);
  return notes;
}
