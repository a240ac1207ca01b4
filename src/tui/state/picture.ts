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

/** A place on the screen for a sparkline that the terminal's widget draws. */
export interface SparkSpot {
  readonly row: number;
  readonly column: number;
  readonly width: number;
  /** The newest values, newest last, at most `width`: 0 for nothing up to 100 for the largest shown. */
  readonly values: readonly number[];
  /** How it looks, as in Theme. */
  readonly sgr: string;
}

/** What goes to the terminal: lines of exactly its width, as many as it has rows, and what lies over them. */
export interface Frame {
  readonly lines: readonly string[];
  readonly sparks: readonly SparkSpot[];
}
