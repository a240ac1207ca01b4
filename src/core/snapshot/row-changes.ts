/** Of a row of a snapshot (SharedRow). */
interface Revised {
  readonly revision: number;
}

/** What is known of a list beside one that came before it. */
export interface Change {
  /** Who makes the lists: those of two have nothing to do with each other. */
  readonly of: object;
  /** It rises by one with each list. */
  readonly version: number;
  /** Indexes of the rows that have changed since the list before; null where it had other rows, or others in these places. */
  readonly changed: readonly number[] | null;
}

/** Which rows of one list after the other are not as they were. */
export class RowChanges {
  private rows: readonly Revised[] | null = null;
  private readonly revisions: number[] = [];
  /** Told of last; null where the rows were looked at. */
  private last: Change | null = null;

  /**
   * Indexes of those that have changed since the last list; null where it had other rows, or others in these places.
   * `told`: what somebody has found of these lists already, who is asked in place of the rows.
   */
  since(rows: readonly Revised[], told: Change | null): readonly number[] | null {
    const { last } = this;
    this.last = told;
    if (told === null) return this.look(rows);
    this.rows = null;
    if (last?.of !== told.of) return null;
    if (last.version === told.version) return NOTHING;
    return last.version === told.version - 1 ? told.changed : null;
  }

  private look(rows: readonly Revised[]): number[] | null {
    const { rows: before, revisions } = this;
    this.rows = rows;
    let same = before?.length === rows.length;
    const changed: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      same &&= before?.[at] === row;
      const { revision } = row;
      if (revisions[at] === revision) continue;
      revisions[at] = revision;
      changed.push(at);
    }
    revisions.length = rows.length;
    return same ? changed : null;
  }
}

const NOTHING: readonly number[] = [];
