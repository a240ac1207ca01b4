import type { GroupableRow, RowGroup } from './groups';
import { RowChanges, type Change } from './row-changes';

/** How the rows of one table are grouped. */
export interface GroupRules<
  Row extends GroupableRow,
  Group extends Row & RowGroup<Row>,
  Traits = unknown,
> {
  /** What the key is made of: it is made anew only where `has` does not hold of them any more. */
  readonly traits: (row: Row) => Traits;
  readonly has: (row: Row, traits: Traits) => boolean;
  /** Rows of one key are one group. */
  readonly key: (row: Row) => string;
  readonly make: () => Group;
}

/** What is kept of a group between two pictures. */
interface Kept<Row extends GroupableRow, Group> {
  readonly id: number;
  group: Group | null;
  /** The first `count` are those of the picture at hand. */
  readonly rows: Row[];
  count: number;
  /** Where it stands among the groups of that picture. */
  at: number;
  /** The picture in which it had rows. */
  seen: number;
  /** Of the rows together: they rise whenever one of them has changed. */
  revisions: number;
  identities: number;
  /** The same when the group was filled; -1 where it is to be filled again in any case. */
  filled: number;
  described: number;
}

/** Where a row belonged when its traits were these. */
interface Placed<Row extends GroupableRow, Group, Traits> {
  readonly traits: Traits;
  readonly kept: Kept<Row, Group>;
  seen: number;
  /** As it was looked at last. */
  id: number;
  row: Row;
  revision: number;
  identity: number;
}

const UNFILLED = { revisions: 0, identities: 0, filled: -1, described: -1 };

/** What is remembered of rows and groups that are out of sight, before all of it is forgotten. */
const SPARE = 1024;

/**
 * Groups the rows of one picture after the other; a group keeps its id while it is there. What a picture costs
 * grows with its rows alone.
 */
export class Grouping<
  Row extends GroupableRow,
  Group extends Row & RowGroup<Row>,
  Traits = unknown,
> {
  private readonly byKey = new Map<string, Kept<Row, Group>>();
  private readonly placed = new Map<number, Placed<Row, Group, Traits>>();
  /** Of the rows of the last picture, in their order: most stand where they stood, and rest. */
  private readonly lastPlaces: Placed<Row, Group, Traits>[] = [];
  private readonly changes = new RowChanges();
  /** What was made of them. */
  private made: { readonly all: boolean; readonly groups: readonly (Row | Group)[] } | null = null;
  /** What is known of the last groups beside those before. */
  change: Change = { of: this, version: 0, changed: null };
  private pictures = 0;
  private lastId = 0;

  constructor(private readonly rules: GroupRules<Row, Group, Traits>) {}

  /**
   * The groups of rows, in no order; a row that is alone of its kind stands for itself. The same list where the groups
   * are the same. `told`: see RowChanges.
   */
  group(rows: readonly Row[], told: Change | null = null): readonly (Row | Group)[] {
    return this.groups(rows, false, told);
  }

  /** The same where a row that is alone of its kind has a group too; another list every time. */
  groupAll(rows: readonly Row[]): Group[] {
    return [...(this.groups(rows, true, null) as readonly Group[])];
  }

  private groups(
    rows: readonly Row[],
    all: boolean,
    told: Change | null,
  ): readonly (Row | Group)[] {
    const rowsChanged = this.changes.since(rows, told);
    const version = this.change.version + 1;
    if (rowsChanged !== null && this.made?.all === all) {
      const changed = this.follow(rows, rowsChanged);
      if (changed !== null) {
        this.change = { of: this, version, changed };
        return this.made.groups;
      }
    }
    const groups = this.present(rows).map((kept, at) => {
      kept.at = at;
      return kept.count === 1 && !all ? kept.rows[0]! : this.filled(kept);
    });
    this.made = { all, groups };
    this.change = { of: this, version, changed: null };
    return groups;
  }

  /**
   * Rows are the same as before, but for these: their groups are filled again. Returns which they are, null where a row
   * belongs to another group.
   */
  private follow(rows: readonly Row[], changed: readonly number[]): number[] | null {
    const { lastPlaces, rules } = this;
    for (const at of changed) {
      const row = rows[at]!;
      const place = lastPlaces[at]!;
      if (place.id !== row.id) return null;
      const { revision, identity } = row;
      if (place.identity !== identity) {
        if (!rules.has(row, place.traits)) return null;
        place.kept.identities += identity - place.identity;
        place.identity = identity;
      }
      place.kept.revisions += revision - place.revision;
      place.revision = revision;
    }
    const groups: number[] = [];
    for (const at of changed) {
      const { kept } = lastPlaces[at]!;
      // A row that stands for itself is its group.
      if (kept.filled === kept.revisions && this.isGroup(kept)) continue;
      groups.push(kept.at);
      if (this.isGroup(kept)) this.filled(kept);
    }
    return groups;
  }

  private isGroup({ count }: Kept<Row, Group>): boolean {
    return count > 1 || this.made?.all === true;
  }

  private filled(kept: Kept<Row, Group>): Group {
    // Most groups rest: nothing of them is done again.
    if (kept.group !== null && kept.filled === kept.revisions) return kept.group;
    const group = (kept.group ??= this.rules.make());
    if (kept.filled >= 0 && kept.described === kept.identities) group.recount();
    else group.fill(kept.id, kept.rows);
    kept.filled = kept.revisions;
    kept.described = kept.identities;
    return group;
  }

  private present(rows: readonly Row[]): Kept<Row, Group>[] {
    const seen = ++this.pictures;
    const present: Kept<Row, Group>[] = [];
    this.lastPlaces.length = Math.min(this.lastPlaces.length, rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const { kept } = this.place(row, i, seen);
      if (kept.seen !== seen) {
        kept.seen = seen;
        kept.count = 0;
        kept.revisions = kept.identities = 0;
        present.push(kept);
      }
      if (kept.rows[kept.count] !== row) {
        kept.rows[kept.count] = row;
        kept.filled = -1;
      }
      kept.count++;
      kept.revisions += row.revision;
      kept.identities += row.identity;
    }
    this.forget(rows.length, present.length);
    for (const kept of present) {
      // Also where it is what it was before, writing a length takes long.
      if (kept.rows.length === kept.count) continue;
      kept.rows.length = kept.count;
      kept.filled = -1;
    }
    return present;
  }

  /** The id of the group that a row was put in, 0 for none. */
  groupOf(rowId: number): number {
    return this.placed.get(rowId)?.kept.id ?? 0;
  }

  private place(row: Row, at: number, seen: number): Placed<Row, Group, Traits> {
    const { rules, lastPlaces } = this;
    const { revision, identity } = row;
    const last = lastPlaces[at];
    if (last?.row === row && last.revision === revision) {
      last.seen = seen;
      return last;
    }
    let place = this.placed.get(row.id);
    if (place === undefined || !rules.has(row, place.traits)) {
      const kept = this.keptOf(rules.key(row));
      place = { traits: rules.traits(row), kept, seen, id: row.id, row, revision, identity };
      this.placed.set(row.id, place);
    }
    place.seen = seen;
    place.row = row;
    place.revision = revision;
    place.identity = identity;
    lastPlaces[at] = place;
    return place;
  }

  private keptOf(key: string): Kept<Row, Group> {
    let kept = this.byKey.get(key);
    if (kept === undefined) {
      kept = { id: --this.lastId, group: null, rows: [], count: 0, at: 0, seen: 0, ...UNFILLED };
      this.byKey.set(key, kept);
    }
    return kept;
  }

  private forget(rows: number, groups: number): void {
    const seen = this.pictures;
    if (this.placed.size > 2 * rows + SPARE) {
      for (const [id, place] of this.placed) if (place.seen !== seen) this.placed.delete(id);
    }
    if (this.byKey.size > 2 * groups + SPARE) {
      for (const [key, kept] of this.byKey) if (kept.seen !== seen) this.byKey.delete(key);
    }
  }
}
