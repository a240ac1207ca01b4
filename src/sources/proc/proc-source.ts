import { counted } from '../../core/text/format';
import type { ServedMount } from '../../core/vma/served';
import type { ElfImage } from '../../core/elf/elf';
import { parseMaps } from '../../core/vma/proc-maps';
import { PENDING, UNKNOWN } from '../../core/ports';
import type { MapsAnswer, ProcSource } from '../../core/ports';
import { FileStore } from '../../core/vma/file-store';
import type { Lineage } from '../../core/vma/lineage';
import type { Backing, Vma } from '../../core/vma/vma';
import type { KernelMount } from '../../native/contract';
import { BoundedMap } from '../bounded-map';
import { ElfFiles } from './elf-files';
import type { Debug } from '../../core/facts/debug';
import type { EarlyLook } from '../live/early-look';
import { Inquiries } from './inquiries';
import { Mounts, type ReadMounts } from './mounts';
import { Patience } from './patience';
import type { PatienceLimits, Reason } from './patience';
import type { Proc } from './proc';
import type { FileIdentity } from '../reader/requests';
import type { PageTold, TargetReader } from '../reader/target-reader';

/** Time between two reads of one maps file: at least this, and at least so many times its cost. */
const MAPS_FLOOR_NS = 100_000_000;
const MAPS_COST_FACTOR = 20;
const MAX_PACED = 4096;

export interface ProcFsOptions {
  readonly proc: Proc;
  readonly reader: Pick<TargetReader, 'maps' | 'page' | 'elf' | 'mounts' | 'whenRunning'>;
  readonly early: Pick<EarlyLook, 'takeMaps'>;
  /** ns since the session's start. */
  readonly now: () => number;
  readonly nowMs: () => number;
  readonly kernelMounts: readonly KernelMount[];
  readonly debug: Debug;
  /** A file of a file system that another answers for is met; once for each. */
  readonly servers?: { meetMount(device: string, mount: ServedMount): void };
  /** How long answers are waited for; as usual where it is left out. */
  readonly patience?: PatienceLimits | undefined;
  /** Why answers are waited for longer than that; none where it is left out. */
  readonly reason?: Reason;
}

/**
 * The ProcSource of live captures: what may block is asked of the reader, and waited for as long as the
 * patience lasts.
 */
export class ProcFs implements ProcSource {
  private readonly patience: Patience;
  private readonly elfFiles: ElfFiles;
  private readonly maps: Inquiries<MapsAnswer | null>;
  private readonly pages: Inquiries<PageTold>;
  private readonly mounts: Mounts;
  /** Since when tables of mounts are waited for, ms; null while none is. */
  private mountsSince: number | null = null;
  private readonly nextRead = new BoundedMap<number, number>(MAX_PACED);
  private pagesSupported = true;

  constructor(private readonly options: ProcFsOptions) {
    const { reader, nowMs, now, kernelMounts, patience, reason } = options;
    this.patience = new Patience(nowMs, patience, reason);
    const readMounts: ReadMounts = (pid, told) => {
      reader.mounts(pid === 'self' ? process.pid : pid, told);
    };
    const come = (): void => {
      this.mountsSince = null;
      this.patience.wake();
    };
    this.mounts = new Mounts(readMounts, kernelMounts, now, come, (device, mount) => {
      options.servers?.meetMount(device, mount);
    });
    this.elfFiles = new ElfFiles({ reader, patience: this.patience, nowMs, now });
    this.maps = new Inquiries(this.patience, nowMs);
    this.pages = new Inquiries(this.patience, nowMs);
    reader.whenRunning(() => {
      this.patience.start();
    });
  }

  readMaps(pid: number): MapsAnswer | null | typeof UNKNOWN | typeof PENDING {
    const key = String(pid);
    const { now } = this.options;
    const isNew = !this.maps.has(key);
    if (isNew && now() < (this.nextRead.get(pid) ?? -Infinity)) return null;
    // On a busy machine a reader takes tens of ms, in which hundreds of processes may begin and end.
    const isGone = isNew && this.options.proc.hasEnded(pid);
    const told = isGone
      ? UNKNOWN
      : this.maps.ask(key, false, (answered) => {
          this.askMaps(pid, answered);
        });
    if (told === PENDING) return PENDING;
    const before = this.options.early.takeMaps(pid);
    if (before === null) return told;
    const { vmas } = parseMaps(before.toString());
    // What became another program while it was being read has faults of the one before: from there on
    // the records tell everything.
    if (told !== null && told !== UNKNOWN && isSameImage(vmas, told.vmas)) return told;
    this.options.debug('maps', () => `maps of ${pid}: as before its events were opened`);
    return { vmas, asOf: 0 };
  }

  /** Asks for maps that readMaps() will be asked for. */
  prepareMaps(pid: number): void {
    this.maps.prepare(String(pid), (answered) => {
      this.askMaps(pid, answered);
    });
  }

  fileStore(pid: number, ppid: number, backing: Backing): number | typeof PENDING {
    const store = this.mounts.store([pid, ppid], backing);
    if (store !== PENDING) return store;
    this.mountsSince ??= this.options.nowMs();
    return this.patience.lasts(this.mountsSince) ? PENDING : FileStore.UNKNOWN;
  }

  private askMaps(
    pid: number,
    answered: (answer: MapsAnswer | null | typeof UNKNOWN) => void,
  ): void {
    const { now } = this.options;
    const asOf = now();
    this.nextRead.set(pid, asOf + MAPS_FLOOR_NS);
    this.options.reader.maps(pid, (text) => {
      const vmas = text === null ? [] : parseMaps(text.toString()).vmas;
      const end = now();
      this.options.debug('maps', () =>
        mapsText(pid, text === null ? null : vmas.length, end - asOf),
      );
      this.nextRead.set(pid, end + Math.max(MAPS_FLOOR_NS, MAPS_COST_FACTOR * (end - asOf)));
      // A process without any mapping has just ended (or is a kernel thread).
      answered(text === null ? UNKNOWN : vmas.length === 0 ? null : { vmas, asOf });
    });
  }

  queryPage(pid: number, page: number): Vma | null | typeof UNKNOWN | typeof PENDING {
    if (!this.pagesSupported) return UNKNOWN;
    const told = this.pages.ask(`${pid} ${page}`, false, (answered) => {
      this.options.reader.page(pid, page, (answer) => {
        if (answer === 'unsupported') this.pagesSupported = false;
        answered(answer);
      });
    });
    if (told === PENDING) return PENDING;
    this.options.debug('maps', () => `page ${page} of ${pid}: ${pageText(told)}`);
    if (told === 'unmapped') return null;
    return typeof told === 'object' && told !== null ? told : UNKNOWN;
  }

  elfImage(process: Lineage, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    return this.elfFiles.image(process, vma);
  }

  fileEra(backing: Backing): number {
    return this.elfFiles.era(backing);
  }

  /** See ElfFiles. */
  fileIdentity(backing: Backing, era: number): FileIdentity | null {
    return this.elfFiles.identity(backing, era);
  }

  /** See ElfFiles. */
  get filesTold(): number {
    return this.elfFiles.told;
  }

  get fileChanges(): number {
    return this.elfFiles.changes;
  }

  takeLateImages(): boolean {
    return this.elfFiles.takeLate();
  }

  comm(pid: number, tid: number): string | null {
    const comm = this.options.proc.comm(pid, tid);
    return typeof comm === 'string' ? comm : null;
  }

  hasEnded(pid: number): boolean {
    return this.options.proc.hasEnded(pid);
  }

  /** See Patience: after a PENDING. */
  whenReady(action: () => void): void {
    this.patience.whenReady(action);
  }

  close(): void {
    this.patience.close();
  }
}

/** No exec lies in between: each places the vdso anew (arch_setup_additional_pages). */
function isSameImage(before: readonly Vma[], after: readonly Vma[]): boolean {
  const vdso = (vmas: readonly Vma[]): number =>
    vmas.find(({ backing }) => backing.name === '[vdso]')?.start ?? 0;
  return vdso(before) === vdso(after);
}

function mapsText(pid: number, mappings: number | null, ns: number): string {
  const found = mappings === null ? 'not readable' : counted(mappings, 'mapping');
  return `maps of ${pid}: ${found} after ${(ns / 1e6).toFixed(1)} ms`;
}

function pageText(told: PageTold | typeof UNKNOWN): string {
  if (told === null || told === UNKNOWN) return 'not known';
  return typeof told === 'string' ? told : told.backing.name || 'anonymous';
}
