import { FAULT_CAPACITY } from './batch';

/** What was known of the mapping under a fault when it was counted. */
export const Mapping = {
  /** It was looked up. */
  KNOWN: 0,
  /** The maps of the process have not been read. The class is certain all the same. */
  UNREAD: 1,
  /** The same, and the fault may be a COW: shifted right by one, what counts as undecided. */
  UNDECIDED: 2,
} as const;

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
  /** One of Mapping. */
  readonly mapping = new Uint8Array(FAULT_CAPACITY);
  /** Page in the coordinates of the region's heat. */
  readonly heatPage = new Float64Array(FAULT_CAPACITY);
}
