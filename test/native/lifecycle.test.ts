import { waiting } from '../e2e/support/analyzer';
import { workload } from '../e2e/support/build';
import { Running, sleep } from '../e2e/support/running';
import { truthRows } from '../e2e/support/truth';
import { answer, script, startScript } from './support/script';

interface Finished {
  readonly completed: number;
  readonly kernel: number;
  readonly exact: boolean;
  readonly counters: Record<string, number>;
  readonly info: Record<string, unknown>;
  readonly byTid: readonly (readonly [number, number])[];
  readonly pids: readonly number[];
  /** tid and address of each fault, where the script asked for them. */
  readonly addresses?: readonly (readonly [number, number])[];
}

/** captured + lost + dropped is what the kernel counted: nothing is missing without being said. */
function accounted({ completed, kernel, counters }: Finished): void {
  const missing = ['lostMinor', 'lostMajor', 'mailboxMinor', 'mailboxMajor'];
  expect(completed + missing.reduce((sum, name) => sum + counters[name]!, 0)).toBe(kernel);
}

/** A process in an endless storm of faults on two threads. */
async function withStorm(body: (pid: number) => Promise<void>): Promise<void> {
  const storm = await waiting([workload('storm'), '--seconds', '300', '--threads', '2']);
  storm.write('\n');
  try {
    await body(storm.pid);
  } finally {
    storm.kill('SIGKILL');
    await storm.ended;
  }
}

async function withSleeper(body: (pid: number) => Promise<void>): Promise<void> {
  const sleeper = new Running(['sleep', '300']);
  try {
    await body(sleeper.pid);
  } finally {
    sleeper.kill('SIGKILL');
    await sleeper.ended;
  }
}

const START = 'const capture = new Capture({ pids: [+target] }); const { session } = capture;';

describe('start, stop and close in every order', () => {
  const orders: Record<string, string> = {
    'close at once': 'session.close();',
    'stop, close': 'session.stop(); session.close();',
    'stop twice, close twice': 'session.stop(); session.stop(); session.close(); session.close();',
    'drain after stop': 'await sleep(50); session.stop(); capture.drain(); session.close();',
    'stop and never close': 'await sleep(20); session.stop();',
    'never stop and never close': 'await sleep(20);',
    'process.exit with a session': 'await sleep(20); process.exitCode = 0; process.exit();',
    'process.exit at once': 'process.exit(0);',
    'close in onWake':
      'const second = new Capture({ pids: [+target], onWake: () => second.session.close() });' +
      'await until(() => outcome(() => second.session.ended()).code === "ECLOSED"); session.close();',
    'process.exit in onWake':
      'new Capture({ pids: [+target], onWake: () => process.exit(0) }); await sleep(20000);',
    'collected as garbage':
      'session.close(); for (let i = 0; i < 5; i += 1) { outcome(() => addon.start(' +
      '{ pids: [+target], children: true, ringPages: 0, onWake() {} })); gc(); await sleep(5); }' +
      'const before = descriptors(); gc(); await sleep(5); gc(); await sleep(5);' +
      'if (descriptors() > 60) throw new Error(`${before}, then ${descriptors()} descriptors`);',
  };
  test.each(Object.entries(orders))('%s, under a storm', async (_, body) => {
    await withStorm(async (pid) => {
      const ended = await script(START + body, { args: [pid], nodeFlags: ['--expose-gc'] });
      expect(ended).toMatchObject({ status: 0, signal: null, stdout: '', stderr: '' });
    });
  });
});

test('an exception in onWake reaches uncaughtException, and the session goes on', async () => {
  await withStorm(async (pid) => {
    const seen = await answer<{ messages: string[]; wakes: number }>(
      `const messages = []; let wakes = 0;
       process.on('uncaughtException', (error) => messages.push(error.message));
       const { session } = new Capture({ pids: [+target], onWake: () => {
         wakes += 1; session.drain(new ArrayBuffer(BATCH_BYTES));
         if (wakes <= 2) throw new Error('wake ' + wakes); } });
       await until(() => wakes > 3); session.close(); print({ messages, wakes });`,
      { args: [pid] },
    );
    expect(seen.messages).toEqual(['wake 1', 'wake 2']);
  });
});

test('an exception in onWake that nobody handles ends the process, with its text', async () => {
  await withStorm(async (pid) => {
    const ended = await script(
      `new Capture({ pids: [+target], onWake: () => { throw new Error('from the wake'); } });
       await sleep(20000);`,
      { args: [pid] },
    );
    expect(ended).toMatchObject({ status: 1, signal: null });
    expect(ended.stderr).toContain('from the wake');
  });
});

test('a closed session says so, and a wrong argument is an error, never a crash', async () => {
  await withSleeper(async (pid) => {
    const seen = await answer<Record<string, { code?: string; text: string }>>(
      `${START}
       const wrong = {
         none: outcome(() => addon.start()), number: outcome(() => addon.start(1)),
         pids: outcome(() => addon.start({ pids: ['x'], onWake() {} })),
         argv: outcome(() => addon.start({ pids: [], onWake() {}, command: { file: 'true' } })),
         noWake: outcome(() => addon.start({ pids: [1] })),
         noBuffer: outcome(() => session.drain()), view: outcome(() => session.drain(new Uint8Array(9e6))),
         small: outcome(() => session.drain(new ArrayBuffer(BATCH_BYTES - 1))),
         receiver: outcome(() => session.drain.call({}, new ArrayBuffer(BATCH_BYTES))),
         vma: outcome(() => addon.queryVma('x', 1)), badFd: outcome(() => addon.queryVma(-1, 1)),
       };
       session.close();
       for (const name of ['drain', 'counters', 'kernelCounts', 'pending', 'stop', 'ended'])
         wrong[name] = outcome(() => session[name](new ArrayBuffer(BATCH_BYTES)));
       wrong.info = outcome(() => session.info);
       print(wrong);`,
      { args: [pid] },
    );
    for (const name of ['drain', 'counters', 'kernelCounts', 'pending', 'stop', 'ended', 'info']) {
      expect(seen[name]).toMatchObject({ code: 'ECLOSED' });
    }
    expect(seen.badFd).toMatchObject({ code: 'EBADF' });
    for (const result of Object.values(seen)) expect(typeof result.text).toBe('string');
  });
});

describe('worker_threads', () => {
  const IN_WORKER =
    'const capture = new Capture({ pids: [workerData] }); parentPort.postMessage("up");';

  test.each([0, 1, 5, 20, 50, 100, 250])(
    'worker.terminate() %i ms after the start, under a storm',
    async (ms) => {
      await withStorm(async (pid) => {
        const seen = await answer<{ before: number[]; after: number[] }>(
          `await warmUp(); const before = [descriptors(), threads()];
           for (let i = 0; i < 3; i += 1) {
             const worker = inWorker(\`${IN_WORKER} setInterval(() => 0, 1000);\`, { workerData: +target });
             await new Promise((resolve) => worker.once('message', resolve));
             await sleep(${ms});
             await worker.terminate();
           }
           await until(() => threads() <= before[1]);
           print({ before, after: [descriptors(), threads()] });`,
          { args: [pid] },
        );
        expect(seen.after).toEqual(seen.before);
      });
    },
  );

  test('terminate() at any moment of start itself', async () => {
    await withStorm(async (pid) => {
      const seen = await answer<number>(
        `await warmUp(); const before = descriptors();
         for (let i = 0; i < 25; i += 1) {
           const worker = inWorker('for (;;) { new Capture({ pids: [workerData] }).session.close(); }',
             { workerData: +target });
           await new Promise((resolve) => worker.once('online', resolve));
           await sleep(i * 3);
           await worker.terminate();
         }
         print(descriptors() - before);`,
        { args: [pid] },
      );
      expect(seen).toBe(0);
    });
  });

  test('a worker that ends, throws or exits with a session; the main thread goes on', async () => {
    await withStorm(async (pid) => {
      const seen = await answer<number>(
        `await warmUp(); const before = descriptors();
         for (const end of ['', 'throw new Error("meant");', 'process.exit(3);',
                            'capture.session.stop();', 'capture.session.close();']) {
           const worker = inWorker(\`${IN_WORKER} setTimeout(() => {\${end}}, 20);\`, { workerData: +target });
           worker.on('error', () => undefined);
           await new Promise((resolve) => worker.once('exit', resolve));
         }
         print(descriptors() - before);`,
        { args: [pid] },
      );
      expect(seen).toBe(0);
    });
  });

  test('the process exits while workers capture', async () => {
    await withStorm(async (pid) => {
      const ended = await script(
        `for (let i = 0; i < 3; i += 1) {
           const worker = inWorker(\`${IN_WORKER} setInterval(() => 0, 1000);\`, { workerData: +target });
           await new Promise((resolve) => worker.once('message', resolve));
         }
         process.exit(0);`,
        { args: [pid] },
      );
      expect(ended).toMatchObject({ status: 0, signal: null, stderr: '' });
    });
  });
});

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
    while (!running.stdout.includes('up')) await sleep(5);
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
           await sleep(100 + i * 50);
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
    while (!running.stdout.includes('up')) await sleep(5);
    target.write('\n');
    await target.ended;
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished;
    expect(result.completed).toBeGreaterThan(0);
    accounted(result);
  });

  test('200 in a row leak no descriptor, thread or memory', async () => {
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
         for (let i = 0; i < 40; i += 1) await one(i);
         gc(); const early = use();
         for (let i = 0; i < 200; i += 1) await one(i);
         gc(); print([early, use()]);`,
        { args: [pid], nodeFlags: ['--expose-gc'] },
      );
      expect(late.descriptors).toBe(early.descriptors);
      expect(late.threads).toBe(early.threads);
      // One mailbox that is not freed would be 36 MB; 200 would be 7 GB.
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
    while (!running.stdout.includes('up')) await sleep(5);
    storm.write('\n');
    await sleep(200);
    storm.kill('SIGKILL');
    await storm.ended;
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished & { pending: number };
    accounted(result);
    expect(result.pending).toBe(0);
  });

  test('while it is being attached to: ESRCH or a session that ends', async () => {
    const results = await answer<(string | boolean)[]>(
      `const { spawn } = require('node:child_process');
       const results = [];
       for (let i = 0; i < 60; i += 1) {
         const child = spawn('sh', ['-c', 'sleep 0.00' + (i % 10)]);
         const exited = new Promise((resolve) => child.on('exit', resolve));
         // Busy, so that libuv does not collect it: at some i the child ends in the middle of start.
         for (const end = Date.now() + i % 20; Date.now() < end;);
         const capture = outcome(() => new Capture({ pids: [child.pid] }));
         if (capture.code !== undefined) results.push(capture.code);
         else { await until(() => capture.session.ended(), 10000); results.push(true); capture.finish(); }
         await exited;
       }
       print(results);`,
    );
    expect(results).toHaveLength(60);
    expect(new Set(results.filter((result) => result !== true))).toEqual(new Set(['ESRCH']));
    expect(results).toContain(true);
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

describe('threads born during the attach', () => {
  test.each([0, 3, 7, 12, 20, 35, 60, 90])(
    'after %i ms: none is missed, none counted twice',
    async (ms) => {
      const pages = 8;
      const target = await waiting([workload('late-threads'), '--pages', String(pages)]);
      await sleep(ms);
      const running = startScript(
        `const capture = new Capture({ pids: [+target] }, true);
         process.stdout.write('up\\n');
         await until(() => capture.session.ended(), 30000);
         print(capture.finish());`,
        { args: [target.pid] },
      );
      while (!running.stdout.includes('up')) await sleep(1);
      target.write('\n');
      const rows = truthRows((await target.ended).stdout);
      const ended = await running.ended;
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      const result = JSON.parse(ended.stdout.split('\n')[1]!) as Finished;
      accounted(result);
      const pagesOf = new Map<number, number[]>();
      for (const [tid, address] of result.addresses!) {
        pagesOf.set(tid, [...(pagesOf.get(tid) ?? []), address]);
      }
      expect(rows.length).toBeGreaterThan(1);
      const wrong = rows.filter(({ tid, start, end, faults }) => {
        const own = (pagesOf.get(tid) ?? []).filter(
          (address) => address >= Number(start) && address < Number(end),
        );
        return own.length !== faults;
      });
      expect(wrong).toEqual([]);
    },
  );
});
