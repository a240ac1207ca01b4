import { PENDING, UNKNOWN } from '../../core/ports';
import type { MapsAnswer, ProcSource } from '../../core/ports';
import type { SystemFacts } from '../../core/classify/cause-text';
import { factText, fileKey } from '../recording/recorded-facts';
import type { RecordedFact } from '../recording/recorded-facts';
import type { Session } from '../../native/contract';
import type { ElfImage } from '../../core/elf/elf';
import type { Backing, Vma } from '../../core/vma/vma';

/** A machine has some thousand files that are mapped; of more nothing is told. */
const MAX_NOTED = 65536;

/** A source whose answers go into the recording, too: there nobody can be asked again. */
export class NotedSource implements ProcSource {
  /** Files that have been told of, and of what kind. */
  private readonly noted = new Set<string>();
  /** What was told, where it is to be told again. */
  private readonly told: string[] | null;

  constructor(
    private readonly source: ProcSource,
    private readonly session: Pick<Session, 'recordFact' | 'recordMapping'>,
    system: SystemFacts,
    /** The recording goes on in other files. */
    turns: boolean,
  ) {
    this.told = turns ? [] : null;
    this.noteOnce({ kind: 'system', system });
  }

  /** Tells everything again but names, which may be others by now. */
  again(): void {
    for (const text of this.told ?? []) this.session.recordFact(text);
  }

  note(fact: RecordedFact): void {
    this.session.recordFact(factText(fact));
  }

  noteName(pid: number, tid: number, name: string): void {
    this.note({ kind: 'comm', pid, tid, name });
  }

  get fileChanges(): number {
    return this.source.fileChanges;
  }

  readMaps(pid: number): MapsAnswer | null | typeof UNKNOWN | typeof PENDING {
    const answer = this.source.readMaps(pid);
    if (answer !== null && answer !== PENDING && answer !== UNKNOWN) {
      // As perf does: the faults that were waiting for the answer come before it.
      for (const vma of answer.vmas) this.session.recordMapping(pid, vma);
    }
    return answer;
  }

  queryPage(pid: number, page: number): Vma | null | typeof UNKNOWN | typeof PENDING {
    const vma = this.source.queryPage(pid, page);
    if (vma !== null && vma !== PENDING && vma !== UNKNOWN) {
      this.session.recordMapping(pid, vma);
    }
    return vma;
  }

  fileStore(pid: number, ppid: number, backing: Backing): number | typeof PENDING {
    const store = this.source.fileStore(pid, ppid, backing);
    const file = fileKey(backing);
    if (store === PENDING) return store;
    if (this.isNew(`store ${file}`)) this.noteOnce({ kind: 'store', file, store });
    return store;
  }

  elfImage(pid: number, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    const image = this.source.elfImage(pid, vma);
    if (image === null || image === PENDING || image === UNKNOWN) return image;
    const file = fileKey(vma.backing);
    if (this.isNew(`elf ${file}`)) this.noteOnce({ kind: 'elf', file, image });
    return image;
  }

  fileEra(backing: Backing): number {
    return this.source.fileEra(backing);
  }

  takeLateImages(): boolean {
    return this.source.takeLateImages();
  }

  comm(pid: number, tid: number): string | null {
    const name = this.source.comm(pid, tid);
    if (name !== null) this.noteName(pid, tid, name);
    return name;
  }

  hasEnded(pid: number): boolean {
    return this.source.hasEnded(pid);
  }

  private isNew(what: string): boolean {
    if (this.noted.has(what) || this.noted.size >= MAX_NOTED) return false;
    this.noted.add(what);
    return true;
  }

  private noteOnce(fact: RecordedFact): void {
    const text = factText(fact);
    this.session.recordFact(text);
    this.told?.push(text);
  }
}
