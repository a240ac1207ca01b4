import { CommTable } from '../../../../src/core/tasks/comm-names';

test('a name is one number, also one that is longer than is kept', () => {
  const comms = new CommTable(10);
  const long = 'x'.repeat(1000);
  const number = comms.intern(long);
  for (let n = 0; n < 100; n++) expect(comms.intern(long)).toBe(number);
  expect(comms.full).toBe(false);
  expect(comms.names[number]).toBe('x'.repeat(64));
});

test('beyond the cap all names are one', () => {
  const comms = new CommTable(4);
  const numbers = Array.from({ length: 20 }, (_, n) => comms.intern(`thread ${n}`));
  expect(new Set(numbers).size).toBe(4);
  expect(comms.names[numbers.at(-1)!]).toBe('[others]');
});
