import { FAULT_CAPACITY } from './batch';

/**
 * What core adds to each fault of a batch, column by column. Filled by Model.consume, read by the
 * sinks together with the Batch. Slots are indexes into the model's tables; a slot keeps its meaning
 * until the next call of Model.consume.
 */
export class Resolved {
  readonly faultClass = new Uint8Array(FAULT_CAPACITY);
  readonly cause = new Uint8Array(FAULT_CAPACITY);
  /** Slot of the region (Model.regions). */
  readonly region = new Uint32Array(FAULT_CAPACITY);
  /** Slot of the thread (Model.threads). */
  readonly thread = new Uint32Array(FAULT_CAPACITY);
  /** Index into Model.comms: the name of the thread when the fault happened. */
  readonly comm = new Uint32Array(FAULT_CAPACITY);
  /** Byte offset into the mapped file, -1 where there is no file. */
  readonly fileOffset = new Float64Array(FAULT_CAPACITY);
  /** Number of the instruction (Model.sites); 0 where it is not known, and where nobody asks for it. */
  readonly code = new Uint32Array(FAULT_CAPACITY);
  /** Number of what lies at the address, among data with symbols; 0 as with `code`. */
  readonly data = new Uint32Array(FAULT_CAPACITY);
  /** Number of the call stack; 0 where the fault has none. */
  readonly stack = new Uint32Array(FAULT_CAPACITY);
  /** 0 where a filter dropped the fault from what is shown. */
  readonly keep = new Uint8Array(FAULT_CAPACITY).fill(1);
}
