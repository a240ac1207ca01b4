import { Running } from '../support/running';
import { withStorm } from './support/captures';
import { answer, script } from './support/script';

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
         write: outcome(() => addon.writeNow('x', 1)), badFd: outcome(() => addon.writeNow(-1, new Uint8Array(1))),
       };
       session.close();
       for (const name of ['drain', 'counters', 'pending', 'stop', 'ended'])
         wrong[name] = outcome(() => session[name](new ArrayBuffer(BATCH_BYTES)));
       wrong.info = outcome(() => session.info);
       print(wrong);`,
      { args: [pid] },
    );
    for (const name of ['drain', 'counters', 'pending', 'stop', 'ended', 'info']) {
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
             rest(+target);
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
           rest(+target);
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
           rest(+target);
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
