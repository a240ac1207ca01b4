import type { Mount } from './mount-info';

/** Where the pages of a mapped file live: what tells memory and devices from files on a disk. */
export const FileStore = {
  /** No mount table has its device: a mount of the kernel's own, or of a namespace out of sight. */
  UNKNOWN: 0,
  /** A disk, a network or whatever else pages are read from. */
  DISK: 1,
  /** tmpfs, ramfs: pages that lie nowhere else. */
  MEMORY: 2,
  /** hugetlbfs, also the kernel's own mounts of it (MAP_HUGETLB, SHM_HUGETLB, MFD_HUGETLB). */
  HUGE: 3,
  /** Device nodes, and files by which the kernel gives its own memory or a device's. */
  DEVICE: 4,
  /** The kernel's own tmpfs: memfd, System V segments, MAP_SHARED | MAP_ANONYMOUS, objects of drivers. */
  KERNEL_MEMORY: 5,
} as const;

/**
 * File systems whose files can be mapped and are neither memory nor disk: device nodes, and what
 * drivers show (PCI resources in sysfs and procfs, trace buffers, relay channels).
 */
const DEVICE_TYPES: ReadonlySet<string> = new Set([
  'devtmpfs',
  'sysfs',
  'proc',
  'debugfs',
  'tracefs',
  'pstore',
  'resctrl',
]);

/**
 * What the files of a mount are. A container's /dev is a tmpfs with nothing but nodes in it. An overlay
 * counts as a disk also where a layer of it is a tmpfs: its type does not say which layer a file is of,
 * and the mapping keeps a file's life (it is read once, cached, and written back or dropped).
 */
export function storeOfMount({ type, point }: Pick<Mount, 'type' | 'point'>): number {
  if (DEVICE_TYPES.has(type)) return FileStore.DEVICE;
  if (type === 'hugetlbfs') return FileStore.HUGE;
  if (type === 'tmpfs') return point === '/dev' ? FileStore.DEVICE : FileStore.MEMORY;
  // rootfs is the initramfs: a ramfs or a tmpfs.
  return type === 'ramfs' || type === 'rootfs' ? FileStore.MEMORY : FileStore.DISK;
}
