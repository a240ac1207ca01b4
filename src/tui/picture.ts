import type { Snapshot } from '../core/snapshot';
import type { EventLog } from './event-log';
import type { HeaderInfo } from './source';
import type { Rates } from './view-model/rates';

/** Everything the views draw from, of one moment: freezing the screen is keeping one of these. */
export interface Picture {
  readonly snapshot: Snapshot;
  readonly header: HeaderInfo;
  readonly rates: Rates;
  readonly log: EventLog;
  /** Refreshes so far. */
  readonly ticks: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
