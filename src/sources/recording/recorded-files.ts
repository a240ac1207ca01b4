import { PENDING } from '../../core/ports';
import type { ElfImage } from '../../core/elf/elf';
import type { Vma } from '../../core/vma/vma';
import { readerPath } from '../../native/load';
import type { Waiting } from '../live/open-questions';
import { CpuDemand } from '../proc/cpu-demand';
import { UNTIL_ANSWERED } from '../proc/patience';
import { Proc } from '../proc/proc';
import { startReader } from '../reader/child';
import type { NamesOf, NamedPlace, Place } from '../reader/names';
import type { ElfAnswer } from '../reader/requests';
import { Readers } from '../reader/readers';
import { TargetReader } from '../reader/target-reader';
import { fileKey } from './recorded-facts';

/** Of a question for names: as for those of living targets (../live/pools.ts). */
const NAMES_MS = 25_000;
/** Files that are asked about. */
const MAX_FILES = 16_384;
/** No process: what is asked about is a file alone. */
const NOBODY = 0;

/**
 * What this machine has of the files in a recording: those of the same build id at the same path, or what is kept of
 * them for debuggers.
 */
export class RecordedFiles {
  /** PENDING: asked about. */
  private readonly images = new Map<string, ElfImage | null | typeof PENDING>();
  /** Of how many that is so. */
  private pending = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly readers: Readers;
  private readonly namers: Readers;
  private readonly reader: Pick<TargetReader, 'elf' | 'names'>;
  /** How names are waited for: what is read goes on where it stopped. */
  readonly patience: Waiting;

  constructor(
    /** Of a mapped file, hexadecimal; '' where the recording does not tell. */
    private readonly buildIdOf: (vma: Vma) => string,
    note: (text: string) => void,
  ) {
    const options = {
      start: startReader(readerPath(), ['/nonexistent']),
      note,
      isRunning: () => false,
      nowMs: () => performance.now(),
      lazy: true,
    };
    this.readers = new Readers(options);
    const cost = 'code and data have no names';
    this.namers = new Readers({ ...options, limitMs: NAMES_MS, cost });
    this.reader = new TargetReader(this.readers, this.namers);
    const demand = new CpuDemand(new Proc(), options.nowMs);
    this.patience = {
      limits: UNTIL_ANSWERED,
      reason: () => demand.of(this.namers.busyPids),
      onLate: () => {
        this.namers.noteOnce('names come too late: some faults are without them');
      },
    };
  }

  image(vma: Vma): ElfImage | null | typeof PENDING {
    const key = fileKey(vma.backing);
    const known = this.images.get(key);
    if (known !== undefined) return known;
    const buildId = this.buildIdOf(vma);
    if (buildId === '' || this.images.size >= MAX_FILES) return null;
    this.images.set(key, PENDING);
    this.pending++;
    const told = (answer: ElfAnswer | null): void => {
      this.pending--;
      this.images.set(key, answer?.image ?? null);
      for (const action of this.waiting.splice(0)) action();
    };
    this.reader.elf(NOBODY, vma, told, { buildId });
    return PENDING;
  }

  /** Calls back once when an image has come; false where none is on its way. */
  whenReady(action: () => void): boolean {
    if (this.pending === 0) return false;
    this.waiting.push(action);
    return true;
  }

  /** As TargetReader.names(). Of what is no file nothing is left. */
  names(
    _pid: number,
    of: NamesOf,
    vma: Vma | null,
    places: readonly Place[],
    told: (places: readonly NamedPlace[] | null) => void,
  ): void {
    const buildId = of === 'file' && vma !== null ? this.buildIdOf(vma) : '';
    if (buildId === '') setImmediate(told, null);
    else this.reader.names(NOBODY, of, vma, places, told, { buildId });
  }

  close(): void {
    this.readers.close();
    this.namers.close();
  }
}
