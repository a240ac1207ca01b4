import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Owners } from '../../../../src/sources/live/owners';
import { parseCgroup, parseUsers } from '../../../../src/sources/proc/proc-parse';
import type { TaskTexts } from '../../../../src/sources/reader/requests';
import { realReader } from '../../../support/reader-kit';
import { until } from '../../../support/running';
import { removeScratch, scratchDirectory } from '../../../support/scratch';

test.each([
  ['cgroup v2', '0::/system.slice/nginx.service\n', '/system.slice/nginx.service'],
  ['hybrid', '4:memory:/jobs\n1:name=systemd:/\n0::/user.slice\n', '/user.slice'],
  ['v1 with systemd', '4:memory:/jobs\n1:name=systemd:/user.slice\n', '/user.slice'],
  ['v1 without', '5:cpu,cpuacct:/\n4:memory:/jobs\n', '/jobs'],
  ['a colon in the name', '0::/a:b/c\n', '/a:b/c'],
  ['removed meanwhile', '0::/jobs/old (deleted)\n', '/jobs/old'],
  ['outside of our cgroup namespace', '0::/../other\n', '/../other'],
  ['nothing', '', ''],
  ['no such thing', 'x\n0:\n', ''],
])('the cgroup of a process: %s', (_, text, cgroup) => {
  expect(parseCgroup(text)).toBe(cgroup);
});

test('names of users: the first of an id', () => {
  const users = parseUsers('root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nbad:x:-1::\n:x:7::\n');
  expect([...users]).toEqual([[0, 'root']]);
});

const STATUS = 'Name:\tx\nTgid:\t7\nPPid:\t3\nUid:\t1\t33\t1\t1\nNSpid:\t7\n';
const CONTAINED = STATUS.replace('NSpid:\t7', 'NSpid:\t7\t5\t2');

test('one request for many at a time; who has ended is nobody; each is answered', () => {
  const told: ((texts: readonly TaskTexts[] | null) => void)[] = [];
  const requests: (readonly number[])[] = [];
  const owners = new Owners(
    {
      tasks: (pids, answered) => {
        requests.push(pids);
        told.push(answered);
      },
    },
    () => 0,
    '/nonexistent',
  );
  for (let pid = 1; pid <= 100; pid++) owners.askOwner(pid, pid * 10);
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      expect(requests).toHaveLength(1);
      const [first] = requests;
      told[0]!(
        first!.map((pid) =>
          pid === 1
            ? { status: '', cgroup: '' }
            : { status: pid === 3 ? CONTAINED : STATUS, cgroup: '0::/a\n' },
        ),
      );
      expect(requests.map((pids) => pids.length)).toEqual([64, 36]);
      expect(owners.questions.count).toBe(36);
      // A reader that was killed, or refuses.
      told[1]!(null);
      const answers = owners.takeOwners();
      expect(answers).toHaveLength(100);
      expect(answers[0]).toEqual({ ticket: 10, owner: null });
      const owner = { user: '33', cgroup: '/a' };
      expect(answers[1]).toEqual({ ticket: 20, owner, kinship: { ppid: 3, nsPid: 0 } });
      expect(answers[2]).toEqual({ ticket: 30, owner, kinship: { ppid: 3, nsPid: 2 } });
      expect(answers[99]).toEqual({ ticket: 1000, owner: null });
      expect(owners.questions.count).toBe(0);
      resolve();
    });
  });
});

test('questions that nobody can ask any more are answered at once', () => {
  const owners = new Owners({ tasks: () => undefined }, () => 0);
  for (let pid = 1; pid <= 10_000; pid++) owners.askOwner(pid, pid);
  const refused = owners.takeOwners();
  expect(refused.length).toBe(10_000 - 8192);
  expect(refused.every(({ owner }) => owner === null)).toBe(true);
});

test('by the real reader, with the names of a passwd', async () => {
  const scratch = scratchDirectory();
  const real = realReader();
  try {
    const passwd = join(scratch, 'passwd');
    writeFileSync(passwd, `somebody:x:${process.geteuid!()}:0::/:\n`);
    const owners = new Owners(real.reader, () => performance.now(), passwd);
    owners.askOwner(process.pid, 1);
    owners.askOwner(0x3fffff, 2);
    await until('the answers', () => owners.questions.count === 0);
    const [own, nobody] = owners.takeOwners();
    expect(own!.owner).toMatchObject({ user: 'somebody' });
    expect(nobody).toEqual({ ticket: 2, owner: null });
    expect(real.notes).toEqual([]);
  } finally {
    real.close();
    removeScratch(scratch);
  }
});
