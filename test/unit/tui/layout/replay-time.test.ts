import { timeWithin, whyNowhere } from '../../../../src/tui/layout/replay-time';

const HERE = { position: 100e9, length: 400e9 };

test.each<[string, number | null]>([
  ['90', 90e9],
  ['1.5', 1.5e9],
  ['1,5', 1.5e9],
  ['1:30', 90e9],
  ['1:02:03', 3723e9],
  ['+10', 110e9],
  ['-10', 90e9],
  ['-1:00', 40e9],
  ['-500', 0],
  ['50%', 200e9],
  ['12.5 %', 50e9],
  ['', null],
  ['now', null],
  ['1:2:3:4', null],
  ['1e9', null],
])('%s', (text, ns) => {
  expect(timeWithin(text, HERE)).toBe(ns);
});

test('a part of what has no length is nowhere', () => {
  expect(timeWithin('50%', { position: 0, length: null })).toBeNull();
  expect(whyNowhere('50%', { length: null })).toContain('known at its end');
  expect(whyNowhere('50%', HERE)).toMatch(/^a time/);
  expect(whyNowhere('5x', { length: null })).toMatch(/^a time/);
});
