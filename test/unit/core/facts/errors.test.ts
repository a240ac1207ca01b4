import { openSync } from 'node:fs';
import {
  AnalyzerError,
  describeError,
  systemErrorText,
  writeFailureText,
} from '../../../../src/core/facts/errors';
import { noticeText } from '../../../../src/core/facts/notices';
import type { NoticeCode } from '../../../../src/core/facts/notices';

const attach = { command: '', pids: [42] };
const start = { command: 'prog', pids: [] };
const native = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code, errno: 1, syscall: 'perf_event_open' });

const other = (code: string, syscall: string, message: string): Error =>
  Object.assign(new Error(message), { code, errno: 1, syscall });

test('the documented line, to the letter', () => {
  expect(describeError(native('EPERM_PARANOID', 'perf_event_open: x'), attach)).toEqual({
    line: 'error: perf_event_paranoid too strict (see /proc/sys/kernel/perf_event_paranoid)',
    status: 2,
  });
});

test.each([
  [native('EACCES', ''), attach, /process 42.*another user/],
  [native('EPERM', ''), attach, /process 42.*root/],
  [native('ESRCH', ''), { command: '', pids: [1, 2] }, /one of the processes 1, 2/],
  [native('NO_ENGINE', 'bpf: why'), attach, /^error: --engine bpf: why \(.*leave it out/],
  [
    native('NO_ENGINE', 'bpf: why'),
    { ...attach, sampledBy: '--budget' as const },
    /^error: --budget needs programs in the kernel: bpf: why \(.*leave it out/,
  ],
  [
    native('EMFILE', 'perf_event_open: Too many open files: 9 threads x 2 CPUs x 4 events need 72'),
    attach,
    /9 threads x 2 CPUs x 4 events need 72.*ulimit -n/,
  ],
  [native('SECCOMP', ''), attach, /seccomp.*Seccomp: 2.*--cap-add PERFMON/],
  [native('ENOSYS', ''), attach, /no perf events/],
  [native('EIO', 'mmap: Input/output error'), attach, /^error: mmap: Input\/output error/],
  // Only perf_event_open tells of rights to trace and of the kernel's build.
  [
    other('EACCES', 'opendir', 'opendir: Permission denied: /proc/42/task'),
    attach,
    /opendir: Perm/,
  ],
  [other('EPERM', 'pipe2', 'pipe2: Operation not permitted'), start, /pipe2: Operation not/],
  [other('ENOSYS', 'eventfd', 'eventfd: Function not implemented'), start, /eventfd: Function/],
  [other('ENOMEM', 'fork', 'fork: Cannot allocate memory'), start, /fork: Cannot allocate/],
  [native('EXEC_ENOENT', ''), start, /'prog'.*no such file.*PATH/],
  [native('EXEC_EACCES', ''), start, /'prog'.*permission denied/],
  [native('EXEC_ELOOP', 'execvp: Too many levels'), start, /'prog'.*Too many levels/],
  [native('ENODEV', 'perf_event_open: No such device'), attach, /No such device.*ENODEV/],
  [new AnalyzerError('KERNEL_THREAD', 'process 2'), attach, /process 2 is a kernel thread/],
  [new AnalyzerError('ZOMBIE', 'process 9'), attach, /process 9 is a zombie/],
  [new AnalyzerError('ADDON_MISSING', 'tried /x'), attach, /npm run build.*tried \/x/],
])('%s: one line, status 2', (error, context, pattern) => {
  const { line, status } = describeError(error, context);
  expect(line).toMatch(pattern);
  expect(line).toMatch(/^error: [^\n]+$/);
  expect(status).toBe(2);
});

test('what no table knows is an error of ours', () => {
  expect(describeError(new TypeError('x is not a function'), attach)).toEqual({
    line: 'internal error: x is not a function',
    status: 1,
  });
  expect(describeError('text', attach).status).toBe(1);
  expect(describeError(null, attach).status).toBe(1);
});

test('failed writes in words', () => {
  expect(writeFailureText('ENOSPC')).toBe('no space left on device');
  expect(writeFailureText('EXYZ')).toBe('EXYZ');
});

test('notices that cost the user something are said, the others not', () => {
  const say = (code: NoticeCode, detail = '', errno = 0): string =>
    noticeText({ code, detail, errno });
  expect(say('NO_TRACEPOINTS', 'x', 13)).toMatch(/no permission.*run as root.*COW/);
  expect(say('NO_TRACEPOINTS', 'x', 2)).toMatch(/this kernel lacks.*COW/);
  expect(say('SOFTWARE_ASKED_FOR', '', 0)).toMatch(/COW/);
  const broken = say('NO_TRACEPOINTS', 'exceptions:page_fault_user: Input/output error', 5);
  expect(broken).toMatch(/Input\/output error.*COW/);
  expect(broken).not.toMatch(/permission|root/);
  expect(say('CPUS_NOT_WATCHED', '2')).toMatch(/\(2\): faults .* missing/);
  expect(say('CPU_OFFLINE', '3')).toMatch(/^CPU 3 .*missing/);
  expect(say('RING_SHRUNK', 'x', 12)).not.toMatch(/mlock/);
  expect(say('USER_ONLY', '2')).toMatch(/perf_event_paranoid is 2/);
  expect(say('RING_SHRUNK', '64 KiB instead of 512 KiB')).toMatch(/64 KiB instead of 512 KiB/);
  expect(say('WIDE_CAPTURE', 'why')).toMatch(/per CPU/);
  expect(say('CREDENTIALS_CHANGED', '7')).toMatch(/process 7.*anew/);
  expect(say('CREDENTIALS_CHANGED', '7', 13)).toMatch(/process 7.*cannot be traced any more/);
  expect(say('TRACEFS_DETACHED')).toBe('');
  expect(say('FD_LIMIT_RAISED', '1024')).toBe('');
});

test('of what Node says of a system call the words for the errno are left', () => {
  const failure = (path: string): unknown => {
    try {
      return openSync(path, 'r');
    } catch (error) {
      return error;
    }
  };
  expect(systemErrorText(failure('/nobody/has, open it'))).toBe('no such file or directory');
  expect(systemErrorText(failure('/dev/null/x'))).toBe('not a directory');
  expect(systemErrorText(new Error('ENOENT: by hand, open'))).toBe('ENOENT: by hand, open');
});
