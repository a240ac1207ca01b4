import { Memory } from '../classify/rules';
import { RegionKind } from '../classify/classes';
import { baseName } from '../text/format';
import { FileStore } from '../vma/file-store';
import type { Backing, Vma } from '../vma/vma';

/** What a mapping is to a reader and to the classifier. Depends on backing, store and `shared` only. */
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
 * Kind and label of a mapping (docs/classes.md). The names are those of /proc/PID/maps and of MMAP2
 * records, which differ: unnamed anonymous memory is '' in one and '//anon' in the other. `store` is
 * one of FileStore, for the device of the mapping.
 */
export function regionNature(vma: Pick<Vma, 'shared' | 'backing'>, store: number): RegionNature {
  const { name } = vma.backing;
  const first = name.charCodeAt(0);
  if (Number.isNaN(first) || name === '//anon') return anonymous(vma.shared, '');
  if (first === 0x5b /* [ */) return bracketed(vma.shared, name);
  return backed(vma.shared, vma.backing, store);
}

/** Where neither the map nor /proc has a mapping. */
export const UNKNOWN_NATURE: RegionNature = {
  kind: RegionKind.UNKNOWN,
  label: '[unknown]',
  path: '',
  memory: Memory.UNKNOWN,
  hasFile: false,
};

const UNNAMED: ReadonlySet<string> = new Set(['[anon]', '[shared anon]']);

/** Anonymous memory that nobody gave a name to. */
export function isUnnamed(label: string): boolean {
  return UNNAMED.has(label);
}

/** Label of a file mapping's row: `libc.so.6 .text`; the file name alone outside of any section. */
export function labelWithSection(label: string, section: string): string {
  return section === '' ? label : `${label} ${section}`;
}

export function threadStackLabel(tid: number): string {
  return `[stack:${tid}]`;
}

const THREAD_STACK = /^\[stack:(\d+)\]$/;

/** The thread whose stack a label names, 0 for all others. */
export function stackOwner(label: string): number {
  return label.startsWith('[stack:') ? Number(THREAD_STACK.exec(label)?.[1] ?? 0) : 0;
}

/** The label of a row for several regions: what they are without whose they were. */
export function sharedLabel(label: string): string {
  return stackOwner(label) === 0 ? label : '[stack]';
}

function anonymous(shared: boolean, label: string): RegionNature {
  return shared
    ? sharedMemory(true, label === '' ? '[shared anon]' : label, '', false)
    : privateAnon(RegionKind.ANON, label === '' ? '[anon]' : label);
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

/** The same mapping where its pages are those of hugetlbfs. */
function inHugePages(nature: RegionNature, shared: boolean): RegionNature {
  const ofFile = shared ? Memory.SHARED_HUGE : Memory.PRIVATE_HUGE;
  const memory = nature.kind === RegionKind.ANON ? Memory.PRIVATE_ANON_HUGE : ofFile;
  return { ...nature, memory };
}

function device(shared: boolean, label: string, path: string): RegionNature {
  const memory = shared ? Memory.SHARED_DEVICE : Memory.PRIVATE_DEVICE;
  return { kind: RegionKind.DEVICE, label, path, memory, hasFile: false };
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

function backed(shared: boolean, backing: Backing, store: number): RegionNature {
  const { name } = backing;
  const deleted = name.endsWith(DELETED);
  const plain = deleted ? name.slice(0, -DELETED.length) : name;
  // A private mapping of /dev/zero is anonymous memory to the kernel (vma_set_anonymous).
  if (plain === '/dev/zero') return anonymous(shared, '');
  // MAP_HUGETLB without a file. Ends in ' (deleted)' always, unlike a file of that name.
  if (deleted && plain === '/anon_hugepage') return inHugePages(anonymous(shared, ''), shared);
  const object = memoryObject(shared, name, deleted ? plain : '');
  if (object !== null) return store === FileStore.HUGE ? inHugePages(object, shared) : object;
  if (isDriverObject(plain, deleted, store)) return device(shared, plain.replace(/^\//, ''), name);
  if (store === FileStore.MEMORY || store === FileStore.HUGE || plain.startsWith('/dev/shm/')) {
    const label = plain.startsWith('/dev/shm/') ? plain : baseName(plain);
    const nature = sharedMemory(shared, label, name, true);
    return store === FileStore.HUGE ? inHugePages(nature, shared) : nature;
  }
  // /dev of a container or of a chroot may lie on any file system, and holds nodes on all of them.
  if (store === FileStore.DEVICE || plain.startsWith('/dev/')) return device(shared, plain, name);
  return {
    kind: RegionKind.FILE,
    label: baseName(plain),
    path: name,
    memory: shared ? Memory.SHARED_FILE : Memory.PRIVATE_FILE,
    hasFile: true,
  };
}

/**
 * Memory that programs make without a directory entry: the kernel's mounts for it are in no mount
 * table. `deletedName` is the name before ' (deleted)', which these always carry.
 */
function memoryObject(shared: boolean, name: string, deletedName: string): RegionNature | null {
  if (deletedName.startsWith('/memfd:')) {
    return sharedMemory(shared, deletedName.slice(1), name, true);
  }
  if (/^\/SYSV[0-9a-f]{8}$/.test(deletedName)) {
    return sharedMemory(shared, deletedName.slice(1), name, false);
  }
  // memfd_secret(2).
  if (deletedName === '/secretmem') return sharedMemory(shared, 'secretmem', name, true);
  // KVM's guest_memfd, by a name of the kernel's ('anon_inode:' before it had a file system).
  if (/^(\/|anon_inode:)\[kvm-gmem\]/.test(name)) {
    return sharedMemory(shared, '[kvm-gmem]', name, true);
  }
  return null;
}

/** Names that drivers give to their memory, in no directory: 'anon_inode:[io_uring]', 'drm mm object'. */
function isDriverObject(plain: string, deleted: boolean, store: number): boolean {
  // Every path is absolute; what is not comes from a dname() of the kernel's own file systems.
  if (!plain.startsWith('/')) return true;
  // The memory of DRM objects (shmem_file_setup), also on i915's mount of its own (gemfs).
  if (store === FileStore.KERNEL_MEMORY) return true;
  if (store !== FileStore.UNKNOWN) return false;
  return plain.startsWith('/dmabuf:') || (deleted && /^\/(i915|drm mm object)$/.test(plain));
}
