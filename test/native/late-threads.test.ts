import { waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { sleep, until } from '../support/running';
import type { Running } from '../support/running';
import { truthRows } from '../support/truth';
import { accounted, isUp } from './support/captures';
import type { Finished } from './support/captures';
import { startScript } from './support/script';

/** When a session ends: what its script waits for, and what is to be waited for before it is told. */
interface End {
  readonly flags: readonly string[];
  readonly script: string;
  readonly target: (target: Running) => Promise<unknown>;
}
const WITH_THE_THREADS: End = {
  flags: [],
  script: 'await until(() => capture.session.ended(), 150000);',
  target: (target) => target.ended,
};
/** The kernel takes up to a minute for the ends of 2,000 threads that are attached to: one case has them. */
const BEFORE_THEM: End = {
  flags: ['--stay'],
  script: 'await new Promise((resolve) => process.stdin.resume().once("end", resolve));',
  target: (target) => until('all pages', () => target.stdout.includes('"rows"'), 150_000),
};

describe('threads born during the attach', () => {
  test.each([
    [0, 'to their ends', WITH_THE_THREADS],
    ...[0, 3, 7, 12, 20, 35, 60, 90].map((ms) => [ms, 'while they live', BEFORE_THEM] as const),
  ] as const)(
    'after %i ms, %s: none is missed, none counted twice',
    async (ms, _, end) => {
      const target = await waiting([workload('late-threads'), '--pages', '8', ...end.flags]);
      await sleep(ms);
      const running = startScript(
        `const capture = new Capture({ pids: [+target] }, true);
         process.stdout.write('up\\n');
         ${end.script}
         print(capture.finish());`,
        { args: [target.pid] },
      );
      await isUp(running);
      target.write('\n');
      await end.target(target);
      running.closeInput();
      const ended = await running.ended;
      target.closeInput();
      const rows = truthRows((await target.ended).stdout);
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished;
      accounted(result);
      const pagesOf = new Map<number, number[]>();
      for (const [tid, address] of result.addresses!) {
        const pages = pagesOf.get(tid);
        if (pages === undefined) pagesOf.set(tid, [address]);
        else pages.push(address);
      }
      expect(rows.length).toBeGreaterThan(1);
      const wrong = rows.filter(({ tid, start, end: to, faults }) => {
        const own = (pagesOf.get(tid) ?? []).filter(
          (address) => address >= Number(start) && address < Number(to),
        );
        return own.length !== faults;
      });
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});
