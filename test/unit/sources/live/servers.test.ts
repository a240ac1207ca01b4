import type { Server } from '../../../../src/core/vma/served';
import { Servers } from '../../../../src/sources/live/servers';
import { Mounts } from '../../../../src/sources/proc/mounts';
import { ServerKind } from '../../../../src/sources/reader/requests';
import { factText } from '../../../../src/sources/recording/recorded-facts';
import { RecordedSource } from '../../../../src/sources/recording/recorded-source';

const SSHFS: Server = { pid: 70, comm: 'sshfs', tid: 0, threadComm: '', answers: true };

/** As proc_pid_mountinfo(5) has such mounts, with what mount(8) was asked for behind them. */
const TABLE = [
  '22 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw',
  '28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro',
  '412 28 0:53 / /srv/nfs rw,relatime shared:231 - nfs4 nas:/export rw,vers=4.2,rsize=1048576,proto=tcp,sec=sys,addr=192.0.2.7',
  '413 28 0:54 / /srv/nfs3 rw,relatime shared:232 - nfs [2001:db8::7]:/vol/a rw,vers=3,hard,mountaddr=2001:db8::7',
  '420 28 0:55 / /mnt/my\\040share rw,relatime shared:240 - cifs //win/my\\040share rw,vers=3.1.1,cache=strict,username=u',
  '421 28 0:56 / /mnt/smb3 rw,relatime - smb3 //win/b rw,vers=3.1.1',
  '430 28 0:57 / /work rw,relatime - 9p host9p rw,sync,dirsync,access=client,trans=virtio',
  '440 28 0:58 / /home/u/remote rw,nosuid,nodev,relatime shared:250 - fuse.sshfs u@host:/ rw,user_id=1000,group_id=1000',
  '441 28 8:1 / /media/stick rw,nosuid,nodev,relatime shared:251 - fuseblk /dev/sda1 rw,user_id=0,group_id=0,allow_other,blksize=4096',
  '',
].join('\n');

interface Question {
  readonly kind: number;
  readonly of: number;
  readonly told: (server: Server | null) => void;
}

/** A capture's servers between a reader that the test answers for and a recording. */
class Bench {
  now = 0;
  readonly recorded = new RecordedSource();
  readonly asked: Question[] = [];
  readonly servers = new Servers(
    {
      server: (kind, of, told) => {
        this.asked.push({ kind, of, told });
      },
    },
    () => this.now,
    () => this.now / 1e6,
    (fact) => {
      this.recorded.add(factText(fact));
    },
  );

  /** A file of a device is mapped. */
  meet(device: string): void {
    const [devMajor, devMinor] = device.split(':').map(Number) as [number, number];
    const mounts = new Mounts(
      (_, told) => {
        told(TABLE);
      },
      [],
      () => 0,
      undefined,
      (key, mount) => {
        this.servers.meetMount(key, mount);
      },
    );
    mounts.store([7], { devMajor, devMinor });
  }

  /** The same while it is captured and of its recording. */
  ofDevice(device: string): string {
    const text = this.servers.ofDevice(device);
    expect(this.recorded.servers.ofDevice(device)).toBe(text);
    return text;
  }

  ofUserfaultfd(pid: number): string {
    const text = this.servers.ofUserfaultfd(pid);
    expect(this.recorded.servers.ofUserfaultfd(pid)).toBe(text);
    return text;
  }
}

test.each([
  ['0:53', 'nfs4 nas:/export at /srv/nfs'],
  ['0:54', 'nfs [2001:db8::7]:/vol/a at /srv/nfs3'],
  ['0:55', 'cifs //win/my share at /mnt/my share'],
  ['0:56', 'smb3 //win/b at /mnt/smb3'],
  ['0:57', '9p host9p at /work'],
  ['254:1', ''],
])('of a file system of another machine the mount is said: %s', (device, text) => {
  const bench = new Bench();
  bench.meet(device);
  expect(bench.ofDevice(device)).toBe(text);
  expect(bench.asked).toEqual([]);
});

test.each([
  ['0:58', 58, 'fuse.sshfs u@host:/ at /home/u/remote'],
  // Another one could have the number 1 without a major.
  ['8:1', 8 * 2 ** 20 + 1, 'fuseblk /dev/sda1 at /media/stick'],
])('of one in user space it is asked who has its connection: %s', (device, of, text) => {
  const bench = new Bench();
  bench.meet(device);
  expect(bench.asked).toMatchObject([{ kind: ServerKind.FUSE, of }]);
  expect(bench.ofDevice(device)).toBe(text);
  bench.asked[0]!.told(null);
  expect(bench.ofDevice(device)).toBe(text);
  bench.asked[0]!.told(SSHFS);
  expect(bench.ofDevice(device)).toBe(`${text}, served by sshfs 70`);
});

test('who holds a userfaultfd is not said to answer where another could', () => {
  const bench = new Bench();
  const answer = (server: Partial<Server> | null): string => {
    bench.now += 60e9;
    bench.servers.meetUserfaultfd(7);
    bench.asked.at(-1)!.told(server === null ? null : { ...SSHFS, ...server });
    return bench.ofUserfaultfd(7);
  };
  expect(answer(null)).toBe('');
  expect(answer({ pid: 7, comm: 'vm', answers: false })).toBe(
    'whoever answers by the userfaultfd that vm 7 holds',
  );
  expect(answer({ pid: 9, comm: 'pager' })).toBe('pager 9');
  // Nobody is seen for a moment.
  expect(answer(null)).toBe('pager 9');
  expect(answer({ pid: 7, comm: 'vm', tid: 8, threadComm: 'postcopy' })).toBe(
    'vm 7, its thread postcopy 8',
  );
  expect(bench.asked).toHaveLength(5);
  bench.now += 60e9;
  bench.servers.meetUserfaultfd(7);
  expect(bench.asked).toHaveLength(5);
});

test('the end of a run waits for the answers that are on their way', async () => {
  const bench = new Bench();
  bench.meet('0:58');
  let settled = false;
  const end = bench.servers.questions.settled().then(() => (settled = true));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  bench.asked[0]!.told(SSHFS);
  await end;
  expect(bench.ofDevice('0:58')).toMatch(/, served by sshfs 70$/);
});

test('another file of a recording is told of all that is known', () => {
  const bench = new Bench();
  bench.meet('0:53');
  bench.servers.meetUserfaultfd(7);
  bench.asked[0]!.told(SSHFS);
  const next = new Bench();
  Object.assign(bench, { recorded: next.recorded });
  bench.servers.tellAgain();
  expect(bench.ofDevice('0:53')).toBe('nfs4 nas:/export at /srv/nfs');
  expect(bench.ofUserfaultfd(7)).toBe('sshfs 70');
});

test('what is no such fact is passed over', () => {
  const source = new RecordedSource();
  const mount = { type: 'nfs', source: 'a:/b', point: '/c' };
  const facts: unknown[] = [
    { kind: 'mount', device: '0:5', mount: { ...mount, type: 'ext4' } },
    { kind: 'mount', device: '0:5', mount: { ...mount, point: 7 } },
    { kind: 'mount', device: '0:5', mount: { ...mount, source: 'x'.repeat(5000) } },
    { kind: 'mount', device: '0:5', mount: null },
    { kind: 'mount', device: 5, mount },
    { kind: 'mount', device: '0:5:6', mount },
    { kind: 'server', pid: 7 },
    { kind: 'server', pid: 7, server: { ...SSHFS, comm: 1 } },
    { kind: 'server', pid: -7, server: SSHFS },
    { kind: 'server', pid: 7, server: { ...SSHFS, tid: 1.5 } },
  ];
  for (const fact of facts) source.add(JSON.stringify(fact));
  expect(source.servers.all()).toEqual([]);
  source.add(JSON.stringify({ kind: 'mount', device: '0:5', mount }));
  expect(source.servers.ofDevice('0:5')).toBe('nfs a:/b at /c');
});
