import type { SystemFacts } from '../../core/classify/cause-text';
import type { ElfImage } from '../../core/elf/elf';
import type { PENDING, ProcSource } from '../../core/ports';
import { FileStore } from '../../core/vma/file-store';
import type { Lineage } from '../../core/vma/lineage';
import type { Backing, Vma } from '../../core/vma/vma';
import { KnownServers } from '../known-servers';
import { fileKey, parseFact } from './recorded-facts';
import { RecordedFiles } from './recorded-files';
import type { NoticeFacts } from '../../core/facts/notices';
import type { EndFact, RecordedMode } from './run-facts';
import { RecordedGuards, RecordedHugePages } from './recorded-looks';
import { RecordedOwners } from './recorded-owners';

/** The addon has fewer. */
const MAX_NOTICES = 64;

/** Of a recording: what it holds beside its records, which of perf's is nothing. */
export class RecordedSource implements ProcSource {
  readonly fileChanges = 0;
  readonly guards = new RecordedGuards();
  readonly hugePages = new RecordedHugePages();
  readonly servers = new KnownServers();
  readonly owners = new RecordedOwners();
  system: SystemFacts = { swapInUse: false, numaBalancing: false };
  /** What the run has said of itself; null where it has not, or not yet. */
  mode: RecordedMode | null = null;
  end: EndFact | null = null;
  /** COMMAND with its arguments, null where it was none, or is not told. */
  command: readonly string[] | null = null;
  readonly notices: NoticeFacts[] = [];
  private readonly images = new Map<string, ElfImage>();
  private readonly names = new Map<number, string[]>();
  private readonly stores = new Map<string, number>();
  private readonly buildIds = new Map<string, string>();
  /** What this machine has of the files. */
  readonly files: RecordedFiles;

  constructor(note: (text: string) => void = () => undefined) {
    this.files = new RecordedFiles((vma) => this.buildIdOf(vma), note);
  }

  /** Of each file the first counts. */
  add(text: string): void {
    const fact = parseFact(text);
    switch (fact?.kind) {
      case 'elf':
        if (!this.images.has(fact.file)) this.images.set(fact.file, fact.image);
        return;
      case 'store':
        if (!this.stores.has(fact.file)) this.stores.set(fact.file, fact.store);
        return;
      case 'comm':
        this.addName(fact.tid, fact.name);
        return;
      case 'build':
        this.buildIds.set(fact.name, fact.id);
        return;
      case 'system':
        this.system = fact.system;
        return;
      case 'mode':
        this.mode = fact.mode;
        return;
      case 'notice':
        if (this.notices.length < MAX_NOTICES) this.notices.push(fact.notice);
        return;
      case 'command':
        this.command = fact.words;
        return;
      case 'end':
        this.end = fact;
        return;
      case 'guards':
        this.guards.add(fact);
        return;
      case 'memory':
        this.hugePages.add(fact);
        return;
      case 'mount':
      case 'server':
        this.servers.add(fact);
        return;
      case 'owner':
      case 'cgroups':
        this.owners.add(fact);
        return;
      case undefined:
    }
  }

  private addName(tid: number, name: string): void {
    const names = this.names.get(tid);
    if (names === undefined) this.names.set(tid, [name]);
    else names.push(name);
  }

  readMaps(): null {
    return null;
  }
  queryPage(): null {
    return null;
  }
  fileStore(_pid: number, _ppid: number, backing: Backing): number {
    return this.stores.get(fileKey(backing)) ?? FileStore.UNKNOWN;
  }
  elfImage(_process: Lineage, vma: Vma): ElfImage | null | typeof PENDING {
    return this.images.get(fileKey(vma.backing)) ?? this.files.image(vma);
  }

  private buildIdOf({ backing }: Vma): string {
    return this.images.get(fileKey(backing))?.buildId ?? this.buildIds.get(backing.name) ?? '';
  }

  fileEra(): number {
    return 0;
  }
  takeLateImages(): boolean {
    return false;
  }
  /** A number that was given again has the next name that was told of it. */
  comm(_pid: number, tid: number): string | null {
    return this.names.get(tid)?.shift() ?? null;
  }
  hasEnded(): boolean {
    return false;
  }
}
