import { readFileSync } from 'node:fs';
import { TargetWatch } from '../../../../src/sources/live/target-watch';
import { parseTaskState } from '../../../../src/sources/proc/proc-parse';
import type { TaskTexts } from '../../../../src/sources/reader/requests';
import { realReader } from '../../../support/reader-kit';
import { until } from '../../../support/running';

test('a process as /proc shows it, its command line and its memory', async () => {
  const real = realReader();
  try {
    const watch = new TargetWatch(real.reader);
    expect(watch.of(process.pid)).toBeUndefined();
    expect(watch.commandLine(process.pid)).toBe('');
    watch.look([process.pid]);
    await until('both answers', () => {
      return watch.of(process.pid) !== undefined && watch.commandLine(process.pid) !== '';
    });
    const stat = readFileSync('/proc/self/comm', 'utf8').trimEnd();
    expect(watch.of(process.pid)).toMatchObject({
      comm: stat,
      state: expect.stringMatching(/[RS]/),
    });
    expect(watch.of(process.pid)!.threads).toBeGreaterThan(1);
    expect(watch.of(process.pid)!.rss).toBeGreaterThan(10e6);
    const args = readFileSync('/proc/self/cmdline', 'utf8').replace(/\0$/, '').split('\0');
    expect(watch.commandLine(process.pid)).toBe(args.join(' '));
  } finally {
    real.close();
  }
});

const status = (name: string, state: string, threads: number): string =>
  `Name:\t${name}\nUmask:\t0022\nState:\t${state}\nTgid:\t7\nVmRSS:\t   12 kB\nVmSwap:\t   4 kB\nThreads:\t${threads}\n`;

/** A reader whose answers come when the test says so. */
class LateReader {
  asked: (readonly number[])[] = [];
  answers: ((texts: readonly TaskTexts[] | null) => void)[] = [];
  tasks(pids: readonly number[], told: (texts: readonly TaskTexts[] | null) => void): void {
    this.asked.push(pids);
    this.answers.push(told);
  }
  cmdline(): void {
    this.lines++;
  }
  lines = 0;
  answer(text: string | null): void {
    this.answers.shift()!(text === null ? null : [{ status: text, cgroup: '' }]);
  }
}

test('one question at a time, however often one looks; what has ended stays what it was', () => {
  const reader = new LateReader();
  const watch = new TargetWatch(reader);
  for (let k = 0; k < 5; k++) watch.look([7]);
  expect(reader.asked).toEqual([[7]]);
  expect(reader.lines).toBe(1);
  reader.answer(status('db', 'S (sleeping)', 3));
  const seen = { comm: 'db', state: 'S', threads: 3, rss: 12288, swap: 4096 };
  expect(watch.of(7)).toEqual(seen);
  for (const text of [null, '', status('db', 'Z (zombie)', 1), 'Name:\tdb\n']) {
    watch.look([7]);
    reader.answer(text);
    expect(watch.of(7)).toEqual(seen);
  }
  // Its first thread has ended, and others go on.
  watch.look([7]);
  reader.answer(status('db', 'Z (zombie)', 2));
  expect(watch.of(7)).toMatchObject({ state: 'Z', threads: 2 });
});

test('a name cannot pass for another line', () => {
  const text = status('x\\nState:\\tZ', 'R (running)', 1);
  expect(parseTaskState(text)).toEqual({ comm: 'x\\nState:\\tZ', state: 'R', threads: 1 });
});
