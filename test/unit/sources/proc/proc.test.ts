import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { DENIED, isKnown, Proc, UNREADABLE } from '../../../../src/sources/proc/proc';
import { parseStat, parseStatus, parseSyscall } from '../../../../src/sources/proc/proc-parse';
import { anyText } from '../../../support/texts';

const root = mkdtempSync(join(tmpdir(), 'proc-'));
const proc = new Proc(root);
afterAll(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, content: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** proc_pid_stat(5): 52 fields, of which the test chooses some. */
function stat(comm: string, state: string, chosen: Record<number, number | string>): string {
  const fields = Array.from({ length: 50 }, (_, i) => String(chosen[i + 3] ?? 0));
  fields[0] = state;
  return `42 (${comm}) ${fields.join(' ')}\n`;
}

describe('stat', () => {
  test('finds the fields by the manual', () => {
    const text = stat('cat', 'S', {
      4: 7,
      9: 4194560,
      10: 11,
      11: 21,
      12: 13,
      13: 23,
      20: 3,
      22: 991,
      24: 55,
    });
    expect(parseStat(text)).toEqual({
      comm: 'cat',
      state: 'S',
      ppid: 7,
      minflt: 11,
      cminflt: 21,
      majflt: 13,
      cmajflt: 23,
      threads: 3,
      startTime: 991,
      rssPages: 55,
    });
  });

  test.each(['a b', ') R 1 (', '((', '))', 'x) Z 1 1', 'new\nline', ''])(
    'is not led astray by the name %j',
    (comm) => {
      const found = parseStat(stat(comm, 'D', { 4: 77 }));
      expect(found).toMatchObject({ comm, state: 'D', ppid: 77 });
    },
  );

  test.each([
    '',
    '42',
    '42 (x',
    '42 (x)',
    '42 (x) R',
    '42 (x) R 1 2 3',
    `42 (x) ? ${'0 '.repeat(50)}`,
  ])('answers null for %j', (text) => {
    expect(parseStat(text)).toBeNull();
  });
});

test('status', () => {
  put(
    '9/status',
    'Name:\tTgid:\\n\nUmask:\t0022\nTgid:\t8\nPid:\t9\nUid:\t1000\t0\t1000\t1000\nTgid:\t1\n' +
      'NSpid:\t9\t4\t2\nVmRSS:\t   12345 kB\n',
  );
  expect(proc.status(9)).toEqual({
    tgid: 8,
    state: '?',
    threads: 1,
    kernelThread: false,
    ppid: 0,
    uids: [1000, 0, 1000, 1000],
    rssBytes: 12345 * 1024,
    nsPids: [9, 4, 2],
  });
  expect(
    parseStatus('State:\tZ (zombie)\nTgid:\t5\nUid:\t0\t0\t0\t0\nThreads:\t3\nKthread:\t1\n'),
  ).toEqual({
    tgid: 5,
    state: 'Z',
    threads: 3,
    kernelThread: true,
    ppid: 0,
    uids: [0, 0, 0, 0],
    rssBytes: 0,
    nsPids: [5],
  });
  expect(parseStatus('Tgid:\t5\n')).toBeNull();
  expect(parseStatus('')).toBeNull();
});

// The kernel's own numbers: kthreadd is the second process, and the parent of the others.
test.each([
  ['Tgid:\t2\nPPid:\t0\n', true],
  ['Tgid:\t30\nPPid:\t2\n', true],
  ['Tgid:\t30\nPPid:\t2\nKthread:\t0\n', false],
  ['Tgid:\t30\nPPid:\t2\nVmSize:\t 8 kB\n', false],
  ['Tgid:\t30\nPPid:\t1\n', false],
  ['Tgid:\t30\nPPid:\t1\nKthread:\t1\n', true],
])('%j: a kernel thread: %s', (text, expected) => {
  expect(parseStatus(`${text}Uid:\t0\t0\t0\t0\n`)).toMatchObject({ kernelThread: expected });
});

test.each([
  ['running\n', { blocked: false }],
  [
    '-1 0x7ffc52d7a0f8 0x55d0c0de1234\n',
    { blocked: true, inSyscall: false, sp: 0x7ffc52d7a0f8n, pc: 0x55d0c0de1234n },
  ],
  [
    '0 0x3 0x7f0 0x20000 0x0 0x0 0x0 0xffffffffffffffff 0xffffffffff600400\n',
    { blocked: true, inSyscall: true, sp: 0xffffffffffffffffn, pc: 0xffffffffff600400n },
  ],
  ['', null],
  ['1 0x1\n', null],
  ['1 2 3\n', null],
])('syscall %j', (text, expected) => {
  expect(parseSyscall(text)).toEqual(expected);
});

test('no text makes a parser throw', () => {
  const pieces = fc.array(
    fc.oneof(anyText(), fc.constantFrom('42 (', ') R ', '0 ', '-1 0x', '\n', ':\t')),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('');
      for (const parse of [parseStat, parseStatus, parseSyscall]) {
        expect(() => parse(text)).not.toThrow();
      }
    }),
  );
});

test('comm and threads', () => {
  put('5/task/5/comm', 'main\n');
  put('5/task/12/comm', 'odd \u001b[1m\n\n');
  put('5/task/7/comm', '');
  expect(proc.comm(5)).toBe('main');
  expect(proc.comm(5, 12)).toBe('odd \u001b[1m\n');
  expect(proc.tasks(5)).toEqual([5, 7, 12]);
});

test('swap is in use where an area is listed', () => {
  const heading = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
  expect(new Proc(join(root, 'nowhere')).swapInUse()).toBe(false);
  put('swaps', heading);
  expect(proc.swapInUse()).toBe(false);
  put('swaps', heading + '/swapfile                               file\t\t8188\t\t0\t\t-2\n');
  expect(proc.swapInUse()).toBe(true);
});

test('gone and broken are two answers, and neither is thrown', () => {
  const notes: string[] = [];
  const noting = new Proc(root, (text) => notes.push(text));
  expect(noting.stat(4000000)).toBeNull();
  expect(noting.tasks(4000000)).toBeNull();
  expect(noting.stat(5, 99)).toBeNull();
  expect(notes).toEqual([]);
  // A loop of links is neither: EMFILE and its kin must not look like the end of a process.
  mkdirSync(join(root, '8'));
  symlinkSync('stat', join(root, '8/stat'));
  expect(noting.stat(8)).toBe(UNREADABLE);
  expect(noting.stat(8)).toBe(UNREADABLE);
  expect(notes).toEqual([expect.stringContaining('ELOOP')]);
});

test('only the kernel says that a process is gone', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(proc.hasEnded(child.pid!)).toBe(true);
  expect(proc.hasEnded(process.pid)).toBe(false);
  // In this /proc there is no such process; that says nothing.
  expect(proc.stat(process.pid)).toBeNull();
  expect(proc.hasEnded(process.ppid)).toBe(false);
});

const asRoot = process.getuid?.() === 0;

test('another user is denied, not gone', () => {
  put('10/stat', 'x');
  chmodSync(join(root, '10/stat'), 0);
  if (!asRoot) {
    expect(proc.stat(10)).toBe(DENIED);
    return;
  }
  // Root may read anything in a fake /proc; the file-system user id is what open(2) looks at.
  const uid = process.geteuid!();
  chmodSync(root, 0o755);
  process.seteuid!(65534);
  try {
    expect(proc.stat(10)).toBe(DENIED);
  } finally {
    process.seteuid!(uid);
  }
});

describe('live', () => {
  const live = new Proc();

  test('reads its own process', () => {
    const found = live.stat(process.pid);
    expect(found).toMatchObject({ ppid: process.ppid, state: expect.stringMatching(/[RS]/) });
    const status = live.status(process.pid);
    expect(status).toMatchObject({ tgid: process.pid });
    expect(live.tasks(process.pid)).toContain(process.pid);
  });

  test('knows a child: blocked in read, then gone', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    const pid = child.pid!;
    child.stdin.write('x');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    for (let tries = 0; tries < 200; tries++) {
      const found = live.stat(pid);
      if (isKnown(found) && found.state === 'S') break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(live.comm(pid)).toBe('cat');
    expect(live.stat(pid)).toMatchObject({ comm: 'cat', ppid: process.pid, threads: 1 });
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    expect(live.stat(pid)).toBeNull();
    expect(live.tasks(pid)).toBeNull();
  });

  test('agrees with getconf and ps on the resident size', () => {
    const pageSize = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
    const found = live.stat(process.ppid);
    const status = live.status(process.ppid);
    if (!isKnown(found) || !isKnown(status)) {
      throw new Error('the parent is gone');
    }
    // The two are counted differently (rss in stat is inexact), and the parent runs on.
    const ratio = (found.rssPages * pageSize) / status.rssBytes;
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});
