import { PENDING, UNKNOWN } from '../../core/ports';
import type { MapsAnswer, ProcSource } from '../../core/ports';
import type { Session } from '../../native/contract';
import type { ElfImage } from '../../core/elf/elf';
import type { Backing, Vma } from '../../core/vma/vma';

/** A source whose answers go into the recording, too: there nobody can be asked again. */
export class NotedSource implements ProcSource {
  constructor(
    private readonly source: ProcSource,
    private readonly session: Pick<Session, 'recordTask' | 'recordMapping'>,
    private readonly now: () => number,
  ) {}

  get fileChanges(): number {
    return this.source.fileChanges;
  }

  readMaps(pid: number): MapsAnswer | null | typeof UNKNOWN | typeof PENDING {
    const answer = this.source.readMaps(pid);
    if (answer !== null && answer !== PENDING && answer !== UNKNOWN) {
      // As perf does: the faults that were waiting for the answer come before it.
      for (const vma of answer.vmas) this.session.recordMapping(pid, vma, 0);
    }
    return answer;
  }

  queryPage(pid: number, page: number): Vma | null | typeof UNKNOWN | typeof PENDING {
    const vma = this.source.queryPage(pid, page);
    if (vma !== null && vma !== PENDING && vma !== UNKNOWN) {
      this.session.recordMapping(pid, vma, 0);
    }
    return vma;
  }

  fileStore(pid: number, ppid: number, backing: Backing): number {
    return this.source.fileStore(pid, ppid, backing);
  }

  elfImage(pid: number, vma: Vma): ElfImage | null | typeof UNKNOWN | typeof PENDING {
    return this.source.elfImage(pid, vma);
  }

  fileEra(backing: Backing): number {
    return this.source.fileEra(backing);
  }

  takeLateImages(): boolean {
    return this.source.takeLateImages();
  }

  comm(pid: number, tid: number): string | null {
    const name = this.source.comm(pid, tid);
    if (name !== null) this.session.recordTask(pid, tid, name, false, this.now());
    return name;
  }

  hasEnded(pid: number): boolean {
    return this.source.hasEnded(pid);
  }
}
