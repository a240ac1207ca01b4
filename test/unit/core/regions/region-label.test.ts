import { KIND_NAMES } from '../../../../src/core/classify/classes';
import { Memory } from '../../../../src/core/classify/rules';
import { FileStore } from '../../../../src/core/vma/file-store';
import { labelWithSection, regionNature } from '../../../../src/core/regions/region-label';

const nature = (
  name: string,
  shared = false,
  store: number = FileStore.DISK,
): readonly [kind: string, label: string, path: string, memory: number, hasFile: boolean] => {
  const n = regionNature({ shared, backing: { name, devMajor: 8, devMinor: 1, ino: '77' } }, store);
  return [KIND_NAMES[n.kind]!, n.label, n.path, n.memory, n.hasFile];
};
const M = Memory;

describe('regionNature', () => {
  it.each([
    [
      '/usr/lib/libc.so.6',
      false,
      ['file', 'libc.so.6', '/usr/lib/libc.so.6', M.PRIVATE_FILE, true],
    ],
    ['/srv/data.db', true, ['file', 'data.db', '/srv/data.db', M.SHARED_FILE, true]],
    ['/tmp/a b (deleted)', false, ['file', 'a b', '/tmp/a b (deleted)', M.PRIVATE_FILE, true]],
    ['//toolong', false, ['file', '//toolong', '//toolong', M.PRIVATE_FILE, true]],
    ['//enomem', true, ['file', '//enomem', '//enomem', M.SHARED_FILE, true]],
    ['', false, ['anon', '[anon]', '', M.PRIVATE_ANON, false]],
    ['//anon', false, ['anon', '[anon]', '', M.PRIVATE_ANON, false]],
    ['[anon:arena 1]', false, ['anon', '[anon:arena 1]', '', M.PRIVATE_ANON, false]],
    ['/dev/zero', false, ['anon', '[anon]', '', M.PRIVATE_ANON, false]],
    ['/anon_hugepage (deleted)', false, ['anon', '[anon]', '', M.PRIVATE_ANON_HUGE, false]],
    ['/anon_hugepage (deleted)', true, ['shm', '[shared anon]', '', M.SHARED_HUGE, false]],
    ['/dev/zero (deleted)', true, ['shm', '[shared anon]', '', M.SHARED_SHM, false]],
    ['[anon_shmem:pool]', true, ['shm', '[anon_shmem:pool]', '', M.SHARED_SHM, false]],
    [
      '/memfd:x y (deleted)',
      true,
      ['shm', 'memfd:x y', '/memfd:x y (deleted)', M.SHARED_SHM, true],
    ],
    ['/memfd:x (deleted)', false, ['shm', 'memfd:x', '/memfd:x (deleted)', M.PRIVATE_SHM, true]],
    ['/dev/shm/q', true, ['shm', '/dev/shm/q', '/dev/shm/q', M.SHARED_SHM, true]],
    [
      '/dev/shm/q (deleted)',
      true,
      ['shm', '/dev/shm/q', '/dev/shm/q (deleted)', M.SHARED_SHM, true],
    ],
    [
      '/SYSV0052e2c1 (deleted)',
      true,
      ['shm', 'SYSV0052e2c1', '/SYSV0052e2c1 (deleted)', M.SHARED_SHM, false],
    ],
    ['[heap]', false, ['heap', '[heap]', '', M.PRIVATE_ANON, false]],
    ['[stack]', false, ['stack', '[stack]', '', M.PRIVATE_ANON, false]],
    ['[stack:42]', false, ['stack', '[stack:42]', '', M.PRIVATE_ANON, false]],
    ['[vdso]', false, ['special', '[vdso]', '', M.SPECIAL, false]],
    ['[vvar]', false, ['special', '[vvar]', '', M.SPECIAL, false]],
    ['[vvar_vclock]', false, ['special', '[vvar_vclock]', '', M.SPECIAL, false]],
    ['[vsyscall]', false, ['special', '[vsyscall]', '', M.SPECIAL, false]],
    ['[uprobes]', false, ['special', '[uprobes]', '', M.SPECIAL, false]],
  ] as const)('%s (shared: %s)', (name, shared, expected) => {
    expect(nature(name, shared)).toEqual(expected);
  });

  const S = FileStore;
  it.each([
    ['/srv/ram/x', true, S.MEMORY, ['shm', 'x', '/srv/ram/x', M.SHARED_SHM, true]],
    [
      '/srv/ram/x (deleted)',
      false,
      S.MEMORY,
      ['shm', 'x', '/srv/ram/x (deleted)', M.PRIVATE_SHM, true],
    ],
    ['/dev/hugepages/vm', true, S.HUGE, ['shm', 'vm', '/dev/hugepages/vm', M.SHARED_HUGE, true]],
    ['/mnt/huge/vm', false, S.HUGE, ['shm', 'vm', '/mnt/huge/vm', M.PRIVATE_HUGE, true]],
    [
      '/memfd:m (deleted)',
      true,
      S.HUGE,
      ['shm', 'memfd:m', '/memfd:m (deleted)', M.SHARED_HUGE, true],
    ],
    [
      '/memfd:m (deleted)',
      true,
      S.KERNEL_MEMORY,
      ['shm', 'memfd:m', '/memfd:m (deleted)', M.SHARED_SHM, true],
    ],
    [
      '/SYSV0052e2c1 (deleted)',
      true,
      S.HUGE,
      ['shm', 'SYSV0052e2c1', '/SYSV0052e2c1 (deleted)', M.SHARED_HUGE, false],
    ],
    [
      '/secretmem (deleted)',
      true,
      S.UNKNOWN,
      ['shm', 'secretmem', '/secretmem (deleted)', M.SHARED_SHM, true],
    ],
    [
      '/[kvm-gmem] (deleted)',
      true,
      S.UNKNOWN,
      ['shm', '[kvm-gmem]', '/[kvm-gmem] (deleted)', M.SHARED_SHM, true],
    ],
    [
      'anon_inode:[kvm-gmem]',
      true,
      S.UNKNOWN,
      ['shm', '[kvm-gmem]', 'anon_inode:[kvm-gmem]', M.SHARED_SHM, true],
    ],
    [
      '/dev/dri/card0',
      true,
      S.DEVICE,
      ['device', '/dev/dri/card0', '/dev/dri/card0', M.SHARED_DEVICE, false],
    ],
    ['/dev/mem', false, S.DEVICE, ['device', '/dev/mem', '/dev/mem', M.PRIVATE_DEVICE, false]],
    // A node on the tmpfs of a container, on a chroot's disk, or on what no table lists.
    [
      '/dev/nvidia0',
      true,
      S.DISK,
      ['device', '/dev/nvidia0', '/dev/nvidia0', M.SHARED_DEVICE, false],
    ],
    ['/dev/kfd', true, S.UNKNOWN, ['device', '/dev/kfd', '/dev/kfd', M.SHARED_DEVICE, false]],
    ['/dev/zero', false, S.DEVICE, ['anon', '[anon]', '', M.PRIVATE_ANON, false]],
    ['/dev/shm/q', true, S.DEVICE, ['shm', '/dev/shm/q', '/dev/shm/q', M.SHARED_SHM, true]],
    [
      '/sys/devices/pci0000:00/resource0',
      true,
      S.DEVICE,
      [
        'device',
        '/sys/devices/pci0000:00/resource0',
        '/sys/devices/pci0000:00/resource0',
        M.SHARED_DEVICE,
        false,
      ],
    ],
    [
      'anon_inode:[io_uring]',
      true,
      S.UNKNOWN,
      ['device', 'anon_inode:[io_uring]', 'anon_inode:[io_uring]', M.SHARED_DEVICE, false],
    ],
    [
      'socket:[4711]',
      true,
      S.UNKNOWN,
      ['device', 'socket:[4711]', 'socket:[4711]', M.SHARED_DEVICE, false],
    ],
    [
      '/dmabuf:cam',
      true,
      S.UNKNOWN,
      ['device', 'dmabuf:cam', '/dmabuf:cam', M.SHARED_DEVICE, false],
    ],
    ['/dmabuf:cam', true, S.DISK, ['file', 'dmabuf:cam', '/dmabuf:cam', M.SHARED_FILE, true]],
    [
      '/drm mm object (deleted)',
      true,
      S.KERNEL_MEMORY,
      ['device', 'drm mm object', '/drm mm object (deleted)', M.SHARED_DEVICE, false],
    ],
    [
      '/i915 (deleted)',
      true,
      S.UNKNOWN,
      ['device', 'i915', '/i915 (deleted)', M.SHARED_DEVICE, false],
    ],
    ['/i915 (deleted)', true, S.DISK, ['file', 'i915', '/i915 (deleted)', M.SHARED_FILE, true]],
    ['/srv/x', false, S.UNKNOWN, ['file', 'x', '/srv/x', M.PRIVATE_FILE, true]],
  ] as const)('%s (shared: %s) on store %i', (name, shared, store, expected) => {
    expect(nature(name, shared, store)).toEqual(expected);
  });

  it('does not take files of such names for memory objects', () => {
    // Only the kernel's own end in ' (deleted)' without ever having had a directory entry.
    expect(nature('/SYSV0052e2c1', true)[0]).toBe('file');
    expect(nature('/anon_hugepage', false)[0]).toBe('file');
    expect(nature('/srv/SYSV0052e2c1 (deleted)', true)[0]).toBe('file');
  });

  it('keeps names that are no path whole', () => {
    expect(nature('anon_inode:[io_uring]', true)[1]).toBe('anon_inode:[io_uring]');
    expect(nature('/', false)[1]).toBe('/');
  });

  it('appends a section to the label', () => {
    expect(labelWithSection('libc.so.6', '.text')).toBe('libc.so.6 .text');
    expect(labelWithSection('data.db', '')).toBe('data.db');
  });
});
