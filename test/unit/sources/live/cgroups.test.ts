import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupMount, findCgroup } from '../../../../src/sources/live/cgroups';

const mount = mkdtempSync(join(tmpdir(), 'cgroups-'));
const ID = '0123456789ab'.padEnd(64, 'c');
const OTHER = '0123456789ff'.padEnd(64, 'd');
const POD = 'fedcba987654'.padEnd(64, '0');

beforeAll(() => {
  for (const path of [
    'system.slice/nginx.service',
    'system.slice/nginx-debug.service',
    'user.slice/a.service',
    'user.slice/user@1000.service/app.slice/a.service',
    `system.slice/docker-${ID}.scope/init/docker-${ID}.scope`,
    `machine.slice/libpod-${OTHER}.scope`,
    `machine.slice/libpod-conmon-${POD}.scope`,
    `kubepods/besteffort/pod1/${POD}`,
  ]) {
    mkdirSync(join(mount, path), { recursive: true });
  }
});
afterAll(() => {
  rmSync(mount, { recursive: true });
});

const find = (by: 'cgroup' | 'unit' | 'container', name: string): string =>
  findCgroup({ kind: 'cgroup', by, name }, mount).slice(mount.length);

test.each([
  ['cgroup', 'system.slice/nginx.service', '/system.slice/nginx.service'],
  ['cgroup', '/system.slice/nginx.service/', '/system.slice/nginx.service/'],
  ['cgroup', join(mount, 'user.slice'), '/user.slice'],
  ['cgroup', '/', '/'],
  ['unit', 'nginx', '/system.slice/nginx.service'],
  ['unit', 'nginx.service', '/system.slice/nginx.service'],
  ['unit', 'app.slice', '/user.slice/user@1000.service/app.slice'],
  ['container', ID, `/system.slice/docker-${ID}.scope`],
  ['container', '0123456789AB', `/system.slice/docker-${ID}.scope`],
  ['container', 'fedcba', `/kubepods/besteffort/pod1/${POD}`],
] as const)('%s %s', (by, name, found) => {
  expect(find(by, name)).toBe(found);
});

test.each([
  ['cgroup', 'nginx', 'NO_CGROUP', /there is .*'\/system.slice\/nginx.service'\)$/],
  ['cgroup', '../../etc', 'NO_CGROUP', new RegExp(`'../../etc' is not below ${mount}$`)],
  ['cgroup', '/else/where', 'NO_CGROUP', new RegExp(`'/else/where' is not below ${mount}$`)],
  ['unit', 'debug', 'NO_UNIT', /'debug.service' is not below .*nginx-debug.service/],
  ['unit', 'a', 'NO_UNIT', /not the name of one .*app.slice\/a.service/],
  ['unit', 'x\x1b[2J', 'NO_UNIT', /^[ -~]+$/],
  ['container', '012345', 'NO_CONTAINER', /several .*'0123456789ff', '0123456789ab'/],
  ['container', '99999999', 'NO_CONTAINER', /no id .*'fedcba987654'/],
] as const)('%s %s is refused: %s', (by, name, code, text) => {
  expect(() => find(by, name)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(text) as string }) as Error,
  );
});

test('the mount of version 2, wherever it is; none where there is version 1 alone', () => {
  const v1 = '30 20 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';
  const v2 = '31 20 0:26 / /sys/fs/cg\\040two rw,relatime shared:9 - cgroup2 cgroup2 rw';
  const part = '32 20 0:26 /docker/x /mnt rw - cgroup2 cgroup2 rw';
  expect(cgroupMount([v1, part, v2].join('\n'))).toBe('/sys/fs/cg two');
  expect(cgroupMount(v1)).toBeNull();
  expect(() => findCgroup({ kind: 'cgroup', by: 'unit', name: 'x' }, null)).toThrow(
    expect.objectContaining({ code: 'CGROUP_V1' }) as Error,
  );
});
