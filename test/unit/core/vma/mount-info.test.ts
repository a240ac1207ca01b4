import { FileStore, storeOfMount } from '../../../../src/core/vma/file-store';
import { parseMountInfo } from '../../../../src/core/vma/mount-info';

const LINES = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw,size=12334432k
36 35 98:0 /mnt1 /mnt\040with\134all\011of\012it rw,noatime master:1 propagate_from:7 - ext3 /dev/root rw,errors=continue
40 35 254:16777216 / /srv/- rw - xfs - rw
41 35 0:99 / /srv/fuse rw unbindable - fuse.sshfs host:/a\040b rw,user_id=0
`;

test('reads device, mount point and type, whatever optional fields there are', () => {
  expect(parseMountInfo(LINES)).toEqual([
    { devMajor: 0, devMinor: 21, point: '/proc', type: 'proc', source: 'proc' },
    { devMajor: 0, devMinor: 6, point: '/dev', type: 'devtmpfs', source: 'devtmpfs' },
    {
      devMajor: 98,
      devMinor: 0,
      point: '/mnt with\\all\tof\nit',
      type: 'ext3',
      source: '/dev/root',
    },
    { devMajor: 254, devMinor: 16777216, point: '/srv/-', type: 'xfs', source: '-' },
    { devMajor: 0, devMinor: 99, point: '/srv/fuse', type: 'fuse.sshfs', source: 'host:/a b' },
  ]);
});

test('leaves out what is torn or no mount, and nothing else', () => {
  const good = '22 27 0:21 / /proc rw - proc proc rw';
  for (const bad of [
    '',
    '22 27 0:21 / /proc rw -',
    '22 27 0:21 / /proc rw shared:1 proc proc rw',
    '22 27 x:21 / /proc rw - proc proc rw',
    '22 27 0:99999999999 / /proc rw - proc proc rw',
    '- - - - - - -',
  ]) {
    expect(parseMountInfo(`${bad}\n${good}\n${bad}`)).toHaveLength(1);
  }
});

test.each([
  ['ext4', '/', FileStore.DISK],
  ['fuse.sshfs', '/mnt', FileStore.DISK],
  ['overlay', '/', FileStore.DISK],
  ['tmpfs', '/run', FileStore.MEMORY],
  ['tmpfs', '/dev/shm', FileStore.MEMORY],
  ['tmpfs', '/dev', FileStore.DEVICE],
  ['ramfs', '/mnt', FileStore.MEMORY],
  ['rootfs', '/', FileStore.MEMORY],
  ['hugetlbfs', '/dev/hugepages', FileStore.HUGE],
  ['devtmpfs', '/dev', FileStore.DEVICE],
  ['sysfs', '/sys', FileStore.DEVICE],
] as const)('%s on %s', (type, point, store) => {
  expect(storeOfMount({ type, point })).toBe(store);
});
