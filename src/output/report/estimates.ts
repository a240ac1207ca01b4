import type { ExportRow } from '../../core/columns/table-export';
import { isEstimate } from '../../core/columns/row-columns';
import { isSampled } from '../../core/facts/capture-facts';
import type { CaptureMode } from '../../core/facts/capture-facts';
import type { StatRow } from '../../core/snapshot/snapshot';

/** What a row of the JSON report has beside its columns that is made of captured faults by weight. */
const OF_CAPTURED: ReadonlySet<string> = new Set([
  'causes',
  'call_sites',
  'regions',
  'minor_or_cow',
]);

type Cells = Pick<ExportRow, string>;

/** A row with more beside its columns; where it can have estimates, `estimates` names all that are. */
export function withMore<More extends object>(
  row: StatRow,
  cells: Cells,
  more: More,
): Cells & More & { readonly estimates?: readonly string[] } {
  const { estimates } = cells;
  if (!Array.isArray(estimates)) return { ...cells, ...more };
  const besides = isEstimate(row) ? Object.keys(more).filter((key) => OF_CAPTURED.has(key)) : [];
  return { ...cells, ...more, estimates: [...(estimates as readonly string[]), ...besides] };
}

/** `estimates` of what is no table: these keys, where MINOR and COW faults are sampled; nothing else says it. */
export function estimatesOf(
  mode: CaptureMode,
  keys: readonly string[],
): { readonly estimates?: readonly string[] } {
  return isSampled(mode) ? { estimates: keys } : {};
}
