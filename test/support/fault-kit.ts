import type { OpenFault } from '../../src/app/unfinished';
import { Cause, FaultClass } from '../../src/core/classify/classes';
import { FaultFlag } from '../../src/core/wire/batch';
import type { Batch } from '../../src/core/wire/batch';
import type { PendingFaults } from '../../src/core/wire/pending-faults';
import type { Resolved } from '../../src/core/wire/resolved';

/** A fault as the addon tells of it. What is not given is that of an ordinary write by the process 100. */
export interface CapturedFault {
  readonly time: number;
  readonly address?: bigint | number;
  readonly ip?: bigint;
  readonly latency?: number;
  readonly pid?: number;
  readonly tid?: number;
  readonly errorCode?: number;
  readonly flags?: number;
  readonly weight?: number;
  readonly counted?: number;
}

/** What the model makes of it, for what is tested without one. */
export interface ResolvedFault {
  readonly faultClass?: number;
  readonly cause?: number;
  /** Slots of the region, the name of the thread, the code. */
  readonly region?: number;
  readonly comm?: number;
  readonly code?: number;
  readonly fileOffset?: number;
  readonly keep?: number;
}

export type FaultRow = CapturedFault & ResolvedFault;

/** A fault that has not completed; an ordinary one is by the process 100. */
export interface PendingFault {
  readonly entered: number;
  readonly address?: bigint | number;
  readonly ip?: bigint;
  readonly pid?: number;
  readonly tid?: number;
  readonly waits?: number;
}

const HALF = 2 ** 32;

/** Puts a fault behind those of the batch; returns its row. */
export function capture(batch: Batch, fault: CapturedFault): number {
  const { time, address = 0, ip = 0x401000n, latency = -1, pid = 100, tid = pid } = fault;
  const i = batch.faults++;
  batch.time[i] = time;
  batch.latency[i] = latency;
  split(address, batch.addrLo, batch.addrHi, i);
  split(ip, batch.ipLo, batch.ipHi, i);
  batch.pid[i] = pid;
  batch.tid[i] = tid;
  batch.weight[i] = fault.weight ?? 1;
  batch.counted[i] = fault.counted ?? 1;
  batch.errorCode[i] = fault.errorCode ?? 6;
  batch.flags[i] = fault.flags ?? FaultFlag.MIN | FaultFlag.ERROR_CODE | FaultFlag.ENTRY;
  return i;
}

/** Says what a row of a batch is. */
export function resolve(resolved: Resolved, i: number, fault: ResolvedFault): void {
  resolved.faultClass[i] = fault.faultClass ?? FaultClass.MINOR;
  resolved.cause[i] = fault.cause ?? Cause.DEMAND_ZERO;
  resolved.region[i] = fault.region ?? 0;
  resolved.comm[i] = fault.comm ?? 0;
  resolved.code[i] = fault.code ?? 0;
  resolved.fileOffset[i] = fault.fileOffset ?? -1;
  resolved.keep[i] = fault.keep ?? 1;
}

/** Both, of a batch that they make anew. */
export function fill(batch: Batch, resolved: Resolved, faults: readonly FaultRow[]): void {
  batch.faults = 0;
  for (const fault of faults) resolve(resolved, capture(batch, fault), fault);
}

/** The pending faults as of a time. */
export function pend(pending: PendingFaults, asOf: number, faults: readonly PendingFault[]): void {
  pending.asOf = asOf;
  pending.behind = false;
  pending.count = faults.length;
  faults.forEach(({ entered, address = 0, ip = 0n, pid = 100, tid = pid, waits = 0 }, i) => {
    pending.entered[i] = entered;
    split(address, pending.addrLo, pending.addrHi, i);
    split(ip, pending.ipLo, pending.ipHi, i);
    pending.pid[i] = pid;
    pending.tid[i] = tid;
    pending.waits[i] = waits;
  });
}

function split(value: bigint | number, low: Uint32Array, high: Uint32Array, i: number): void {
  if (typeof value === 'number') {
    low[i] = value % HALF;
    high[i] = Math.floor(value / HALF);
  } else {
    low[i] = Number(value & 0xffffffffn);
    high[i] = Number(value >> 32n);
  }
}

/** A fault of the process 1 that has not completed, since `entered`. */
export function openFault(tid: number, entered: number): OpenFault {
  return { pid: 1, tid, address: 0x7f0000001000n, ip: 0x401000n, entered };
}
