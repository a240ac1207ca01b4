import { Memory } from './classify';
import { RegionKind } from './classes';
import type { Backing, Vma } from './vma';

/** What a mapping is to a reader and to the classifier. Depends on the backing and on `shared` only. */
export interface RegionNature {
  /** One of RegionKind. */
  readonly kind: number;
  /** Without an ELF section. Raw: outputs strip control characters. */
  readonly label: string;
  /** Path of the file or object, '' where there is none. Keeps the kernel's ' (deleted)'. */
  readonly path: string;
  /** One of Memory. */
  readonly memory: number;
  /** Offsets into `path` mean something: there is a file behind it (memfd and /dev/shm are). */
  readonly hasFile: boolean;
}

const DELETED = ' (deleted)';

/**
 * Kind and label of a mapping (shared contract: regions). The names are those of /proc/PID/maps and
 * of MMAP2 records, which differ: unnamed anonymous memory is '' in one and '//anon' in the other.
 */
export function regionNature(vma: Pick<Vma, 'shared' | 'backing'>): RegionNature {
  const { name } = vma.backing;
  const first = name.charCodeAt(0);
  if (Number.isNaN(first) || name === '//anon') return anonymous(vma.shared, '');
  if (first === 0x5b /* [ */) return bracketed(vma.shared, name);
  return backed(vma.shared, vma.backing);
}

/** Where neither the map nor /proc has a mapping. */
export const UNKNOWN_NATURE: RegionNature = {
  kind: RegionKind.UNKNOWN,
  label: '[unknown]',
  path: '',
  memory: Memory.UNKNOWN,
  hasFile: false,
};

/** Label of a file mapping's row: `libc.so.6 .text`; the file name alone outside of any section. */
export function labelWithSection(label: string, section: string): string {
  return section === '' ? label : `${label} ${section}`;
}

export function threadStackLabel(tid: number): string {
  return `[stack:${tid}]`;
}

function anonymous(shared: boolean, label: string): RegionNature {
  return shared
    ? sharedMemory(true, label === '' ? '[shared anon]' : label, '', false)
    : {
        kind: RegionKind.ANON,
        label: label === '' ? '[anon]' : label,
        path: '',
        memory: Memory.PRIVATE_ANON,
        hasFile: false,
      };
}

function sharedMemory(
  shared: boolean,
  label: string,
  path: string,
  hasFile: boolean,
): RegionNature {
  const memory = shared ? Memory.SHARED_SHM : Memory.PRIVATE_SHM;
  return { kind: RegionKind.SHM, label, path, memory, hasFile };
}

function bracketed(shared: boolean, name: string): RegionNature {
  if (name === '[heap]') return privateAnon(RegionKind.HEAP, name);
  // Linux 3.4 to 4.4 named thread stacks in maps themselves: [stack:TID].
  if (name === '[stack]' || name.startsWith('[stack:')) return privateAnon(RegionKind.STACK, name);
  if (name.startsWith('[anon_shmem:')) return sharedMemory(true, name, '', false);
  if (name.startsWith('[anon:')) return anonymous(shared, name);
  return {
    kind: RegionKind.SPECIAL,
    label: name,
    path: '',
    memory: Memory.SPECIAL,
    hasFile: false,
  };
}

function privateAnon(kind: number, label: string): RegionNature {
  return { kind, label, path: '', memory: Memory.PRIVATE_ANON, hasFile: false };
}

function backed(shared: boolean, backing: Backing): RegionNature {
  const { name } = backing;
  const deleted = name.endsWith(DELETED);
  const plain = deleted ? name.slice(0, -DELETED.length) : name;
  // A private mapping of /dev/zero is anonymous memory to the kernel (vma_set_anonymous).
  if (plain === '/dev/zero') return anonymous(shared, '');
  // MAP_HUGETLB without a file. Ends in ' (deleted)' always, unlike a file of that name.
  if (deleted && plain === '/anon_hugepage') return anonymous(shared, '');
  if (deleted && plain.startsWith('/memfd:'))
    return sharedMemory(shared, plain.slice(1), name, true);
  if (deleted && /^\/SYSV[0-9a-f]{8}$/.test(plain)) {
    return sharedMemory(shared, plain.slice(1), name, false);
  }
  if (plain.startsWith('/dev/shm/')) return sharedMemory(shared, plain, name, true);
  return {
    kind: RegionKind.FILE,
    label: baseName(plain),
    path: name,
    memory: shared ? Memory.SHARED_FILE : Memory.PRIVATE_FILE,
    hasFile: true,
  };
}

/** The last component; names that are no path ('anon_inode:[io_uring]', '//toolong') stay whole. */
function baseName(path: string): string {
  if (path.startsWith('//')) return path;
  const slash = path.lastIndexOf('/');
  return slash < 0 || slash === path.length - 1 ? path : path.slice(slash + 1);
}
