import { attachToWhole } from '../../../../src/sources/live/session-target';
import { Proc } from '../../../../src/sources/proc/proc';

/** Processes by their names. */
function procOf(comms: readonly string[]): Proc {
  return Object.assign(new Proc('/nonexistent'), {
    pids: () => comms.map((_, k) => k + 1),
    comm: (pid: number) => comms[pid - 1] ?? null,
  });
}

const noteOf = (name: string, comms: readonly string[]): string =>
  (attachToWhole({ kind: 'name', name }, procOf(comms)).notes ?? []).join('\n');

test('a name that somebody has needs no word', () => {
  expect(noteOf('nginx', ['nginx', 'nginz'])).toBe('');
});

test.each([
  ['a typing error', 'ngimx', ['nginx', 'bash'], "'nginx'"],
  ['a part of it', 'postgre', ['postgres', 'bash'], "'postgres'"],
  ['capitals', 'NGINX', ['nginx'], "'nginx'"],
  ['a character more', 'redis-servers', ['redis-server'], "'redis-server'"],
  ['one that is hostile', 'evil', ['evil\u001b[2J'], "'evil?[2J'"],
])('%s: who is near is told', (_, name, comms, near) => {
  expect(noteOf(name, comms)).toBe(
    `no process is called '${name}' now (there is ${near}): whoever gets the name is followed`,
  );
});

test('nobody is near; of many only some are told', () => {
  expect(noteOf('xyz', ['bash'])).toBe(
    "no process is called 'xyz' now: whoever gets the name is followed",
  );
  const many = Array.from({ length: 9 }, (_, k) => `work${k}`);
  expect(noteOf('work', many).match(/'work\d'/g)).toHaveLength(5);
});
