import { counted } from '../text/format';
import type { CaptureMode } from './capture-facts';

/** The line to record with: everything that can be told of a fault. */
export const PERF_RECORD =
  'perf record -c 1 -d -e minor-faults,major-faults,exceptions:page_fault_user,exceptions:page_fault_kernel,' +
  'syscalls:sys_enter_munmap,syscalls:sys_exit_munmap,syscalls:sys_enter_mremap,syscalls:sys_exit_mremap,' +
  'syscalls:sys_exit_brk';

/** Why a recording cannot be read at all. The names are those of addon/replay/replay.cc. */
const TROUBLES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    EMPTY: 'it is empty',
    DIRECTORY: 'it is a directory (perf record --threads or --kcore): give the file "data" in it',
    NOT_PERF_DATA: 'it is no perf.data file',
    BYTE_ORDER: 'it was recorded on a machine of the other byte order',
    HEAD: 'its head is damaged',
    FORWARD_ONLY:
      'this form of perf.data cannot be read from a pipe: give the file, or record with -o -',
    NO_EVENTS: `it has no page faults: record with ${PERF_RECORD}`,
    IDENTITY: 'the samples of its events cannot be told apart',
    NOT_BUILT: 'it is compressed, and the analyzer was built without libzstd',
    COMPRESSED: 'what is compressed in it is damaged',
    BOMB: 'what is compressed in it expands beyond reason',
    CUT_OFF: 'it ends in the middle of its head',
    DAMAGED: 'it is damaged',
    SANDBOX: 'the process that reads it could not give up its rights',
    '': 'the process that reads it has died',
  }),
);

/** Why it ends early. */
const EARLY_ENDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    CUT_OFF: 'the recording is cut off: this is what it has up to there',
    DAMAGED: 'the recording is damaged: this is what it has up to there',
    COMPRESSED: 'what is compressed in the recording is damaged: this is what it has up to there',
    NOT_BUILT: 'the recording is compressed, and the analyzer was built without libzstd',
    BOMB: 'what is compressed in the recording expands beyond reason: it was read no further',
    UNREADABLE: 'the recording could not be read to its end',
    DIED: 'the process that reads the recording has died: this is what it had read',
  }),
);

/**
 * Why it cannot be read, in words: `trouble` as the reading process names it, '' where that has died; `errno`: what a
 * system call that failed has said.
 */
export function recordingTrouble(trouble: string, errno: string): string {
  return TROUBLES.get(trouble) ?? (errno === '' ? trouble : errno.toLowerCase());
}

/** What is to be said when a recording has been read, '' for nothing. */
export function recordingEnd(trouble: string, strangers: number): string {
  const early = EARLY_ENDS.get(trouble) ?? '';
  if (strangers === 0) return early;
  const faults = counted(strangers, 'fault');
  const taken = `${faults} with the id of another perf session: taken for minor ones`;
  return early === '' ? taken : `${early}; ${taken}`;
}

/** What a recording cannot tell, one line each. `notes` are those of the reading process. */
export function recordingNotes(notes: readonly string[], mode: CaptureMode): string[] {
  const said: string[] = [];
  if (notes.includes('SAMPLED')) {
    said.push(
      'sampled, not every fault was recorded (-c 1): counts are of the samples, no estimates',
    );
  }
  if (notes.includes('MIXED')) {
    said.push('minor and major faults were recorded as one event: all are taken for minor');
  }
  if (notes.includes('UNTIMED')) {
    said.push(
      'recorded without times (perf record -T has them): no latencies, and no order between threads',
    );
  }
  if (mode.entrySource === 'software') {
    said.push('recorded without exceptions:page_fault_*: COW, access and ERROR cannot be told');
  }
  if (notes.includes('CODE_ONLY')) {
    said.push('recorded without -d: mappings without code are not known, nor is COW in them');
  }
  if (!mode.unmapTracepoints) {
    said.push(
      'recorded without munmap, mremap and brk: labels may be those of mappings that are gone',
    );
  }
  if (said.length > 0) said.push(`everything is told by ${PERF_RECORD}`);
  return said;
}
