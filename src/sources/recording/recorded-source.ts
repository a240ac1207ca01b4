import type { ProcSource } from '../../core/ports';
import { FileStore } from '../../core/vma/file-store';

/** Of a recording that perf made: there is nothing beside its records. */
export class RecordedSource implements ProcSource {
  readonly fileChanges = 0;

  readMaps(): null {
    return null;
  }
  queryPage(): null {
    return null;
  }
  fileStore(): number {
    return FileStore.UNKNOWN;
  }
  elfImage(): null {
    return null;
  }
  fileEra(): number {
    return 0;
  }
  takeLateImages(): boolean {
    return false;
  }
  comm(): null {
    return null;
  }
  hasEnded(): boolean {
    return false;
  }
}
