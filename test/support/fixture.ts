import { Batch, FaultFlag } from '../../src/core/wire/batch';
import { Cause, FaultClass, RegionKind } from '../../src/core/classify/classes';
import type { FaultNames, FaultView } from '../../src/core/columns/fault-fields';
import { Resolved } from '../../src/core/wire/resolved';

export interface Region {
  readonly kind: number;
  readonly label: string;
  readonly section?: string;
  readonly path?: string;
}

export interface Fault {
  readonly time: number;
  readonly address: bigint;
  readonly region?: number;
  readonly faultClass?: number;
  readonly cause?: number;
  readonly latency?: number;
  readonly ip?: bigint;
  readonly pid?: number;
  readonly tid?: number;
  readonly comm?: number;
  readonly errorCode?: number;
  readonly how?: number;
  readonly fileOffset?: number;
  readonly keep?: number;
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

  fill(faults: readonly Fault[]): number {
    const { batch, resolved } = this;
    faults.forEach((fault, i) => {
      const ip = fault.ip ?? 0x401000n;
      batch.time[i] = fault.time;
      batch.addrLo[i] = Number(fault.address & 0xffffffffn);
      batch.addrHi[i] = Number(fault.address >> 32n);
      batch.ipLo[i] = Number(ip & 0xffffffffn);
      batch.ipHi[i] = Number(ip >> 32n);
      batch.latency[i] = fault.latency ?? -1;
      batch.pid[i] = fault.pid ?? 100;
      batch.tid[i] = fault.tid ?? 100;
      batch.errorCode[i] = fault.errorCode ?? 6;
      batch.flags[i] = fault.how ?? FaultFlag.MIN | FaultFlag.ERROR_CODE | FaultFlag.ENTRY;
      resolved.faultClass[i] = fault.faultClass ?? FaultClass.MINOR;
      resolved.cause[i] = fault.cause ?? Cause.DEMAND_ZERO;
      resolved.region[i] = fault.region ?? 0;
      resolved.comm[i] = fault.comm ?? 0;
      resolved.fileOffset[i] = fault.fileOffset ?? -1;
      resolved.keep[i] = fault.keep ?? 1;
    });
    batch.faults = faults.length;
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
