import type { Verdict } from '../../core/findings/verdict';
import type { Snapshot } from '../../core/snapshot/snapshot';
import type { EventLog } from './event-log';
import type { HeaderInfo } from './source';
import type { Rates } from '../layout/rates';

/** Everything the views draw from, of one moment: freezing the screen is keeping one of these. */
export interface Picture {
  readonly snapshot: Snapshot;
  readonly header: HeaderInfo;
  readonly rates: Rates;
  readonly verdict: Verdict;
  readonly log: EventLog;
  /** Refreshes so far. */
  readonly ticks: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What goes to the terminal: lines of exactly its width, as many as it has rows. */
export interface Frame {
  readonly lines: readonly string[];
}
