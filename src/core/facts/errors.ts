/** Exit statuses (as --help says them). */
export const Exit = { OK: 0, INTERNAL: 1, CONFIGURATION: 2 } as const;

/**
 * An error with a code that the user's message is made from. The addon's own errors have the same shape
 * (code, errno, syscall, message), so one table serves both.
 */
export class AnalyzerError extends Error {
  constructor(
    readonly code: ErrorCode,
    detail: string,
    readonly syscall = '',
  ) {
    super(detail);
    this.name = 'AnalyzerError';
  }
}

/** What the messages may speak of. */
export interface ErrorContext {
  /** COMMAND's file as it was given, '' when attached. */
  readonly command: string;
  readonly pids: readonly number[];
  /** What needs the engine that was asked for, where that is no engine itself. */
  readonly sampledBy?: '--every' | '--budget';
}

type Message = (detail: string, context: ErrorContext) => string;

/** Codes that say something of permissions and the kernel only where perf_event_open(2) has failed. */
const OF_PERF_EVENTS: readonly string[] = ['EACCES', 'EPERM', 'ENOSYS'];

/** What, why, what to do: one line each. The detail is the error's own message. */
const TEXTS = {
  EPERM_PARANOID: () => 'perf_event_paranoid too strict (see /proc/sys/kernel/perf_event_paranoid)',
  EACCES: (_, { pids, command }) =>
    command === ''
      ? `no permission to trace ${processes(pids)}: another user's process, or one with privileges ` +
        '(run as root, or with CAP_PERFMON and CAP_SYS_PTRACE)'
      : 'no permission for page fault events: run as root, or with CAP_PERFMON',
  EPERM: (_, { pids }) =>
    `no permission to trace ${pids.length === 0 ? 'page faults' : processes(pids)} ` +
    '(run as root, or with CAP_PERFMON and CAP_SYS_PTRACE)',
  ESRCH: (_, { pids }) => `no such process: ${processes(pids)} does not exist or has just ended`,
  INNER_PID: (detail) => `no such process: ${detail}`,
  NO_PROCESS: (detail) => `no such process: ${detail} (see ps -e)`,
  EMFILE: (detail) =>
    `too many descriptors: ${reason(detail)} (raise the limit with ulimit -n, or run as root)`,
  ENFILE: () => 'the system has no file descriptors left (see /proc/sys/fs/file-max)',
  ENOSYS: () => 'this kernel has no perf events (CONFIG_PERF_EVENTS)',
  NO_ENGINE: (detail, { sampledBy }) =>
    sampledBy === undefined
      ? `--engine ${detail} (run as root, or leave it out: the best that can be had is used)`
      : `${sampledBy} needs programs in the kernel: ${detail} (run as root, or leave it out: every fault is captured then)`,
  SECCOMP: () =>
    'a seccomp filter refuses perf_event_open (Seccomp: 2 in /proc/self/status): run outside of the container, or ' +
    'start it with --cap-add PERFMON or --security-opt seccomp=unconfined; a systemd unit, with ' +
    'SystemCallFilter=perf_event_open',
  ENOTSUP_NO_CHILDREN: () => '--no-children needs Linux 5.13 or later: leave it out',
  EXEC_ENOENT: (_, { command }) =>
    `cannot run '${command}': no such file or directory (give its path, or check PATH)`,
  EXEC_INTERPRETER: (interpreter, { command }) =>
    `cannot run '${command}': its interpreter '${interpreter}' does not exist` +
    (interpreter.endsWith('\r') ? ' (its first line ends with a carriage return)' : ''),
  EXEC_EACCES: (_, { command }) =>
    `cannot run '${command}': permission denied (is it an executable file? see ls -l)`,
  EXEC_ENOEXEC: (_, { command }) =>
    `cannot run '${command}': not in a format the kernel can execute (a script needs a #! line)`,
  KERNEL_THREAD: (detail) => `${detail} is a kernel thread: it has no page faults of its own`,
  WHOLE_RIGHTS: () =>
    'no permission to watch other processes: run as root, or with CAP_PERFMON and CAP_SYS_PTRACE; ' +
    'a process of your own can be traced with -p PID',
  CGROUP_V1: (detail) =>
    `no cgroup v2 hierarchy is mounted (${detail}): cgroups, units and containers need it; -p and --name do not`,
  NO_CGROUP: (detail) => `no such cgroup: ${detail}`,
  NO_UNIT: (detail) => `no running unit: ${detail}`,
  NO_CONTAINER: (detail) => `no such container: ${detail}`,
  HELD_EXEC: (detail) =>
    `process ${reason(detail)} is in the middle of an exec that does not end (waited 2 s): ` +
    `a file system that it needs does not answer (see /proc/${reason(detail)}/stack)`,
  ZOMBIE: (detail) => `${detail} is a zombie: it has ended and only waits for its parent`,
  SELF: (detail) => `${detail} is this analyzer itself: it cannot trace its own faults`,
  READY_FD: (detail) =>
    `--ready-fd: descriptor ${detail} is not open (a shell opens it with ${detail}>FILE)`,
  PROC_MISSING: () =>
    '/proc is not mounted, so that processes cannot be attached to (mount -t proc proc /proc)',
  PROC_FOREIGN: () =>
    "/proc is another pid namespace's: its numbers are other processes (mount -t proc proc /proc, or unshare --mount-proc)",
  NO_TARGET_ACCESS: (detail) =>
    `${detail} is not shown to us: another user's process, or hidden (hidepid): run as root`,
  PROC_UNREADABLE: (detail) =>
    `cannot read ${detail}: no descriptor or memory left, or an error of /proc`,
  ADDON_MISSING: (detail) => `the native addon is not built: run npm run build (${detail})`,
  ADDON_BROKEN: (detail) => `the native addon cannot be loaded: run npm run build (${detail})`,
  ADDON_ABI: (detail) => `the native addon does not fit: run npm run build (${detail})`,
  DEMO_MISSING: (detail) => `the demo program is not built: run npm run build (${detail})`,
  OUTPUT: (detail) => `cannot write to ${detail}`,
  RECORDING: (detail) => `cannot read the recording ${detail}`,
  NO_REPORT: (detail) => `cannot compare: ${detail}`,
  FILTER: (detail) => `--filter: ${detail}`,
} as const satisfies Record<string, Message>;

/** What our own errors are told by; those of the addon also have the errno's name, which may be any. */
export type ErrorCode = keyof typeof TEXTS;

const MESSAGES: ReadonlyMap<string, Message> = new Map(Object.entries<Message>(TEXTS));

/** The line for stderr (without newline) and the exit status for anything that was thrown. */
export function describeError(
  error: unknown,
  context: ErrorContext,
): { readonly line: string; readonly status: number } {
  const { code, message, syscall } = errorParts(error);
  const elsewhere =
    OF_PERF_EVENTS.includes(code) && syscall !== '' && syscall !== 'perf_event_open';
  const made = elsewhere ? undefined : MESSAGES.get(code);
  if (made !== undefined) {
    return { line: `error: ${made(message, context)}`, status: Exit.CONFIGURATION };
  }
  if (code.startsWith('EXEC_')) {
    return {
      line: `error: cannot run '${context.command}': ${reason(message)}`,
      status: Exit.CONFIGURATION,
    };
  }
  // An errno of the addon that has no line of its own is still about this system, not a bug of ours.
  if (isErrno(code)) return { line: `error: ${message} (${code})`, status: Exit.CONFIGURATION };
  return { line: `internal error: ${message}`, status: Exit.INTERNAL };
}

function processes(pids: readonly number[]): string {
  return pids.length === 1 ? `process ${pids[0]!}` : `one of the processes ${pids.join(', ')}`;
}

/** The last part of `call: errno text: detail`. */
function reason(message: string): string {
  return message.split(': ').slice(1).pop() ?? message;
}

function isErrno(code: string): boolean {
  return /^E[A-Z0-9]{2,}$/.test(code);
}

/** Code, message and system call of anything thrown. `instanceof Error` would miss what another realm made. */
export function errorParts(error: unknown): {
  readonly code: string;
  readonly message: string;
  /** '' where none failed. */
  readonly syscall: string;
} {
  if (typeof error !== 'object' || error === null) {
    return { code: '', message: String(error), syscall: '' };
  }
  return {
    syscall: 'syscall' in error ? String(error.syscall) : '',
    code: 'code' in error ? String(error.code) : '',
    message: 'message' in error ? String(error.message) : 'unknown',
  };
}

/** The words for an errno alone, without its name and the call and path that Node adds to them. */
export function systemErrorText(error: unknown): string {
  const { code, message, syscall } = errorParts(error);
  const words = message.slice(`${code}: `.length);
  const end = words.indexOf(`, ${syscall}`);
  return syscall !== '' && end > 0 ? words.slice(0, end) : message;
}

const WRITE_FAILURES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOSPC: 'no space left on device',
    EDQUOT: 'disk quota exceeded',
    EFBIG: 'file too large',
    EIO: 'input/output error',
    EBADF: 'the descriptor is closed',
    ENOENT: 'no such directory',
    ENOTDIR: 'part of the path is not a directory',
    EISDIR: 'it is a directory',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'read-only file system',
    ETXTBSY: 'the file is being executed',
    ENXIO: 'no such device',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the name is too long',
  }),
);

/** `ENOSPC` as a person says it, for a failed write; the code itself where it has no words here. */
export function writeFailureText(errno: string): string {
  return WRITE_FAILURES.get(errno) ?? errno;
}
