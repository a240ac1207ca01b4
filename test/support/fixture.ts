import { Batch } from '../../src/core/wire/batch';
import { RegionKind } from '../../src/core/classify/classes';
import type { FaultNames, FaultView } from '../../src/core/columns/fault-fields';
import { Resolved } from '../../src/core/wire/resolved';
import { fill } from './fault-kit';
import type { FaultRow } from './fault-kit';

export interface Region {
  readonly kind: number;
  readonly label: string;
  readonly section?: string;
  readonly path?: string;
}

/** A batch by hand, with tables that a test may change between batches. */
export class Fixture {
  readonly batch = new Batch();
  readonly resolved = new Resolved();
  regions: Region[] = [{ kind: RegionKind.HEAP, label: '[heap]' }];
  comms: string[] = ['worker'];
  readonly names: FaultNames = {
    regionKind: (slot) => this.regions[slot]!.kind,
    regionLabel: (slot) => this.regions[slot]!.label,
    regionSection: (slot) => this.regions[slot]!.section ?? '',
    regionPath: (slot) => this.regions[slot]!.path ?? '',
    commName: (id) => this.comms[id]!,
    code: () => null,
    data: () => null,
    stack: () => [],
  };
  readonly view: FaultView = { batch: this.batch, resolved: this.resolved, names: this.names };

  /** Returns how many they are. */
  fill(faults: readonly FaultRow[]): number {
    fill(this.batch, this.resolved, faults);
    return faults.length;
  }
}

/** A writer that keeps what it is given. */
export class MemoryIo {
  readonly chunks: Buffer[] = [];
  write(_fd: number, data: Uint8Array, offset: number, length: number): number {
    this.chunks.push(Buffer.from(data.subarray(offset, offset + length)));
    return length;
  }
  later(action: () => void): void {
    setImmediate(action);
  }
  isDevice(): boolean {
    return false;
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}
