import { causeText, type CauseFacts } from '../classify/cause-text';
import { CAUSE_NAMES } from '../classify/classes';
import type { StatRow } from '../snapshot/snapshot';
import type { ExportTable } from './table-export';

export interface CauseRow {
  /** Index into CAUSE_NAMES. */
  readonly cause: number;
  readonly faults: number;
  readonly share: number;
  /** Time that threads stood in its faults, of those that have ended. */
  readonly stallNs: number;
}

/** Causes of the faults of some rows: what cost most first (`byTime`), else most faults first. */
export function causeRows(rows: readonly StatRow[], byTime: boolean): CauseRow[] {
  const faults = rows.reduce((sum, row) => sum + row.faults, 0);
  return CAUSE_NAMES.map((_, cause) => {
    const n = rows.reduce((sum, row) => sum + row.byCause[cause]!, 0);
    const stallNs = rows.reduce((sum, row) => sum + row.causeNs[cause]!, 0);
    return { cause, faults: n, share: n / faults, stallNs };
  })
    .filter((row) => row.faults > 0)
    .sort(
      (a, b) => (byTime ? b.stallNs - a.stallNs : 0) || b.faults - a.faults || a.cause - b.cause,
    );
}

/** The same as data, each with what it means. */
export function causeTable(rows: readonly StatRow[], facts: CauseFacts): ExportTable {
  return {
    name: 'causes',
    columns: ['cause', 'faults', 'share', 'meaning', 'stall_ns'],
    rows: causeRows(rows, true).map(({ cause, faults, share, stallNs }) => {
      const name = CAUSE_NAMES[cause]!;
      return [name, faults, share, causeText(name, facts).means, stallNs];
    }),
  };
}
