import type { Bytes } from './bytes';

/** What one format does with one fault. Appends exactly one record of at most MAX_RECORD_BYTES. */
export interface FaultEncoder {
  /** What stands before the first record. */
  readonly header: Uint8Array;
  /** Codes may mean something else from here on. */
  nextBatch(): void;
  /** Record of fault i of the view's batch. */
  fault(out: Bytes, i: number): void;
}
