import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Proc } from '../../../../src/sources/proc/proc';
import { resolveTargets } from '../../../../src/sources/live/targets';
import { loadAddon } from '../../../../src/native/load';

const root = mkdtempSync(join(tmpdir(), 'targets-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

interface Shape {
  readonly tgid?: number;
  readonly state?: string;
  readonly kernel?: boolean;
  readonly threads?: number;
}

/** What says what a pid is (proc_pid_status(5)). */
function put(
  id: number,
  { tgid = id, state = 'S', kernel = false, threads = 1 }: Shape = {},
): void {
  mkdirSync(join(root, String(id)), { recursive: true });
  writeFileSync(
    join(root, `${id}/status`),
    `Name:\tx\nState:\t${state} (so)\nTgid:\t${tgid}\nPid:\t${id}\nUid:\t0\t0\t0\t0\n` +
      `NSpid:\t${id}\nThreads:\t${threads}\nKthread:\t${kernel ? 1 : 0}\n`,
  );
}

const SELF = 900;
const resolve = (...ids: number[]) => resolveTargets(new Proc(root), ids, SELF, true);

function putChildren(pid: number, tid: number, children: readonly number[]): void {
  mkdirSync(join(root, `${pid}/task/${tid}`), { recursive: true });
  writeFileSync(join(root, `${pid}/task/${tid}/children`), children.map((id) => `${id} `).join(''));
}

beforeAll(() => {
  put(100);
  put(101, { tgid: 100 });
  put(200);
  put(2, { kernel: true });
  put(300, { state: 'Z' });
  put(310, { state: 'Z', threads: 3 });
  put(SELF);
  put(SELF + 1, { tgid: SELF });
});

test('processes are taken as they are named', () => {
  expect(resolve(200, 100)).toEqual({ pids: [200, 100], descendants: [], notes: [] });
});

test('a process whose first thread has ended lives on in the others', () => {
  expect(resolve(310)).toEqual({ pids: [310], descendants: [], notes: [] });
});

test('a process that lives and is not shown is hidden, not gone', () => {
  // The test runner itself: in the made-up /proc there is no such directory.
  expect(() => resolve(process.pid)).toThrow(
    expect.objectContaining({ code: 'NO_TARGET_ACCESS' }) as Error,
  );
});

test('a tid stands for its process, once, and the user is told', () => {
  const { pids, notes } = resolve(101, 100);
  expect(pids).toEqual([100]);
  expect(notes).toEqual(['101 is a thread of process 100: all threads of it are traced']);
});

test('who descends from them is found, ourselves apart', () => {
  for (const pid of [400, 401, 402, 403, 404]) put(pid);
  putChildren(400, 400, [401, 402, SELF]);
  putChildren(400, 410, [403]);
  putChildren(403, 403, [404]);
  putChildren(SELF, SELF, [405]);
  expect(resolve(400, 402)).toEqual({
    pids: [400, 402],
    descendants: [401, 403, 404],
    notes: [],
  });
  expect(resolveTargets(new Proc(root), [400], SELF, false).descendants).toEqual([]);
  const many = Array.from({ length: 5000 }, (_, i) => 1000 + i);
  putChildren(400, 400, many);
  expect(resolve(400).descendants.length).toBeLessThanOrEqual(256);
});

test.each([
  [2 ** 30, 'NO_PROCESS'],
  [2, 'KERNEL_THREAD'],
  [300, 'ZOMBIE'],
  [SELF, 'SELF'],
  [SELF + 1, 'SELF'],
])('%i is refused: %s', (id, code) => {
  const refusal = (): unknown => {
    try {
      return resolve(100, id);
    } catch (error) {
      return error;
    }
  };
  expect(refusal()).toMatchObject({ name: 'AnalyzerError', code });
});

test('the built addon loads and has the layout of this source', () => {
  expect(typeof loadAddon().start).toBe('function');
});
