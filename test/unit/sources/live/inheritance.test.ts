import { readLaunchNotes } from '../../../../src/sources/live/inheritance';

test('notes of the launcher', () => {
  const environment = 'a=b;c\n\xff\0NODE_ENV=test\0no equals sign\0';
  const { inherit, lacking } = readLaunchNotes(
    Buffer.from(
      'nofile=1024:unlimited;ignored=8000000001;blocked=2;closed=0,2,;fds=3-5,9;' +
        `lack=descriptors,signals,\n${environment}`,
      'latin1',
    ),
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
    environment: Buffer.from(environment, 'latin1'),
  });
  expect(lacking).toEqual(['descriptors', 'signals']);
});

test('what is not known is left as it is; an environment without entries is one', () => {
  const { inherit } = readLaunchNotes(
    Buffer.from('nofile=;ignored=0;blocked=0;fds=;lack=limit,\n'),
  );
  expect(inherit.nofile).toBeNull();
  expect(inherit.environment).toHaveLength(0);
});

test('without the launcher nothing is known and nothing is changed', () => {
  expect(readLaunchNotes(undefined)).toEqual({
    inherit: {
      nofile: null,
      ignored: 0n,
      blocked: 0n,
      descriptors: [],
      closed: [],
      environment: null,
    },
    lacking: [],
  });
});
