import { parseOptions } from '../../../../src/cli/options/options';

test('-i names a recording, and excludes what only a capture has', () => {
  expect(parseOptions(['-q', '-i', 'perf.data']).target).toEqual({
    kind: 'recording',
    file: 'perf.data',
  });
  expect(parseOptions(['-i', '-']).target).toEqual({ kind: 'recording', file: '-' });
  for (const more of [
    ['-p', '1'],
    ['-a'],
    ['ls'],
    ['-d', '1'],
    ['-m', '8'],
    ['--exit-with-target'],
    ['--stacks', 'dwarf'],
    ['--openmetrics', 'x.prom'],
  ])
    expect(() => parseOptions(['-i', 'perf.data', ...more])).toThrow(/-i/);
});

test('the dashboard plays a recording, unless a stream is asked for', () => {
  expect(parseOptions(['-i', 'x', '--tui', '--speed', '2.5', '--ascii'])).toMatchObject({
    view: 'tui',
    speed: 2.5,
  });
  expect(parseOptions(['-i', 'x', '--interval', '2']).view).toBe('auto');
  expect(parseOptions(['-i', 'x', '-o', 'y']).view).toBe('stream');
  expect(() => parseOptions(['-i', 'x', '-o', 'y', '--tui'])).toThrow(/-o.*--tui|--tui.*-o/);
  expect(() => parseOptions(['--speed', '2', 'ls'])).toThrow(/--speed has no effect without -i/);
  for (const speed of ['-1', 'fast', '1e3', '9999999']) {
    expect(() => parseOptions(['-i', 'x', '--speed', speed])).toThrow(/--speed/);
  }
});

test('a recording on standard output leaves nothing else there', () => {
  expect(parseOptions(['--record', '-', 'ls'])).toMatchObject({ record: '-', compress: false });
  expect(parseOptions(['--record', '-', '--format', 'csv', '-o', 'x', 'ls']).record).toBe('-');
  for (const other of [['--format', 'csv'], ['--stream'], ['--batch'], ['--tui']]) {
    expect(() => parseOptions(['--record', '-', ...other, 'ls'])).toThrow(/--record -/);
  }
  expect(() => parseOptions(['--compress', 'ls'])).toThrow(/--compress has no effect/);
});

test('a recording may be kept small', () => {
  const limitOf = (...args: string[]): unknown => parseOptions([...args, 'ls']).recordLimit;
  expect(limitOf('--record', 'x', '--record-limit', '500M')).toBe(500 * 2 ** 20);
  expect(limitOf('--record', 'x', '--record-limit', '2g')).toBe(2 ** 31);
  expect(limitOf('--record', 'x', '--record-limit', '4194304')).toBe(2 ** 22);
  for (const size of ['', '3M', '4194303', '-5G', '1.5G', '1P', '9999999999T']) {
    expect(() => limitOf('--record', 'x', '--record-limit', size)).toThrow(/--record-limit/);
  }
  expect(() => limitOf('--record-limit', '5M')).toThrow(/has no effect without --record/);
  expect(() => limitOf('--record', '-', '--record-limit', '5M')).toThrow(/a pipe keeps nothing/);
});

test('--from and --to are a time of a recording', () => {
  // Times 10^9 it is 129209649.00000001.
  expect(parseOptions(['-i', 'x', '--from', '0.129209649'])).toMatchObject({ fromNs: 129209649 });
  expect(parseOptions(['-i', 'x', '--from', '1.5', '--to', '2'])).toMatchObject({
    fromNs: 1.5e9,
    toNs: 2e9,
  });
  expect(() => parseOptions(['-i', 'x', '--from', '2', '--to', '2'])).toThrow(/--to/);
  expect(() => parseOptions(['--from', '2', 'ls'])).toThrow(/--from has no effect without -i/);
});
