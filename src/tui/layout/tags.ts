import { membersOf, type GroupableRow } from '../../core/snapshot/groups';

/** Processes that can be tagged at a time: each of them is opened, and named in a filter by its number. */
export const MOST_TAGGED = 60;

/** How much of a row is tagged: of a group it may be some. */
export type Tagged = 'all' | 'some' | 'none';

/**
 * Rows of processes that somebody tagged. A tag is of the process, not of the place or the number of its row: a later
 * process of the same number has none.
 */
export class Tags<Row extends GroupableRow> {
  /** The number of each process, by what is its own alone. */
  private readonly pids = new Map<string, number>();

  constructor(
    /** 0 for a row that is of no one process. */
    private readonly pidOf: (row: Row) => number,
    /** Is told of all that are tagged, whenever that changes. */
    private readonly changed: (pids: readonly number[]) => void,
  ) {}

  get count(): number {
    return this.pids.size;
  }

  has(row: Row): boolean {
    return this.pids.size > 0 && this.pids.has(this.key(row));
  }

  of(row: Row): Tagged {
    if (this.pids.size === 0) return 'none';
    const members = membersOf(row);
    const tagged = members.filter((member) => this.has(member)).length;
    return tagged === 0 ? 'none' : tagged === members.length ? 'all' : 'some';
  }

  /** Tags a row, or those of a group; takes the tags away where all have one, or where no more can have any. */
  toggle(row: Row): void {
    const members = membersOf(row).filter((member) => this.pidOf(member) !== 0);
    const missing = members.filter((member) => !this.has(member));
    const room = MOST_TAGGED - this.pids.size;
    if (missing.length === 0 || room === 0) {
      for (const member of members) this.pids.delete(this.key(member));
    } else {
      for (const member of missing.slice(0, room)) {
        this.pids.set(this.key(member), this.pidOf(member));
      }
    }
    this.tell();
  }

  clear(): void {
    this.pids.clear();
    this.tell();
  }

  private tell(): void {
    this.changed([...this.pids.values()]);
  }

  /** The id of a row is its own as long as there is one; with another recording before it, it may be another process. */
  private key(row: Row): string {
    return `${row.id} ${this.pidOf(row)}`;
  }
}
