import { readLaunchNotes } from '../../../../src/sources/live/inheritance';

test('notes of the launcher', () => {
  const { inherit, variablesLeft, lacking } = readLaunchNotes(
    'closed=0,2;nofile=1024:unlimited;ignored=8000000001;blocked=2;fds=3-5,9;drop=_,PWD;' +
      'give=a%2cb=1%25%0a%ff,NODE_ENV=test;lack=descriptors,environment,;left=2',
  );
  expect(inherit).toEqual({
    nofile: { soft: 1024, hard: Infinity },
    ignored: 0x8000000001n,
    blocked: 2n,
    descriptors: [
      [3, 5],
      [9, 9],
    ],
    closed: [0, 2],
    drop: ['_', 'PWD'],
    give: [Buffer.from('a,b=1%\n\xff', 'latin1'), Buffer.from('NODE_ENV=test')],
  });
  expect(variablesLeft).toBe(2);
  expect(lacking).toEqual(['descriptors', 'environment']);
});

test('without the launcher nothing is known and nothing is changed', () => {
  expect(readLaunchNotes('').inherit).toEqual({
    nofile: null,
    ignored: 0n,
    blocked: 0n,
    descriptors: [],
    closed: [],
    drop: [],
    give: [],
  });
});
