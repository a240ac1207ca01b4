import { onInterrupt } from '../../src/cli/signals';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listeners = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));
const raise = (signal: (typeof SIGNALS)[number]): boolean => process.emit(signal, signal);

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
  onInterrupt(
    () => said.push('first'),
    () => said.push(`second, raised ${kill.mock.calls.length} times`),
  );
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
  const remove = onInterrupt(jest.fn(), jest.fn());
  expect(listeners()).toEqual(before.map((count) => count + 1));
  remove();
  expect(listeners()).toEqual(before);
});
