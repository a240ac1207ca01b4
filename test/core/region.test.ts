import { KIND_NAMES } from '../../src/core/classes';
import { Memory } from '../../src/core/classify';
import { labelWithSection, regionNature } from '../../src/core/region';

const nature = (
  name: string,
  shared = false,
  ino = name.startsWith('/') && !name.startsWith('//anon') ? '77' : '0',
): readonly [kind: string, label: string, path: string, memory: number, hasFile: boolean] => {
  const n = regionNature({ shared, backing: { name, devMajor: 8, devMinor: 1, ino } });
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
    ['/anon_hugepage (deleted)', false, ['anon', '[anon]', '', M.PRIVATE_ANON, false]],
    ['/anon_hugepage (deleted)', true, ['shm', '[shared anon]', '', M.SHARED_SHM, false]],
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

  it('does not take files of such names for memory objects', () => {
    // Only the kernel's own end in ' (deleted)' without ever having had a directory entry.
    expect(nature('/SYSV0052e2c1', true)[0]).toBe('file');
    expect(nature('/anon_hugepage', false)[0]).toBe('file');
    expect(nature('/srv/SYSV0052e2c1 (deleted)', true)[0]).toBe('file');
  });

  it('keeps names that are no path whole', () => {
    expect(nature('anon_inode:[io_uring]', true, '9')[1]).toBe('anon_inode:[io_uring]');
    expect(nature('/', false)[1]).toBe('/');
  });

  it('appends a section to the label', () => {
    expect(labelWithSection('libc.so.6', '.text')).toBe('libc.so.6 .text');
    expect(labelWithSection('data.db', '')).toBe('data.db');
  });
});
