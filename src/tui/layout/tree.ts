import type { Grouping } from '../../core/snapshot/grouping';
import { RowGroup, type GroupableRow } from '../../core/snapshot/groups';
import type { Change } from '../../core/snapshot/row-changes';
import { familyOf, type Family } from './family';

/** Who the parent of a row is among all rows, null for none of them. */
type Parents<Row> = (all: readonly Row[]) => (row: Row) => Row | null;

/** Puts rows in order. `level`: 0 for those at the margin, 1 for those of opened groups. `told`: see RowChanges. */
type Sort<Row> = (level: 0 | 1, rows: readonly Row[], told: Change | null) => readonly Row[];

/** How a table groups its rows, if it does. */
export type RowGrouping<Row extends GroupableRow> = Pick<
  Grouping<Row, Row & RowGroup<Row>>,
  'group' | 'groupOf' | 'change'
>;

/**
 * The rows of a table as a tree: of two levels, groups, of which some are opened, and what they stand for; or each row below
 * its parent.
 */
export class RowTree<Row extends GroupableRow> {
  /** No groups: every row by itself. */
  flat = false;
  /** Each row below its parent, where rows have parents. */
  family = false;
  /** What stands at the margin, in order. */
  outermost: readonly Row[] = [];
  /** Some row at the margin is a group. Every line that is drawn asks. */
  hasGroups = false;
  private readonly opened = new Set<number>();
  private parents: ReadonlyMap<number, Row> = new Map();
  private kin: Family<Row> | null = null;

  constructor(
    private readonly grouping: RowGrouping<Row> | null,
    private readonly parentsAmong: Parents<Row> | null = null,
  ) {}

  get hasFamily(): boolean {
    return this.parentsAmong !== null;
  }

  /** Rows as they are shown, one below the other. `all`: those too that are not; `told`: see RowChanges. */
  arrange(
    rows: readonly Row[],
    sort: Sort<Row>,
    all: readonly Row[],
    told: Change | null,
  ): readonly Row[] {
    const { family, parentsAmong } = this;
    this.kin = family && parentsAmong ? familyOf(sort(0, rows, told), parentsAmong(all)) : null;
    const shown =
      this.kin === null ? this.arrangeGroups(rows, sort, told) : this.arrangeKin(this.kin);
    this.hasGroups = this.outermost.some((row) => this.isGroup(row));
    return shown;
  }

  private arrangeKin({ rows }: Family<Row>): readonly Row[] {
    this.parents = new Map();
    this.outermost = rows;
    return rows;
  }

  private arrangeGroups(
    rows: readonly Row[],
    sort: Sort<Row>,
    told: Change | null,
  ): readonly Row[] {
    const { flat, opened } = this;
    const grouping = flat ? null : this.grouping;
    const outer = grouping === null ? rows : grouping.group(rows, told);
    this.outermost = sort(0, outer, grouping === null ? told : grouping.change);
    if (opened.size === 0) {
      this.parents = new Map();
      return this.outermost;
    }
    const parents = new Map<number, Row>();
    const shown: Row[] = [];
    for (const group of this.outermost) {
      if (!this.isOpen(group)) continue;
      for (const row of group.rows) parents.set(row.id, group);
    }
    const below = new Map<Row, Row[]>();
    const inner = this.outermost.flatMap((row) => (this.isOpen(row) ? row.rows : []));
    for (const row of sort(1, inner, null)) {
      const group = parents.get(row.id)!;
      const list = below.get(group);
      if (list === undefined) below.set(group, [row]);
      else list.push(row);
    }
    for (const row of this.outermost) {
      shown.push(row);
      for (const member of below.get(row) ?? []) shown.push(member);
    }
    this.parents = parents;
    return shown;
  }

  /** It stands for rows of this table: of one that groups nothing itself no row does. */
  isGroup(row: Row): boolean {
    return this.grouping !== null && row instanceof RowGroup;
  }

  isOpen(row: Row): row is Row & RowGroup<Row> {
    return this.isGroup(row) && this.opened.has(row.id);
  }

  /** The opened group that a row stands below, null for none. */
  parentOf({ id }: Row): Row | null {
    return this.parents.get(id) ?? null;
  }

  /** The row that it stands below in a family, null for none. */
  above({ id }: Row): Row | null {
    return this.kin?.parents.get(id) ?? null;
  }

  /** How many stand above it there. */
  depthOf({ id }: Row): number {
    return this.kin?.depths.get(id) ?? 0;
  }

  /** The id of the group that a row (by its id) belongs to; 0 for none. */
  groupOf(id: number): number {
    return this.grouping?.groupOf(id) ?? 0;
  }

  open({ id }: Row): void {
    this.opened.add(id);
  }

  close({ id }: Row): void {
    this.opened.delete(id);
  }
}
