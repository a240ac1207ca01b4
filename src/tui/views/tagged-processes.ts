import { ProcessGroup } from '../../core/snapshot/group-rules';
import type { ProcessRow } from '../../core/snapshot/snapshot';

/** Of the row of all that is tagged: it is no row's, and no group's. */
export const TAGGED_ID = Number.MIN_SAFE_INTEGER;

/** What somebody tagged, as one. */
export class TaggedProcesses extends ProcessGroup {
  constructor(
    rows: readonly ProcessRow[],
    /** Further ones, whose rows are gone. */
    readonly gone: number,
  ) {
    super();
    this.fill(TAGGED_ID, rows);
  }

  protected override describe(rows: readonly ProcessRow[]): void {
    super.describe(rows);
    this.comm = rows
      .map(({ comm, pid, alive }) => `${comm} ${pid}${alive ? '' : ' (ended)'}`)
      .join(', ');
  }
}
