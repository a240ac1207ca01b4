import { causeText, type CauseFacts } from '../classify/cause-text';
import { CAUSE_NAMES } from '../classify/classes';
import type { StatRow } from '../snapshot/snapshot';
import type { ExportTable } from './table-export';

export interface CauseRow {
  /** Index into CAUSE_NAMES. */
  readonly cause: number;
  readonly faults: number;
  readonly share: number;
}

/** Causes of the faults of some rows, most faults first. */
export function causeRows(rows: readonly StatRow[]): CauseRow[] {
  const byCause = CAUSE_NAMES.map((_, cause) =>
    rows.reduce((n, row) => n + row.byCause[cause]!, 0),
  );
  const faults = byCause.reduce((a, b) => a + b, 0);
  return byCause
    .map((n, cause) => ({ cause, faults: n, share: n / faults }))
    .filter((row) => row.faults > 0)
    .sort((a, b) => b.faults - a.faults || a.cause - b.cause);
}

/** The same as data, each with what it means. */
export function causeTable(rows: readonly StatRow[], facts: CauseFacts): ExportTable {
  return {
    name: 'causes',
    columns: ['cause', 'faults', 'share', 'meaning'],
    rows: causeRows(rows).map(({ cause, faults, share }) => {
      const name = CAUSE_NAMES[cause]!;
      return [name, faults, share, causeText(name, facts).means];
    }),
  };
}
