import { ErrorCode, FAULT_CAPACITY, FaultFlag } from '../core/wire/batch';
import type { Batch } from '../core/wire/batch';

/** A user-mode fault that had been entered and not completed when capture ended. */
export interface OpenFault {
  readonly pid: number;
  readonly tid: number;
  readonly address: bigint;
  readonly ip: bigint;
  /** ns since the session's start. */
  readonly entered: number;
}

/**
 * A fault entered this short before the end is taken for one that was being handled: stopping in the
 * middle of a storm would otherwise invent an error nearly every time, because the completion comes when
 * the events are off already. A signal's fault that old has long been followed by its handler.
 */
export const YOUNG_NS = 100e6;

/**
 * Asks which of some faults are still being handled: their threads are blocked in user mode at the instruction. Told once,
 * in the order of `faults`, now or later.
 */
export type AskBlocked = (
  faults: readonly Pick<OpenFault, 'pid' | 'tid' | 'ip'>[],
  told: (blocked: readonly boolean[]) => void,
) => void;

/** Faults open at the end: those whose thread waits in them, and those that came to nothing. */
export interface Unfinished<F extends OpenFault> {
  readonly inFlight: F[];
  readonly left: F[];
}

/**
 * Tells faults that are still being handled (in flight: reported, not counted) from those that came to
 * nothing: the thread of the former is blocked at the faulting instruction, says /proc.
 */
export function splitUnfinished<F extends OpenFault>(
  faults: readonly F[],
  stoppedAt: number,
  askBlocked: AskBlocked,
  told: (unfinished: Unfinished<F>) => void,
): void {
  const old = faults.filter(({ entered }) => stoppedAt - entered >= YOUNG_NS);
  askBlocked(old, (blocked) => {
    const left = new Set(old.filter((_, k) => blocked[k] !== true));
    told({ inFlight: faults.filter((fault) => !left.has(fault)), left: [...left] });
  });
}

/** Makes a batch of inferred ERROR faults that ended when capture did. At most FAULT_CAPACITY. */
export function fillErrors(batch: Batch, faults: readonly OpenFault[], stoppedAt: number): void {
  const n = Math.min(faults.length, FAULT_CAPACITY);
  batch.faults = n;
  batch.records = 0;
  batch.nameBytes = 0;
  batch.horizon = stoppedAt;
  for (let i = 0; i < n; i++) {
    const fault = faults[i]!;
    batch.time[i] = stoppedAt;
    batch.latency[i] = -1;
    batch.addrLo[i] = Number(fault.address & 0xffffffffn);
    batch.addrHi[i] = Number(fault.address >> 32n);
    batch.ipLo[i] = Number(fault.ip & 0xffffffffn);
    batch.ipHi[i] = Number(fault.ip >> 32n);
    batch.pid[i] = fault.pid;
    batch.tid[i] = fault.tid;
    batch.weight[i] = 1;
    batch.counted[i] = 1;
    // pending() gives no error code: the bit that says so stays clear.
    batch.errorCode[i] = ErrorCode.USER;
    batch.flags[i] = FaultFlag.NONE | FaultFlag.ENTRY | FaultFlag.INFERRED;
    batch.signal[i] = 0;
  }
}
