export type NoticeCode =
  | 'TRACEFS_DETACHED'
  | 'NO_TRACEPOINTS'
  | 'SOFTWARE_ASKED_FOR'
  | 'NO_UNMAP_TRACEPOINTS'
  | 'NO_SIGNAL_TRACEPOINT'
  | 'NO_STACKS'
  | 'NO_MAKERS'
  | 'USER_ONLY'
  | 'RING_SHRUNK'
  | 'FD_LIMIT_RAISED'
  | 'CPU_OFFLINE'
  | 'CPUS_NOT_WATCHED'
  | 'WIDE_CAPTURE'
  | 'DESCENDANTS_REFUSED'
  | 'DESCENDANTS_HELD'
  | 'FORKS_UNSEEN'
  | 'COMMAND_HELD'
  | 'COMMAND_FAILED'
  | 'CREDENTIALS_CHANGED'
  | 'CREDENTIALS_MORE'
  | 'COUNTS_UNREAD'
  | 'ENTRIES_MOVED'
  | 'ENTRIES_STAY'
  | 'WINDOWS_FAILED';

/** A notice of the addon: what it could not have and what it did instead. */
export interface NoticeFacts {
  readonly code: NoticeCode;
  readonly errno: number;
  readonly detail: string;
}

type Text = (detail: string, errno: number) => string;

// errno(3), as include/uapi/asm-generic/errno-base.h numbers them on every processor.
const EPERM = 1;
const ENOENT = 2;
const ENOMEM = 12;
const EACCES = 13;

const TEXTS: Readonly<Record<NoticeCode, Text | null>> = {
  // Means that cost the user nothing.
  TRACEFS_DETACHED: null,
  FD_LIMIT_RAISED: null,
  ENTRIES_MOVED: null,
  NO_TRACEPOINTS: (detail, errno) =>
    `${noTracepoints(detail, errno)}: COW and causes cannot be told, latency can`,
  SOFTWARE_ASKED_FOR: () => '--engine software: COW and causes cannot be told, latency can',
  NO_UNMAP_TRACEPOINTS: (detail) =>
    `munmap, mremap and brk are not seen${detail === '' ? '' : ` (${detail})`}: ` +
    'region labels are repaired from /proc',
  NO_SIGNAL_TRACEPOINT: () =>
    'signals are not seen: an ERROR is inferred, and may be a fault that a signal interrupted',
  NO_STACKS: (detail) =>
    `no call stacks (${detail}): they need the exceptions tracepoints, and without --stack-every the right to watch all processes`,
  NO_MAKERS: (detail) => `who made a mapping is not seen (${detail})`,
  USER_ONLY: (detail) =>
    `user-mode faults only (perf_event_paranoid is ${detail}): faults inside system calls are not seen`,
  RING_SHRUNK: (detail, errno) =>
    `smaller rings than wanted, ${detail}: ` +
    (errno === ENOMEM ? 'memory is short' : 'see perf_event_mlock_kb and ulimit -l') +
    '; losses are counted',
  CPU_OFFLINE: (detail) =>
    `CPU ${detail} went offline as capture began: faults that are taken there later are missing`,
  CPUS_NOT_WATCHED: (detail) =>
    `CPUs came online during the capture (${detail}): faults that are taken there are missing`,
  WIDE_CAPTURE: (detail) =>
    `too few descriptors for every thread (${detail}): events are opened per CPU and told apart by pid`,
  DESCENDANTS_REFUSED: (detail) =>
    `${detail} of the descendants belong to another user or have privileges: they are not captured (run as root)`,
  DESCENDANTS_HELD: (detail) =>
    `${detail} of the descendants are in the middle of an exec that does not end: they are not captured`,
  FORKS_UNSEEN: (detail) =>
    `threads that got no CPU while capture began (${detail}): a child that one of them was making then may not be captured`,
  COMMAND_HELD: () =>
    'COMMAND has not started yet: its file system does not answer; it is captured when it starts',
  COMMAND_FAILED: (detail) => `COMMAND could not be started in the end: ${detail}`,
  CREDENTIALS_CHANGED: (detail) =>
    `process ${detail} changed its credentials by exec: the kernel detached its events and they were opened anew; ` +
    'a few faults around the exec may be missing',
  WINDOWS_FAILED: (detail) =>
    `events could not be switched for --budget (${detail}): fewer faults are captured than may be, or none`,
  COUNTS_UNREAD: (detail) =>
    `what the programs in the kernel had counted last could not be read (${detail}): totals are too low`,
  ENTRIES_STAY: (detail) =>
    `programs in the kernel could not be told where faults begin (${detail}): events tell it, which costs the target more`,
  CREDENTIALS_MORE: (detail) => `and ${detail} more changed their credentials by exec`,
};

const NOTICES: ReadonlyMap<string, Text | null> = new Map(Object.entries(TEXTS));

/** A code that the addon has. */
export function isNotice(code: unknown): code is NoticeCode {
  return typeof code === 'string' && NOTICES.has(code);
}

/**
 * One line for stderr, '' for notices about means that cost the user nothing (a detached tracefs mount,
 * a raised descriptor limit).
 */
export function noticeText(notice: NoticeFacts): string {
  if (notice.code === 'CREDENTIALS_CHANGED' && notice.errno !== 0) {
    return `process ${notice.detail} changed its credentials by exec and cannot be traced any more: its later faults are missing`;
  }
  return NOTICES.get(notice.code)?.(notice.detail, notice.errno) ?? '';
}

/** `detail` is what was asked for and what the kernel answered, in words. */
function noTracepoints(detail: string, errno: number): string {
  if (errno === EPERM || errno === EACCES) {
    return 'no permission for the exceptions tracepoints (run as root)';
  }
  if (errno === ENOENT) return 'this kernel lacks the exceptions tracepoints';
  return `the exceptions tracepoints cannot be had (${detail})`;
}
