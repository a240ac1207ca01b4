import { readdirSync, readFileSync } from 'node:fs';
import type { BusFacts, BusFault } from '../../core/classify/bus-reason';
import type { BusAnswer, BusSource } from '../../core/ports';
import type { Backing, Vma } from '../../core/vma/vma';
import { exists, isDead } from '../proc/proc';
import { parseTaskState } from '../proc/proc-parse';
import type { TaskTexts } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';

/** A reader answers in tens of ms; a file system that does not is not worth holding up the end for. */
const SETTLE_MS = 300;

export interface BusOptions {
  readonly reader: Pick<TargetReader, 'size' | 'tasks'>;
  /** KiB of the pages of one of the kernel's own hugetlbfs mounts, null for another device. */
  readonly hugePageKib: (backing: Backing) => number | null;
  /** There is such a process, in whatever state. */
  readonly exists?: (pid: number) => boolean;
  readonly sys?: string;
}

/**
 * Reads what tells why a SIGBUS was sent: the size of the file by way of the reader, and files of the
 * kernel's own (sysfs, cgroupfs), which wait for nobody.
 */
export class BusFactsReader implements BusSource {
  private readonly answers = new Answers<BusAnswer>();
  private open = 0;
  private whenSettled: (() => void) | null = null;
  private readonly sys: string;

  constructor(private readonly options: BusOptions) {
    this.sys = options.sys ?? '/sys';
  }

  askBus(pid: number, ppid: number, vma: Vma, fault: BusFault): void {
    const { reader, hugePageKib } = this.options;
    // At once: what the process has of the pool it gives back when it ends.
    const pools = fault.huge ? this.freePages() : new Map<number, number>();
    const kernels = hugePageKib(vma.backing);
    const answer = (
      tasks: readonly TaskTexts[] | null,
      fileSize: number | null,
      blockBytes: number,
    ): void => {
      const pageKib = fault.huge ? (kernels ?? (blockBytes / 1024 || this.onlyPool(pools))) : null;
      const facts: BusFacts = {
        fileSize,
        pageKib,
        freePages: pageKib === null ? null : (pools.get(pageKib) ?? null),
        limitHits: pageKib === null ? null : this.limitHits(tasks ?? [], pageKib),
        ended: this.hasEnded(pid, tasks?.[0]),
      };
      this.answers.add({ fault, facts });
      if (--this.open === 0) this.whenSettled?.();
    };
    this.open++;
    reader.tasks([pid, ppid], (tasks) => {
      if (fault.offset < 0) {
        answer(tasks, null, 0);
        return;
      }
      reader.size(pid, vma, (told) => {
        answer(tasks, told?.size ?? null, told?.blockSize ?? 0);
      });
    });
  }

  /** kill(2) says so, or the status that was read; where that could not be read it says nothing. */
  private hasEnded(pid: number, texts: TaskTexts | undefined): boolean {
    if (!(this.options.exists ?? exists)(pid)) return true;
    const state = parseTaskState(texts?.status ?? '');
    return state !== null && isDead(state);
  }

  /** Every question has its answer, or has been waited for long enough. */
  settled(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SETTLE_MS);
      this.whenSettled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  takeBus(): readonly BusAnswer[] {
    return this.answers.take();
  }

  /** Pages free and not reserved, by KiB of a page (Documentation/admin-guide/mm/hugetlbpage.rst). */
  private freePages(): Map<number, number> {
    const directory = `${this.sys}/kernel/mm/hugepages`;
    const pools = new Map<number, number>();
    for (const name of list(directory)) {
      const kib = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]);
      const count = (file: string): number => Number(read(`${directory}/${name}/${file}`) ?? NaN);
      const free = count('free_hugepages') - count('resv_hugepages');
      if (Number.isFinite(kib) && Number.isFinite(free)) pools.set(kib, free);
    }
    return pools;
  }

  private onlyPool(pools: Map<number, number>): number | null {
    return pools.size === 1 ? [...pools.keys()][0]! : null;
  }

  /** How often the limit of the cgroup or of one above it was met; null where nothing says it. */
  private limitHits(tasks: readonly TaskTexts[], pageKib: number): number | null {
    const lines = tasks.map(({ cgroup }) => cgroup).find((text) => text !== '');
    const name = `hugetlb.${sizeName(pageKib)}`;
    for (const line of lines?.split('\n') ?? []) {
      const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const v1 = controllers.split(',').includes('hugetlb');
      if (!v1 && controllers !== '') continue;
      const root = `${this.sys}/fs/cgroup${v1 ? '/hugetlb' : ''}`;
      for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
        const hits = v1
          ? Number(read(`${root}${at}/${name}.failcnt`) ?? NaN)
          : Number(/^max (\d+)/m.exec(read(`${root}${at}/${name}.events`) ?? '')?.[1]);
        if (hits > 0) return hits;
        if (at === '' || at === '/') break;
      }
    }
    return null;
  }
}

/** As the kernel calls the files (mem_fmt in mm/hugetlb_cgroup.c). */
function sizeName(kib: number): string {
  if (kib >= 1 << 20) return `${kib >> 20}GB`;
  return kib >= 1 << 10 ? `${kib >> 10}MB` : `${kib}KB`;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** null where there is no such file, or it cannot be read: nothing is known then. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
