import { shortCgroup, unitOf } from '../../../../src/core/facts/owner';

const ID = '0123456789abcdef'.repeat(4);

test.each([
  ['', '', ''],
  ['/', '', '/'],
  ['/init.scope', 'init.scope', 'init.scope'],
  ['/system.slice/nginx.service', 'nginx.service', 'nginx'],
  ['/system.slice/nginx.service/workers', 'nginx.service', 'nginx'],
  ['/system.slice', '', 'system.slice'],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/vim.scope',
    'user@1000.service',
    'user@1000',
  ],
  // systemd puts an underscore before what would be a file of the kernel.
  ['/system.slice/_cpu.service', 'cpu.service', 'cpu'],
  [`/system.slice/docker-${ID}.scope`, `docker-${ID}.scope`, '0123456789ab'],
  [`/docker/${ID}`, '', '0123456789ab'],
  [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope/inner`, '', '0123456789ab'],
  ['/jobs/night', '', 'night'],
])('%s', (cgroup, unit, short) => {
  if (unit !== '') expect(unitOf(cgroup)).toBe(unit);
  expect(shortCgroup(cgroup)).toBe(short);
});
