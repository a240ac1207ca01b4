import { EndingSignals, interruptibly } from '../../../src/cli/signals';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGXCPU', 'SIGPWR'] as const;
const listeners = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));
const raise = (signal: (typeof SIGNALS)[number]): boolean => process.emit(signal, signal);
const quiet = { first: jest.fn(), beforeSecond: jest.fn(), ignoreHangup: false };

let kill: jest.SpyInstance;
beforeEach(() => {
  kill = jest.spyOn(process, 'kill').mockReturnValue(true);
});
afterEach(() => {
  kill.mockRestore();
});

test.each(SIGNALS)('%s asks once; the next signal ends us as if nobody listened', (signal) => {
  const before = listeners();
  const said: string[] = [];
  new EndingSignals({
    first: () => said.push('first'),
    beforeSecond: () => said.push(`second, raised ${kill.mock.calls.length} times`),
    ignoreHangup: false,
  });
  raise(signal);
  expect(said).toEqual(['first']);
  expect(kill).not.toHaveBeenCalled();
  raise('SIGTERM');
  // What has to be done before is done before, and the handlers are gone when it is raised again.
  expect(said).toEqual(['first', 'second, raised 0 times']);
  expect(kill.mock.calls).toEqual([[process.pid, 'SIGTERM']]);
  expect(listeners()).toEqual(before);
});

test('handlers are removed at the end of a run', () => {
  const before = listeners();
  const signals = new EndingSignals(quiet);
  expect(listeners()).toEqual(before.map((count) => count + 1));
  signals.finish();
  expect(listeners()).toEqual(before);
  expect(kill).not.toHaveBeenCalled();
});

test.each([
  ['SIGINT', [], false],
  ['SIGTERM', [], false],
  ['SIGHUP', [], true],
  ['SIGHUP', ['SIGHUP'], false],
  ['SIGQUIT', ['SIGHUP'], true],
  ['SIGALRM', [], true],
] as const)('%s, with %j as success: raised again at the end: %p', (signal, asSuccess, again) => {
  const signals = new EndingSignals(quiet);
  raise(signal);
  signals.finish(asSuccess);
  expect(kill.mock.calls).toEqual(again ? [[process.pid, signal]] : []);
});

test('under nohup SIGHUP is nothing to us', () => {
  const before = process.listenerCount('SIGHUP');
  const signals = new EndingSignals({ ...quiet, ignoreHangup: true });
  expect(process.listenerCount('SIGHUP')).toBe(before);
  raise('SIGINT');
  expect(signals.raised).toBe('SIGINT');
  signals.finish();
});

test('what may never come is waited for until a signal comes', async () => {
  const before = listeners();
  const waiting = interruptibly(
    false,
    (interrupt) =>
      new Promise((resolve) => {
        interrupt.addEventListener('abort', () => {
          resolve('interrupted');
        });
      }),
  );
  raise('SIGINT');
  expect(kill).not.toHaveBeenCalled();
  expect(await waiting).toBe('interrupted');
  expect(listeners()).toEqual(before);
  await expect(interruptibly(false, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(listeners()).toEqual(before);
});
