import { askBlocked } from '../../../../src/sources/live/blocked-threads';
import type { ThreadTexts } from '../../../../src/sources/reader/requests';

const IP = 0x401234n;
const AT_IP = '-1 0x7ffc0000 0x401234\n';
const stat = (tid: number, state: string): string =>
  `${tid} (a b) ${state} 1 ${Array.from({ length: 40 }, () => '0').join(' ')}\n`;

/** Texts by thread, told when the test says so. */
function kit(texts: Readonly<Record<number, ThreadTexts | null>>): {
  readonly asked: { readonly pid: number; readonly tids: readonly number[] }[];
  readonly answers: (() => void)[];
  readonly ask: (threads: readonly (readonly [pid: number, tid: number])[]) => readonly boolean[][];
} {
  const asked: { pid: number; tids: readonly number[] }[] = [];
  const answers: (() => void)[] = [];
  return {
    asked,
    answers,
    ask: (threads) => {
      const told: boolean[][] = [];
      const reader = {
        threads: (
          pid: number,
          tids: readonly number[],
          answer: (found: readonly ThreadTexts[] | null) => void,
        ): void => {
          asked.push({ pid, tids });
          answers.push(() => {
            const found = tids.map((tid) => texts[tid] ?? null);
            answer(found.includes(null) ? null : found.map((text) => text!));
          });
        },
      };
      const faults = threads.map(([pid, tid]) => ({ pid, tid, ip: IP }));
      askBlocked(reader, faults, (blocked) => told.push([...blocked]));
      return told;
    },
  };
}

test('blocked are those that sleep in user mode at the instruction, and that nothing has stopped', () => {
  const { ask, answers } = kit({
    1: { syscall: AT_IP, stat: stat(1, 'D') },
    2: { syscall: 'running\n', stat: stat(2, 'R') },
    3: { syscall: '-1 0x7ffc0000 0x401235\n', stat: stat(3, 'S') },
    4: { syscall: '0 0x0 0x1 0x2 0x0 0x0 0x0 0x7ffc0000 0x401234\n', stat: stat(4, 'S') },
    5: { syscall: AT_IP, stat: stat(5, 'T') },
    6: { syscall: AT_IP, stat: '' },
    7: { syscall: '', stat: stat(7, 'S') },
  });
  const told = ask([1, 2, 3, 4, 5, 6, 7].map((tid) => [100, tid]));
  answers[0]!();
  expect(told).toEqual([[true, false, false, false, false, false, false]]);
});

test('each process is asked about by itself, so many threads at a time; told once, when all have answered', () => {
  const text = { syscall: AT_IP, stat: stat(1, 'S') };
  const many = Array.from({ length: 200 }, (_, k) => k + 1000);
  const texts = Object.fromEntries([...many, 1].map((tid) => [tid, text]));
  const { ask, asked, answers } = kit({ ...texts, 2: null });
  const told = ask([[7, 1], [8, 2], ...many.map((tid) => [7, tid] as const)]);
  expect(asked.map(({ pid, tids }) => [pid, tids.length])).toEqual([
    [7, 128],
    [8, 1],
    [7, 73],
  ]);
  answers[2]!();
  answers[0]!();
  expect(told).toEqual([]);
  answers[1]!();
  expect(told).toEqual([[true, false, ...many.map(() => true)]]);
});

test('of nothing nothing is asked', () => {
  expect(kit({}).ask([])).toEqual([[]]);
});
