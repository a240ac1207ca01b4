import { isServed } from '../../core/vma/served';
import type { ServedMount } from '../../core/vma/served';
import { FileStore, storeOfMount } from '../../core/vma/file-store';
import { parseMountInfo } from '../../core/vma/mount-info';
import { PENDING } from '../../core/ports';
import type { Backing } from '../../core/vma/vma';
import type { KernelMount } from '../../native/contract';

/** Time until a device that no table had is looked for again. */
const ASK_AGAIN_NS = 100e6;
/** Reading may take this much at once, and a twentieth of the time in the long run. */
const BURST_NS = 20e6;
const SHARE = 20;
/** A device number is given to another file system once its own is unmounted: what is older is asked again. */
const MEMORY_NS = 30e9;
const MAX_KNOWN = 65536;
const MAX_SERVED = 1024;

/** Reads the mounts that a process sees, as text; tells null where they cannot be read. */
export type ReadMounts = (pid: number | 'self', told: (text: string | null) => void) => void;

/**
 * Which file systems are memory, devices or disks, by device number. The kernel's numbers are the same in
 * every mount namespace, so our own table serves for most; that of a target is read for what is not
 * in ours (containers). A table that cannot be read says nothing: the store is unknown.
 */
export class Mounts {
  private readonly kernels = new Map<string, number>();
  private known = new Map<string, number>();
  /** What was known before all was forgotten: it holds for what is looked for again. */
  private before: ReadonlyMap<string, number> = new Map();
  /** Those that another machine or program answers for, until a file of theirs is met. */
  private readonly served = new Map<string, ServedMount>();
  private readonly askAgainAt = new Map<string, number>();
  /** When all reads so far, each at SHARE times its cost, would be over. */
  private paidUntil = -Infinity;
  private forgetAt = -Infinity;
  /** Devices whose tables are on their way. */
  private readonly reading = new Set<string>();

  /** `now` gives ns of any fixed zero. `come` is called when tables have come later. */
  constructor(
    private readonly readMounts: ReadMounts,
    kernelMounts: readonly KernelMount[],
    private readonly now: () => number,
    private readonly come: () => void = () => undefined,
    /** A file of such a file system is met: once for each device. */
    private readonly onServed: (device: string, mount: ServedMount) => void = () => undefined,
  ) {
    for (const { devMajor, devMinor, hugePageKib } of kernelMounts) {
      const store = hugePageKib === 0 ? FileStore.KERNEL_MEMORY : FileStore.HUGE;
      this.kernels.set(`${devMajor}:${devMinor}`, store);
    }
  }

  /**
   * One of FileStore; PENDING where a device that nothing is known of is looked for. `pids` are asked in turn for what our
   * own table lacks; mostly nothing is read.
   */
  store(
    pids: readonly number[],
    { devMajor, devMinor }: Pick<Backing, 'devMajor' | 'devMinor'>,
  ): number | typeof PENDING {
    const device = `${devMajor}:${devMinor}`;
    const kernels = this.kernels.get(device);
    if (kernels !== undefined) return kernels;
    const now = this.now();
    if ((!this.known.has(device) || now >= this.forgetAt) && this.mayAsk(device, now)) {
      this.read(pids, device, now);
    }
    const known = this.known.get(device);
    if (known !== undefined) {
      this.meet(device);
      return known;
    }
    return this.reading.has(device) ? (this.before.get(device) ?? PENDING) : FileStore.UNKNOWN;
  }

  private meet(device: string): void {
    const mount = this.served.get(device);
    if (mount === undefined) return;
    this.served.delete(device);
    this.onServed(device, mount);
  }

  private mayAsk(device: string, now: number): boolean {
    if (this.reading.has(device)) return false;
    return this.paidUntil < now + SHARE * BURST_NS && now >= (this.askAgainAt.get(device) ?? now);
  }

  private read(pids: readonly number[], device: string, begun: number): void {
    const tables: (number | 'self')[] = pids.filter((pid) => pid > 0);
    if (begun >= this.forgetAt) {
      this.forgetAt = begun + MEMORY_NS;
      tables.unshift('self');
    }
    this.reading.add(device);
    this.readOn(tables, device, begun);
  }

  private readOn(tables: readonly (number | 'self')[], device: string, begun: number): void {
    const [table, ...others] = tables;
    if (table === 'self' || (table !== undefined && !this.known.has(device))) {
      this.readMounts(table, (text) => {
        if (table === 'self') this.forget();
        if (text !== null) this.take(text);
        this.readOn(others, device, begun);
      });
      return;
    }
    this.reading.delete(device);
    if (!this.known.has(device) && this.askAgainAt.size < MAX_KNOWN) {
      this.askAgainAt.set(device, begun + ASK_AGAIN_NS);
    }
    this.paidUntil = Math.max(this.paidUntil, begun) + SHARE * (this.now() - begun);
    this.come();
  }

  private forget(): void {
    this.before = this.known;
    this.known = new Map();
    this.askAgainAt.clear();
  }

  private take(text: string): void {
    for (const mount of parseMountInfo(text)) {
      if (this.known.size >= MAX_KNOWN) return;
      const device = `${mount.devMajor}:${mount.devMinor}`;
      const store = storeOfMount(mount);
      if (isServed(mount) && this.served.size < MAX_SERVED) this.served.set(device, mount);
      // One tmpfs is mounted in many places; that it is /dev somewhere says what it is for.
      if (this.known.get(device) !== FileStore.DEVICE) this.known.set(device, store);
    }
  }
}
