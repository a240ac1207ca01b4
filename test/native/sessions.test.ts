import { waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { faulting } from '../support/processes';
import { truthRows } from '../support/truth';
import { accounted, isUp, withStorm } from './support/captures';
import type { Finished } from './support/captures';
import { answer, startScript } from './support/script';

describe('several sessions', () => {
  test('two at once on one process see all of its faults', async () => {
    const target = await waiting([workload('storm'), '--faults', '100000', '--threads', '2']);
    const running = startScript(
      `const first = new Capture({ pids: [+target] }), second = new Capture({ pids: [+target] });
       process.stdout.write('up\\n');
       await until(() => first.session.ended() && second.session.ended(), 30000);
       print([first.finish(), second.finish()]);`,
      { args: [target.pid] },
    );
    await isUp(running);
    target.write('\n');
    const rows = truthRows((await target.ended).stdout);
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const results = JSON.parse(ended.stdout.split('\n')[1]!) as Finished[];
    expect(results).toHaveLength(2);
    for (const result of results) {
      accounted(result);
      expect(result.completed).toBe(result.kernel);
      for (const { tid, faults } of rows) {
        expect(new Map(result.byTid).get(tid)).toBeGreaterThanOrEqual(faults);
      }
    }
    expect(results[0]!.kernel).toBe(results[1]!.kernel);
  });

  test('one after the other on a storm, each with its own books', async () => {
    await withStorm(async (pid) => {
      const results = await answer<Finished[]>(
        `const results = [];
         for (let i = 0; i < 4; i += 1) {
           const capture = new Capture({ pids: [+target] });
           await until(() => capture.completed > 5000 * (i + 1), 60000);
           results.push(capture.finish());
         }
         print(results);`,
        { args: [pid] },
      );
      for (const result of results) {
        accounted(result);
        expect(result.completed).toBeGreaterThan(0);
        expect(result.counters.malformed).toBe(0);
      }
    });
  });

  test('the same process twice in one session is counted once', async () => {
    const target = await waiting([workload('brkheap')]);
    const running = startScript(
      `const capture = new Capture({ pids: [+target, +target] });
       process.stdout.write('up\\n');
       await until(() => capture.session.ended());
       print(capture.finish());`,
      { args: [target.pid] },
    );
    await isUp(running);
    target.write('\n');
    await target.ended;
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished;
    expect(result.completed).toBeGreaterThan(0);
    accounted(result);
  });

  test('each polls on a thread of its own, which top -H can tell from those of Node', async () => {
    await withStorm(async (pid) => {
      const pollers = await answer<number[]>(
        `const isPoller = (tid) => {
           try {
             return fs.readFileSync('/proc/self/task/' + tid + '/comm', 'utf8') === 'pf-poller\\n';
           } catch {
             return false; // a thread that has just ended
           }
         };
         const pollers = () => fs.readdirSync('/proc/self/task').filter(isPoller).length;
         const first = new Capture({ pids: [+target] }), second = new Capture({ pids: [+target] });
         await until(() => pollers() === 2);
         first.session.close();
         const left = pollers();
         second.session.close();
         print([left, pollers()]);`,
        { args: [pid] },
      );
      expect(pollers).toEqual([1, 0]);
    });
  });

  test('30 in a row leak no descriptor, thread or memory', async () => {
    await withStorm(async (pid) => {
      interface Use {
        descriptors: number;
        threads: number;
        kb: number;
      }
      const [early, late] = await answer<[Use, Use]>(
        `const use = () => ({ descriptors: descriptors(), threads: threads(), kb: residentKb() });
         const one = async (i) => {
           const capture = new Capture({ pids: [+target], ringPages: 256 });
           if (i % 3 === 0) await sleep(10);
           if (i % 2 === 0) capture.session.stop();
           capture.session.close();
           if (i % 10 === 0) gc();
         };
         for (let i = 0; i < 10; i += 1) await one(i);
         gc(); const early = use();
         for (let i = 0; i < 30; i += 1) await one(i);
         gc(); print([early, use()]);`,
        { args: [pid], nodeFlags: ['--expose-gc'] },
      );
      expect(late.descriptors).toBe(early.descriptors);
      expect(late.threads).toBe(early.threads);
      // One mailbox that is not freed would be 36 MB. Thirty, because closing one session takes 0.3 s.
      expect(late.kb - early.kb).toBeLessThan(30_000);
    });
  }, 120_000);
});

describe('the target ends', () => {
  test('by SIGKILL, in a storm', async () => {
    const storm = await waiting([workload('storm'), '--seconds', '300', '--threads', '2']);
    const running = startScript(
      `const capture = new Capture({ pids: [+target] });
       process.stdout.write('up\\n');
       await until(() => capture.session.ended(), 30000);
       print({ pending: capture.session.pending(10).length, ...capture.finish() });`,
      { args: [storm.pid] },
    );
    await isUp(running);
    storm.write('\n');
    await faulting(storm.pid, 20_000);
    storm.kill('SIGKILL');
    await storm.ended;
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished & { pending: number };
    accounted(result);
    expect(result.pending).toBe(0);
  });

  test('while it is being attached to: ESRCH or a session that ends', async () => {
    const [before, during, after] = await answer<(string | boolean)[][]>(
      `const { spawn } = require('node:child_process');
       const attach = async (pid, started) => {
         const capture = outcome(() => new Capture({ pids: [pid] }));
         started();
         if (capture.code !== undefined) return capture.code;
         await until(() => capture.session.ended(), 10000);
         capture.finish();
         return true;
       };
       const target = (argv) => {
         const child = spawn(argv[0], argv.slice(1));
         return { child, exited: new Promise((resolve) => child.on('exit', resolve)) };
       };
       const before = [], during = [], after = [];
       for (let i = 0; i < 3; i += 1) {
         const { child, exited } = target(['true']);
         await exited;
         before.push(await attach(child.pid, () => {}));
       }
       for (let i = 0; i < 20; i += 1) {
         const { child, exited } = target(['sh', '-c', 'sleep 0.00' + (i % 7)]);
         // Busy, so that libuv does not collect it: at some i the child ends in the middle of start.
         for (const end = Date.now() + i; Date.now() < end;);
         during.push(await attach(child.pid, () => {}));
         await exited;
       }
       for (let i = 0; i < 3; i += 1) {
         const { child, exited } = target(['sleep', '300']);
         after.push(await attach(child.pid, () => child.kill()));
         await exited;
       }
       print([before, during, after]);`,
    );
    // Which of the two it is while the end races with start is up to the machine.
    expect(before).toEqual(['ESRCH', 'ESRCH', 'ESRCH']);
    expect(during).toHaveLength(20);
    expect(during!.filter((result) => result !== true && result !== 'ESRCH')).toEqual([]);
    expect(after).toEqual([true, true, true]);
  });
});

describe('a command', () => {
  const COMMAND = (argv: readonly string[]): string =>
    `command: { file: ${JSON.stringify(argv[0])}, argv: ${JSON.stringify(argv)}, fixedLayout: false, captureOutput: false }`;

  test('is captured from its exec to its end, and its status is told', async () => {
    const result = await answer<Finished & { status: number }>(
      `const capture = new Capture({ ${COMMAND(['sh', '-c', 'true; exit 7'])} });
       await until(() => capture.session.ended() && capture.session.commandStatus() !== -1);
       const status = capture.session.commandStatus();
       print({ status, ...capture.finish() });`,
    );
    expect(result.status).toBe(7 << 8);
    expect(result.completed).toBeGreaterThan(50);
    expect(result.completed).toBe(result.kernel);
  });

  test('that has ended costs no more CPU while its children go on', async () => {
    const used = await answer<number>(
      `const capture = new Capture({ ${COMMAND(['sh', '-c', 'sleep 300 & echo $! >&2'])} });
       await until(() => capture.session.commandStatus() !== -1);
       const before = process.cpuUsage();
       await sleep(1000);
       const { user, system } = process.cpuUsage(before);
       for (const pid of capture.pids) if (pid !== capture.session.info.commandPid) process.kill(pid);
       capture.session.close();
       print((user + system) / 1e6);`.replace(' & echo $! >&2', ' >/dev/null 2>&1 &'),
    );
    expect(used).toBeLessThan(0.5);
  });

  test('runs on when the session is closed, and is killed when it is told to', async () => {
    const seen = await answer<{ alive: boolean; status: number }>(
      `const capture = new Capture({ ${COMMAND(['sleep', '300'])} });
       const pid = capture.session.info.commandPid;
       const other = new Capture({ ${COMMAND(['sleep', '300'])} });
       capture.session.close();
       const alive = outcome(() => process.kill(pid, 0)) === true;
       process.kill(pid, 'SIGKILL');
       other.session.killCommand(15);
       await until(() => other.session.commandStatus() !== -1);
       const status = other.session.commandStatus();
       other.session.killCommand(15);
       other.session.close();
       print({ alive, status });`,
    );
    expect(seen).toEqual({ alive: true, status: 15 });
  });
});
