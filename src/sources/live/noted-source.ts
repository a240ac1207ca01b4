import { PENDING, UNKNOWN } from '../../core/ports';
import type { MapsAnswer, ProcSource } from '../../core/ports';
import type { SystemFacts } from '../../core/classify/cause-text';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import type { NoticeFacts } from '../../core/facts/notices';
import { commandFact, endFact, modeFact } from '../recording/run-facts';
import { factText, fileKey } from '../recording/recorded-facts';
import type { RecordedFact } from '../recording/recorded-facts';
import type { Session } from '../../native/contract';
import type { ElfImage } from '../../core/elf/elf';
import type { Lineage } from '../../core/vma/lineage';
import type { Backing, Vma } from '../../core/vma/vma';

/** A machine has some thousand files that are mapped; of more nothing is told. */
const MAX_NOTED = 65536;

/** What is told of a file. */
const FILE_FACTS = ['store', 'elf'] as const;
type FileFact = (typeof FILE_FACTS)[number];

/** A source whose answers go into the recording, too: there nobody can be asked again. */
export class NotedSource implements ProcSource {
  /** What has been told, by kind and file; the text too where it is to be told again. */
  private noted = new Map<string, string>();
  /** The same of the file before, while the next one begins. */
  private before: ReadonlyMap<string, string> = new Map();
  private readonly notices = new Set<string>();
  private hasTurned = false;

  constructor(
    private readonly source: ProcSource,
    private readonly session: Pick<Session, 'recordFact' | 'recordName' | 'recordMapping' | 'info'>,
    private readonly system: SystemFacts,
    /** COMMAND with its arguments, null without one. */
    private readonly command: readonly string[] | null,
    /** The recording goes on in other files. */
    private readonly turns: boolean,
  ) {
    this.noteRun();
    // What comes up later is told by the run.
    for (const notice of session.info.notices) this.noteNotice(notice);
  }

  private noteRun(): void {
    this.note({ kind: 'system', system: this.system });
    this.note(modeFact(this.session.info));
    if (this.command !== null) this.note(commandFact(this.command));
  }

  /** What could not be had, or was done differently: each once, when it comes up. */
  noteNotice(notice: NoticeFacts): void {
    const text = factText({ kind: 'notice', notice });
    if (this.notices.has(text)) return;
    this.notices.add(text);
    this.session.recordFact(text);
  }

  /** Capture has ended. Of a recording that is in several files none is of all of it. */
  noteEnd(facts: CaptureFacts, stoppedNs: number, dropped: number): void {
    if (!this.hasTurned) this.note(endFact(facts, stoppedNs, dropped));
  }

  /**
   * The recording goes on in another file, which begins with what tellAgain() is called for until end(). The rest is
   * forgotten, and told when it is met again: a flight recorder outlives most files that it has met.
   */
  begin(): void {
    this.hasTurned = true;
    this.noteRun();
    for (const text of this.notices) this.session.recordFact(text);
    this.before = this.noted;
    this.noted = new Map();
  }

  /** A file that is mapped: once, however many map it. */
  tellAgain(backing: Backing): void {
    const file = fileKey(backing);
    for (const kind of FILE_FACTS) {
      const what = `${kind} ${file}`;
      const text = this.before.get(what);
      if (text === undefined || this.noted.has(what)) continue;
      this.noted.set(what, text);
      this.session.recordFact(text);
    }
  }

  end(): void {
    this.before = new Map();
  }

  note(fact: RecordedFact): void {
    this.session.recordFact(factText(fact));
  }

  noteName(pid: number, tid: number, name: string): void {
    // It had it before any record tells of it: otherwise that would tell the name, too.
    this.session.recordName(pid, tid, name);
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
    this.noteOnce('store', file, () => ({ kind: 'store', file, store }));
    return store;
  }

  elfImage(process: Lineage, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    const image = this.source.elfImage(process, vma);
    if (image === null || image === PENDING || image === UNKNOWN) return image;
    const file = fileKey(vma.backing);
    this.noteOnce('elf', file, () => ({ kind: 'elf', file, image }));
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

  private noteOnce(kind: FileFact, file: string, fact: () => RecordedFact): void {
    const what = `${kind} ${file}`;
    if (this.noted.has(what) || this.noted.size >= MAX_NOTED) return;
    const text = factText(fact());
    this.noted.set(what, this.turns ? text : '');
    this.session.recordFact(text);
  }
}
