import type { Program } from './injected';

/** A target that is started, one that is attached to, and the former without a mounted tracefs. */
export type Way = 'command' | 'attach' | 'detached';

/** A system call of the capture path, and what it may answer (its man page). */
export interface Row {
  readonly program: Program;
  readonly call: string;
  readonly errnos: readonly string[];
  readonly ways: readonly Way[];
  /** Only calls on these files (strace -P); PID stands for the target's number, OUTPUT for the stream. */
  readonly paths?: readonly string[];
  /** Only calls that strace shows so: others are Node's own, which aborts where they fail. */
  readonly only?: RegExp;
  /** Its other threads and children too, each of which counts for itself: the capture's thread, COMMAND before exec. */
  readonly children?: true;
  /** Which calls, where they are not learned from a run without errors. */
  readonly ordinals?: readonly number[];
  /** Not for ever: what is tried again until it succeeds would be so for ever. */
  readonly once?: true;
}

const BOTH: readonly Way[] = ['command', 'attach'];
const STARTED: readonly Way[] = ['command'];
const PERF = ['anon_inode:[perf_event]'];
const EVENTS = '/sys/kernel/tracing/events';
const TRACEPOINTS = [
  ...['exceptions/page_fault_user', 'exceptions/page_fault_kernel', 'signal/signal_generate'],
  ...['syscalls/sys_enter_munmap', 'syscalls/sys_exit_brk', 'task/task_newtask'],
];
const FILE = ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EPERM', 'ENOENT', 'EIO', 'ESRCH'];

/**
 * The capture path: of Node's main thread what comes after the addon was loaded, since what fails before is
 * Node's own start. Left out are fstat, fcntl and epoll, and what is read from and written to Node's own pipes and
 * event counters: Node itself aborts where these fail. So is close, which has done its work when it fails.
 */
export const TABLE: readonly Row[] = [
  {
    program: 'node',
    call: 'perf_event_open',
    errnos: [
      ...['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EPERM', 'EINVAL', 'ENODEV', 'ENOSYS', 'ESRCH'],
      ...['EBUSY', 'ENOSPC'],
    ],
    ways: BOTH,
  },
  { program: 'node', call: 'mmap', errnos: ['ENOMEM', 'EPERM', 'EAGAIN'], ways: BOTH, paths: PERF },
  {
    program: 'node',
    call: 'ioctl',
    errnos: ['EINVAL', 'ENOTTY', 'EFAULT', 'ENOMEM'],
    ways: BOTH,
    paths: PERF,
  },
  { program: 'node', call: 'read', errnos: ['EIO', 'ENOMEM', 'ENOSPC'], ways: BOTH, paths: PERF },
  {
    program: 'node',
    call: 'read',
    errnos: ['EIO', 'ENOMEM', 'ENODEV', 'EAGAIN'],
    ways: BOTH,
    paths: [
      ...['/proc/swaps', '/proc/sys/kernel/numa_balancing', '/proc/self/mountinfo'],
      ...TRACEPOINTS.flatMap((name) => ['id', 'format'].map((file) => `${EVENTS}/${name}/${file}`)),
    ],
  },
  {
    program: 'node',
    call: 'read',
    errnos: ['EIO', 'ENOMEM', 'ESRCH', 'EACCES'],
    ways: ['attach'],
    paths: ['stat', 'status', 'task/PID/stat', 'task/PID/syscall', 'task/PID/children'].map(
      (file) => `/proc/PID/${file}`,
    ),
  },
  { program: 'node', call: 'openat', errnos: FILE, ways: BOTH },
  { program: 'node', call: 'statx', errnos: ['EACCES', 'EIO', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'newfstatat', errnos: ['EACCES', 'EIO', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'access', errnos: ['ENOENT', 'EACCES'], ways: BOTH },
  { program: 'node', call: 'faccessat2', errnos: ['ENOENT', 'EACCES', 'ENOSYS'], ways: BOTH },
  { program: 'node', call: 'getdents64', errnos: ['ENOENT', 'EIO', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'readlink', errnos: ['ENOENT', 'EACCES', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'pipe2', errnos: ['EMFILE', 'ENFILE'], ways: BOTH },
  { program: 'node', call: 'socketpair', errnos: ['EMFILE', 'ENFILE', 'ENOBUFS'], ways: BOTH },
  { program: 'node', call: 'clone', errnos: ['EAGAIN', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'clone3', errnos: ['EAGAIN', 'ENOMEM'], ways: BOTH },
  {
    program: 'node',
    call: 'pidfd_open',
    errnos: ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOSYS'],
    ways: BOTH,
  },
  { program: 'node', call: 'eventfd2', errnos: ['EMFILE', 'ENFILE', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'dup', errnos: ['EMFILE'], ways: BOTH },
  { program: 'node', call: 'prlimit64', errnos: ['EPERM', 'EINVAL'], ways: BOTH },
  { program: 'node', call: 'sched_getaffinity', errnos: ['EINVAL'], ways: STARTED },
  { program: 'node', call: 'wait4', errnos: ['ECHILD', 'EINTR'], ways: STARTED, once: true },
  { program: 'node', call: 'waitid', errnos: ['ECHILD', 'EINTR'], ways: STARTED },
  { program: 'node', call: 'kill', errnos: ['EPERM', 'ESRCH'], ways: BOTH },
  {
    program: 'node',
    call: 'write',
    errnos: ['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG'],
    ways: BOTH,
    paths: ['OUTPUT'],
  },
  { program: 'node', call: 'sendmsg', errnos: ['EPIPE', 'ENOMEM'], ways: BOTH },
  { program: 'node', call: 'fsopen', errnos: ['ENOSYS', 'EPERM', 'ENODEV'], ways: ['detached'] },
  { program: 'node', call: 'fsconfig', errnos: ['EPERM', 'EBUSY'], ways: ['detached'] },
  { program: 'node', call: 'fsmount', errnos: ['EPERM', 'EMFILE'], ways: ['detached'] },

  ...(
    [
      { call: 'poll', errnos: ['EINTR', 'ENOMEM', 'EINVAL'], ordinals: [1, 2, 3] },
      { call: 'tgkill', errnos: ['EPERM', 'ESRCH', 'EAGAIN'], ordinals: [1, 2] },
      { call: 'waitid', errnos: ['ECHILD', 'EINTR'], ordinals: [1, 2, 3] },
      { call: 'setsid', errnos: ['EPERM'], ordinals: [1] },
      {
        call: 'execve',
        errnos: ['ENOENT', 'EACCES', 'ENOMEM', 'E2BIG', 'ETXTBSY'],
        ordinals: [1, 2],
      },
      { call: 'dup2', errnos: ['EMFILE', 'EBUSY'], ordinals: [1, 2, 3] },
      { call: 'close_range', errnos: ['ENOSYS', 'ENOMEM'], ordinals: [1] },
      { call: 'prctl', errnos: ['EINVAL', 'EPERM'], ordinals: [1, 2] },
      { call: 'personality', errnos: ['EINVAL'], ordinals: [1] },
    ] as const
  ).map((row) => ({ program: 'node' as const, children: true as const, ways: BOTH, ...row })),

  ...(
    [
      { call: 'readlink', errnos: ['EACCES', 'ENOENT', 'ENOMEM'] },
      { call: 'openat', errnos: FILE, only: /proc/ },
      { call: 'getdents64', errnos: ['EIO', 'ENOMEM'] },
      { call: 'prlimit64', errnos: ['EPERM', 'EINVAL'] },
      { call: 'rt_sigaction', errnos: ['EINVAL', 'EFAULT'] },
      { call: 'rt_sigprocmask', errnos: ['EINVAL', 'EFAULT'] },
      {
        call: 'memfd_create',
        errnos: ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EINVAL', 'ENOSYS'],
      },
      { call: 'write', errnos: ['EIO', 'EFBIG', 'ENOSPC', 'ENOMEM'] },
      { call: 'lseek', errnos: ['EINVAL'] },
      { call: 'access', errnos: ['EACCES', 'ENOENT', 'ENOMEM'], only: /bin/ },
      { call: 'execve', errnos: ['ENOENT', 'EACCES', 'ENOMEM', 'E2BIG'], ordinals: [1] },
    ] as const
  )
    // Once: beyond the launcher's own calls come Node's.
    .map((row) => ({ program: 'launch' as const, ways: STARTED, once: true as const, ...row })),

  ...(
    [
      { call: 'clone', errnos: ['EAGAIN', 'ENOMEM'], ordinals: [1] },
      { call: 'close_range', errnos: ['ENOSYS', 'ENOMEM'], ordinals: [1] },
      { call: 'setsid', errnos: ['EPERM'], ordinals: [1] },
      { call: 'chdir', errnos: ['EACCES', 'ENOMEM'], ordinals: [1] },
      { call: 'rt_sigprocmask', errnos: ['EFAULT'], ordinals: [1] },
      { call: 'poll', errnos: ['EINTR', 'ENOMEM', 'EFAULT'], ordinals: [1, 2] },
      { call: 'pidfd_send_signal', errnos: ['ENOSYS', 'EPERM'], ordinals: [1] },
      { call: 'execve', errnos: ['ENOENT', 'EACCES', 'ENOMEM'], ordinals: [1] },
    ] as const
  ).map((row) => ({
    program: 'watcher' as const,
    children: true as const,
    ways: STARTED,
    ...row,
  })),

  ...(
    [
      { call: 'openat', errnos: FILE },
      { call: 'read', errnos: ['EIO', 'ENOMEM', 'EAGAIN'] },
      { call: 'pread64', errnos: ['EIO', 'ENOTCONN'] },
      { call: 'write', errnos: ['EIO', 'EPIPE'] },
      { call: 'ioctl', errnos: ['ENOTTY', 'ENAMETOOLONG', 'EINVAL', 'ENOENT', 'ESRCH'] },
      { call: 'newfstatat', errnos: ['EACCES', 'ENOTCONN', 'EIO'] },
      { call: 'fstat', errnos: ['EACCES', 'ENOTCONN', 'EIO'] },
      { call: 'readlink', errnos: ['EACCES', 'ENOENT'] },
      { call: 'mmap', errnos: ['ENOMEM', 'ENODEV'] },
      { call: 'chdir', errnos: ['EACCES'] },
      { call: 'close_range', errnos: ['ENOSYS'] },
      { call: 'setsid', errnos: ['EPERM'] },
      { call: 'prlimit64', errnos: ['EPERM'] },
      { call: 'rt_sigaction', errnos: ['EINVAL'] },
    ] as const
  ).map((row) => ({ program: 'reader' as const, ways: BOTH, ...row })),
];
