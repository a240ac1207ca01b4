import { causeText, type CauseFacts } from '../classify/cause-text';
import { CAUSE_NAMES } from '../classify/classes';
import type { StatRow } from '../snapshot/snapshot';
import { isEstimate } from './row-columns';
import { withEstimates } from './table-export';
import type { ExportTable } from './table-export';

export interface CauseRow {
  /** Index into CAUSE_NAMES. */
  readonly cause: number;
  readonly faults: number;
  readonly share: number;
  /** Time that threads stood in its faults, of those that have ended. */
  readonly stallNs: number;
  /** Faults per second over the last interval, and ns: NaN where that is not known. */
  readonly rate: number;
  readonly p99Ns: number;
}

/** What is known of each cause beside what rows count, in the order of CAUSE_NAMES. */
export interface CauseExtras {
  readonly rates: readonly number[];
  readonly p99Ns: readonly number[];
}
const NOTHING: CauseExtras = { rates: [], p99Ns: [] };

/** Causes of the faults of some rows: what cost most first (`byTime`), else most faults first. */
export function causeRows(
  rows: readonly StatRow[],
  byTime: boolean,
  { rates, p99Ns }: CauseExtras = NOTHING,
): CauseRow[] {
  const faults = rows.reduce((sum, row) => sum + row.faults, 0);
  return CAUSE_NAMES.map((_, cause) => {
    const n = rows.reduce((sum, row) => sum + row.byCause[cause]!, 0);
    const stallNs = rows.reduce((sum, row) => sum + row.causeNs[cause]!, 0);
    const extras = { rate: rates[cause] ?? NaN, p99Ns: p99Ns[cause] ?? NaN };
    return { cause, faults: n, share: n / faults, stallNs, ...extras };
  })
    .filter((row) => row.faults > 0)
    .sort(
      (a, b) => (byTime ? b.stallNs - a.stallNs : 0) || b.faults - a.faults || a.cause - b.cause,
    );
}

/** The same as data, each with what it means. */
export function causeTable(
  rows: readonly StatRow[],
  facts: CauseFacts,
  extras = NOTHING,
): ExportTable {
  const table = {
    name: 'causes',
    columns: ['cause', 'faults', 'share', 'meaning', 'stall_ns', 'rate', 'p99_ns'],
    rows: causeRows(rows, true, extras).map(({ cause, faults, share, stallNs, rate, p99Ns }) => {
      const name = CAUSE_NAMES[cause]!;
      return [name, faults, share, causeText(name, facts).means, stallNs, rate, p99Ns];
    }),
  };
  return rows.some(isEstimate) ? withEstimates(table, () => ESTIMATED) : table;
}

/** Of sampled faults. */
const ESTIMATED = ['faults', 'share', 'stall_ns', 'rate', 'p99_ns'];
