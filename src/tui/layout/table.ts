import { FaultClass } from '../../core/classify/classes';
import type { Column } from '../../core/columns/column';
import type { RowTest } from '../../core/filter/row-test';
import type { GroupableRow } from '../../core/snapshot/groups';
import type { Change } from '../../core/snapshot/row-changes';
import { ALL_CLASSES, RowChoice } from './choice';
import type { ColumnNeeds } from './columns';
import { RowOrder } from './order';
import { classesOf } from './row-classes';
import type { Tags } from './tags';
import { RowTree, type RowGrouping } from './tree';

/** Columns of one fault class; they hide with it. */
const CLASS_COLUMNS = ['major', 'minor', 'cow', 'error'];
const ERROR_BIT = 1 << FaultClass.ERROR;

/** In which order and form the rows of a table are shown. */
export interface TableLook {
  /** Id of a column. */
  readonly sort: string;
  readonly reverse: boolean;
  readonly flat: boolean;
  readonly family: boolean;
  readonly hidesEnded: boolean;
}

/** What a table is of. */
export interface TableSpec<Row extends GroupableRow> {
  readonly columns: readonly Column<Row>[];
  readonly sortBy: string;
  /** The process of a row, where it has one that is not its name. */
  readonly pidOf?: (row: Row) => number;
  /** Columns that say the same of all rows of one process. */
  readonly whose?: readonly string[];
  /** What a row shows is gone. */
  readonly hasEnded?: (row: Row) => boolean;
  /** Rows without faults that are to be seen all the same. */
  readonly keeps?: (row: Row) => boolean;
  /** What all rows have together, which stands above them. */
  readonly sum?: Row;
  /** Rows have no history. */
  readonly still?: true;
  readonly grouping?: RowGrouping<Row>;
  /** Who the parent of a row is among all of them: left out, rows have none. */
  readonly parents?: (all: readonly Row[]) => (row: Row) => Row | null;
  /** Left out, rows cannot be tagged. */
  readonly tagging?: {
    readonly tags: Tags<Row>;
    /** One row of all that are tagged; find() knows it by its id. `of`: how many are, also those whose rows are gone. */
    readonly id: number;
    readonly together: (rows: readonly Row[], of: number) => Row;
  };
}

/**
 * The rows of one view: filtered, grouped, sorted, with a selection that follows its row and a window onto
 * them. Refreshed once per tick; moving about costs nothing.
 */
export class TableModel<Row extends GroupableRow> {
  readonly columns: readonly Column<Row>[];
  /** As they are shown: groups, below opened ones what they stand for. */
  rows: readonly Row[] = [];
  sortColumn: Column<Row>;
  reverse = false;
  top = 0;
  /** Rows of what is gone are left out. */
  hidesEnded = false;
  readonly tree: RowTree<Row>;
  /** null: the selection stays on the first row, whichever that is, until somebody moves it. */
  private selectedId: number | null = null;
  private selectedIndex = 0;
  private readonly orders = [new RowOrder<Row>(), new RowOrder<Row>()] as const;
  private source: readonly Row[] = [];
  private told: Change | null = null;
  private test: RowTest<Row> | null = null;
  private classes = ALL_CLASSES;
  private asked = 0;
  private readonly choice: RowChoice<Row>;

  constructor(private readonly spec: TableSpec<Row>) {
    this.columns = spec.columns;
    this.sortColumn = spec.columns.find((column) => column.id === spec.sortBy) ?? spec.columns[0]!;
    this.tree = new RowTree(spec.grouping ?? null, spec.parents ?? null);
    const { pidOf, keeps } = spec;
    this.choice = new RowChoice({
      pidOf,
      keeps: (row) => keeps?.(row) === true || this.tags?.has(row) === true,
    });
  }

  /** Each by itself: those that the filter lets through. */
  get matching(): readonly Row[] {
    return this.choice.chosen.matching;
  }

  /** Rows before the filter: with faults, or kept without. */
  get total(): number {
    return this.choice.chosen.total;
  }

  /** Rows of `matching` that have faults too which the filter does not let through: their numbers are of all. */
  get partial(): number {
    return this.choice.chosen.partial;
  }

  /**
   * New rows of a new snapshot, of the time `now` (ns). `classes`: bit mask of the classes that are shown,
   * `asked` of those that were named; `test`: null for all rows; `told`: see RowChanges.
   */
  refresh(
    rows: readonly Row[],
    classes: number,
    test: RowTest<Row> | null,
    asked: number,
    now: number,
    told: Change | null = null,
  ): void {
    const isNew = rows !== this.source;
    this.source = rows;
    this.classes = classes;
    this.asked = asked;
    this.test = test;
    this.told = told;
    this.arrange(isNew ? now : null);
  }

  private arrange(now: number | null = null): void {
    this.choice.choose(this.source, this.classes, this.test, this.told);
    const { matching, hidesEnded } = this;
    const shown = hidesEnded ? matching.filter((row) => !this.hasEnded(row)) : matching;
    const change = hidesEnded ? null : this.choice.change;
    this.rows = this.tree.arrange(
      shown,
      (level, rows, told) =>
        this.orders[level].sort(rows, told, this.sortColumn, this.reverse, now),
      this.source,
      change,
    );
    this.keepSelection();
  }

  /** See TableSpec. */
  get sum(): Row | null {
    return this.spec.sum ?? null;
  }

  /** Lines above the rows: the heading, and what they have together. */
  get headLines(): number {
    return this.sum === null ? 1 : 2;
  }

  hasEnded(row: Row): boolean {
    return this.spec.hasEnded?.(row) ?? false;
  }

  private keepSelection(): void {
    const { selectedId, rows, tree } = this;
    if (selectedId === null) {
      this.selectedIndex = 0;
      return;
    }
    let index = rows.findIndex((row) => row.id === selectedId);
    // What stood by itself is in a group now, or the reverse.
    if (index < 0 && selectedId > 0) {
      const group = tree.groupOf(selectedId);
      index = rows.findIndex((row) => row.id === group);
    } else if (index < 0) {
      index = rows.findIndex((row) => tree.groupOf(row.id) === selectedId);
      if (index >= 0) this.selectedId = rows[index]!.id;
    }
    // A row that is gone leaves the selection where it was, on whatever is there now.
    if (index >= 0) this.selectedIndex = index;
    else this.select(this.selectedIndex);
  }

  get tags(): Tags<Row> | null {
    return this.spec.tagging?.tags ?? null;
  }

  /** Tags the selected row, or takes its tag away, and goes on to the next one. */
  toggleTag(): void {
    if (this.selectedRow === null) return;
    this.tags?.toggle(this.selectedRow);
    this.move(1);
    this.arrange();
  }

  untag(): void {
    this.tags?.clear();
    this.arrange();
  }

  /** What is tagged, as one row, also what is not shown; null where nothing is. */
  get tagged(): Row | null {
    const { tagging } = this.spec;
    if (tagging === undefined) return null;
    const rows = this.source.filter((row) => tagging.tags.has(row));
    return rows.length === 0 ? null : tagging.together(rows, tagging.tags.count);
  }

  /** A row by its id, also one that is not shown; undefined where it is gone. */
  find(id: number): Row | undefined {
    if (id === this.spec.tagging?.id) return this.tagged ?? undefined;
    return (
      this.tree.outermost.find((row) => row.id === id) ?? this.source.find((row) => row.id === id)
    );
  }

  /** What groups make when it is asked for, of the moment of the picture. */
  keepPercentiles(): void {
    this.tree.outermost.forEach(({ p50Ns, history }) => [p50Ns, history]);
  }

  /** Opens the selected group, or moves into it where it is open. False where none is selected. */
  expand(): boolean {
    const row = this.selectedRow;
    if (row === null || !this.tree.isGroup(row) || this.tree.isOpen(row)) return false;
    this.selectedId ??= row.id;
    this.tree.open(row);
    this.arrange();
    return true;
  }

  /** Closes the group that the selection is on or in; in a family goes to the parent. */
  collapse(): void {
    const row = this.selectedRow;
    const parent = row === null ? null : this.tree.above(row);
    if (parent !== null) {
      this.selectRow(parent.id);
      return;
    }
    const group = row === null || this.tree.isOpen(row) ? row : this.tree.parentOf(row);
    if (group === null) return;
    this.selectedId = group.id;
    this.tree.close(group);
    this.arrange();
  }

  /** Groups, or every row by itself. */
  toggleFlat(): void {
    this.tree.flat = !this.tree.flat;
    this.arrange();
  }

  /** Each row below its parent, or not. */
  toggleFamily(): void {
    this.tree.family = !this.tree.family;
    this.arrange();
  }

  toggleEnded(): void {
    this.hidesEnded = !this.hidesEnded;
    this.arrange();
  }

  /** Some row has faults of hidden classes beside those that are shown. */
  get mixed(): boolean {
    const hidden = ALL_CLASSES & ~this.classes;
    return hidden !== 0 && this.matching.some((row) => (classesOf(row) & hidden) !== 0);
  }

  /** What the rows make of the columns. */
  columnNeeds(): ColumnNeeds {
    const { classes, asked } = this;
    const { present, severalProcesses } = this.choice.chosen;
    const named = (mask: number): Set<string> =>
      new Set(CLASS_COLUMNS.filter((_, cls) => (mask & (1 << cls)) !== 0));
    const absent = ALL_CLASSES & ~present;
    return {
      still: this.spec.still ?? false,
      sorted: this.sortColumn.id,
      // No errors is the rule, of which nobody wants to read; where there are some they are to be seen.
      wanted: new Set([
        ...named((asked & classes) | (present & classes & ERROR_BIT)),
        ...(severalProcesses ? ['pid'] : []),
      ]),
      hidden: named((ALL_CLASSES & ~classes) | (absent & ~asked & ERROR_BIT)),
      idle: new Set([
        ...[...named(absent)].filter((id) => this.isZero(id)),
        ...(severalProcesses ? [] : (this.spec.whose ?? [])),
      ]),
    };
  }

  /** It is 0 everywhere if it is in one row; where it is not known it is not 0. */
  private isZero(id: string): boolean {
    const column = this.columns.find((c) => c.id === id);
    const [row] = this.rows;
    return column === undefined || row === undefined || column.value(row) === 0;
  }

  get selected(): number {
    return Math.min(this.selectedIndex, Math.max(0, this.rows.length - 1));
  }

  get selectedRow(): Row | null {
    return this.rows[this.selected] ?? null;
  }

  private select(index: number): void {
    this.selectedIndex = Math.max(0, Math.min(index, this.rows.length - 1));
    this.selectedId = this.rows[this.selectedIndex]?.id ?? null;
  }

  /** Selects a row by its id; false where it is not among those that are shown. */
  selectRow(id: number): boolean {
    const index = this.rows.findIndex((row) => row.id === id);
    if (index >= 0) this.select(index);
    return index >= 0;
  }

  move(by: number): void {
    this.select(this.selected + by);
  }

  first(): void {
    this.selectedId = null;
    this.selectedIndex = 0;
    this.top = 0;
  }

  last(): void {
    this.select(this.rows.length - 1);
  }

  /** Moves the window of `height` to where the selection is. */
  fit(height: number): void {
    const { selected } = this;
    if (selected < this.top) this.top = selected;
    if (selected >= this.top + height) this.top = selected - height + 1;
    this.top = Math.max(0, Math.min(this.top, this.rows.length - height));
  }

  /** The rows in a window of `height`. */
  window(height: number): readonly Row[] {
    return this.rows.slice(this.top, this.top + height);
  }

  /** Selection and window as they are now, and the way back to them. */
  keepPlace(): () => void {
    const { selectedId, selectedIndex, top } = this;
    return () => {
      this.selectedId = selectedId;
      this.selectedIndex = selectedIndex;
      this.top = top;
      this.arrange();
    };
  }

  /** Order and form, as TableModel.look() has them; ids of columns that there are not change nothing. */
  show({ sort, reverse, flat, family, hidesEnded }: Partial<TableLook>): void {
    if (sort !== undefined) this.sortBy(sort);
    this.reverse = reverse ?? this.reverse;
    this.tree.flat = flat ?? this.tree.flat;
    this.tree.family = family ?? this.tree.family;
    this.hidesEnded = hidesEnded ?? this.hidesEnded;
    this.arrange();
  }

  look(): TableLook {
    const { sortColumn, reverse, tree, hidesEnded } = this;
    const { flat, family } = tree;
    return { sort: sortColumn.id, reverse, flat, family, hidesEnded };
  }

  /** By the id of a column; ids that this table does not have change nothing. */
  sortBy(id: string): void {
    const column = this.columns.find((c) => c.id === id);
    if (column === undefined || column === this.sortColumn) return;
    this.sortColumn = column;
    this.reverse = false;
    for (const order of this.orders) order.reset();
    this.arrange();
  }

  /** Sorts by the column beside the present one, of those that are visible. */
  sortBeside(step: number, visible: readonly string[]): void {
    const at = visible.indexOf(this.sortColumn.id) + step;
    this.sortBy(visible[Math.max(0, Math.min(at, visible.length - 1))] ?? '');
  }

  reverseOrder(): void {
    this.reverse = !this.reverse;
    for (const order of this.orders) order.reset();
    this.arrange();
  }
}
