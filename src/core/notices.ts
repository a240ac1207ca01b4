/** A notice of the addon: what it could not have and what it did instead. */
export interface NoticeFacts {
  readonly code: string;
  readonly errno: number;
  readonly detail: string;
}

type Text = (detail: string) => string;

const NOTICES: ReadonlyMap<string, Text> = new Map(
  Object.entries<Text>({
    NO_TRACEPOINTS: () =>
      'no permission for the exceptions tracepoints, or the kernel lacks them: ' +
      'COW and causes cannot be told, latency can (run as root for both)',
    NO_UNMAP_TRACEPOINTS: () =>
      'munmap, mremap and brk are not seen: region labels are repaired from /proc',
    NO_SIGNAL_TRACEPOINT: () =>
      'signals are not seen: an ERROR is inferred, and may be a fault that a signal interrupted',
    USER_ONLY: (detail) =>
      `user-mode faults only (perf_event_paranoid is ${detail}): faults inside system calls are not seen`,
    RING_SHRUNK: (detail) =>
      `smaller rings than wanted, ${detail}: see perf_event_mlock_kb and ulimit -l; losses are counted`,
    WIDE_CAPTURE: (detail) =>
      `too few descriptors for every thread (${detail}): events are opened per CPU and told apart by pid`,
    CREDENTIALS_CHANGED: (detail) =>
      `process ${detail} changed its credentials by exec: the kernel detached its events and they were opened anew; ` +
      'a few faults around the exec may be missing',
    CREDENTIALS_MORE: (detail) => `and ${detail} more changed their credentials by exec`,
  }),
);

/**
 * One line for stderr, '' for notices about means that cost the user nothing (a detached tracefs mount,
 * a raised descriptor limit).
 */
export function noticeText(notice: NoticeFacts): string {
  if (notice.code === 'CREDENTIALS_CHANGED' && notice.errno !== 0) {
    return `process ${notice.detail} changed its credentials by exec and cannot be traced any more: its later faults are missing`;
  }
  return NOTICES.get(notice.code)?.(notice.detail) ?? '';
}
