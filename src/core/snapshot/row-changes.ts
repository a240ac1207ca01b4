import type { SharedRow } from './snapshot';

type Revised = Pick<SharedRow, 'revision'>;

/** Which rows of one list after the other are not as they were. */
export class RowChanges {
  private rows: readonly Revised[] = [];
  private readonly revisions: number[] = [];

  /** Indexes of those that have changed since the last list; null where it had other rows, or others in these places. */
  since(rows: readonly Revised[]): number[] | null {
    const { rows: before, revisions } = this;
    this.rows = rows;
    let same = before.length === rows.length;
    const changed: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      same &&= before[at] === row;
      const { revision } = row;
      if (revisions[at] === revision) continue;
      revisions[at] = revision;
      changed.push(at);
    }
    revisions.length = rows.length;
    return same ? changed : null;
  }
}
