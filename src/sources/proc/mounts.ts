import { FileStore, storeOfMount } from '../../core/vma/file-store';
import { parseMountInfo } from '../../core/vma/mount-info';
import type { Backing } from '../../core/vma/vma';
import type { KernelMount } from '../../native/contract';
import { isKnown } from './proc';
import type { Proc } from './proc';

/** Time until a device that no table had is looked for again. */
const ASK_AGAIN_NS = 100e6;
/** Reading may take this much at once, and a twentieth of the time in the long run. */
const BURST_NS = 20e6;
const SHARE = 20;
/** A device number is given to another file system once its own is unmounted: what is older is asked again. */
const MEMORY_NS = 30e9;
const MAX_KNOWN = 65536;

/**
 * Which file systems are memory, devices or disks, by device number. The kernel's numbers are the same in
 * every mount namespace, so our own table serves for most; that of a target is read for what is not
 * in ours (containers). A table that cannot be read says nothing: the store is unknown.
 */
export class Mounts {
  private readonly kernels = new Map<string, number>();
  private readonly known = new Map<string, number>();
  private readonly askAgainAt = new Map<string, number>();
  /** When all reads so far, each at SHARE times its cost, would be over. */
  private paidUntil = -Infinity;
  private forgetAt = -Infinity;

  /** `now` gives ns of any fixed zero. */
  constructor(
    private readonly proc: Pick<Proc, 'mountInfo'>,
    kernelMounts: readonly KernelMount[],
    private readonly now: () => number,
  ) {
    for (const { devMajor, devMinor, hugePageKib } of kernelMounts) {
      const store = hugePageKib === 0 ? FileStore.KERNEL_MEMORY : FileStore.HUGE;
      this.kernels.set(`${devMajor}:${devMinor}`, store);
    }
  }

  /** One of FileStore. `pids` are asked in turn for what our own table lacks; mostly nothing is read. */
  store(pids: readonly number[], { devMajor, devMinor }: Backing): number {
    const device = `${devMajor}:${devMinor}`;
    const kernels = this.kernels.get(device);
    if (kernels !== undefined) return kernels;
    const now = this.now();
    const known = this.known.get(device);
    if ((known === undefined || now >= this.forgetAt) && this.mayAsk(device, now)) {
      this.read(pids, device, now);
    }
    return this.known.get(device) ?? known ?? FileStore.UNKNOWN;
  }

  private mayAsk(device: string, now: number): boolean {
    return this.paidUntil < now + SHARE * BURST_NS && now >= (this.askAgainAt.get(device) ?? now);
  }

  private read(pids: readonly number[], device: string, begun: number): void {
    if (begun >= this.forgetAt) {
      this.known.clear();
      this.askAgainAt.clear();
      this.forgetAt = begun + MEMORY_NS;
      this.take('self');
    }
    for (const pid of pids) {
      if (this.known.has(device)) break;
      if (pid > 0) this.take(pid);
    }
    if (!this.known.has(device) && this.askAgainAt.size < MAX_KNOWN) {
      this.askAgainAt.set(device, begun + ASK_AGAIN_NS);
    }
    this.paidUntil = Math.max(this.paidUntil, begun) + SHARE * (this.now() - begun);
  }

  private take(pid: number | 'self'): void {
    const text = this.proc.mountInfo(pid);
    if (!isKnown(text)) return;
    for (const mount of parseMountInfo(text)) {
      if (this.known.size >= MAX_KNOWN) return;
      const device = `${mount.devMajor}:${mount.devMinor}`;
      const store = storeOfMount(mount);
      // One tmpfs is mounted in many places; that it is /dev somewhere says what it is for.
      if (this.known.get(device) !== FileStore.DEVICE) this.known.set(device, store);
    }
  }
}
