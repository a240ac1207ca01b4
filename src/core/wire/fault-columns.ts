import { FAULT_CAPACITY } from './batch';

/**
 * What the fault loop works out beside the resolved columns and the tables then count, column by
 * column: each table runs over the batch by itself in a loop that holds its arrays in registers. (A call
 * per fault and table boxes every double it passes.)
 */
export class FaultColumns {
  /** Slot in the process table. */
  readonly process = new Uint32Array(FAULT_CAPACITY);
  /** 1 for the first fault of its page. */
  readonly fresh = new Uint8Array(FAULT_CAPACITY);
  /** bucketOf(latency); of no meaning where the latency is not known. */
  readonly bucket = new Uint16Array(FAULT_CAPACITY);
  /** Page in the coordinates of the region's heat. */
  readonly heatPage = new Float64Array(FAULT_CAPACITY);
}
