import { CLASS_COUNT } from '../../core/classify/classes';
import type { Column } from '../../core/columns/row-columns';
import type { RowTest } from '../../core/filter/row-test';
import type { StatRow } from '../../core/snapshot/snapshot';
import { RowOrder } from './order';

/** Bit mask of all classes. */
export const ALL_CLASSES = (1 << CLASS_COUNT) - 1;
/** Columns of one fault class; they hide with it. */
const CLASS_COLUMNS = ['major', 'minor', 'cow', 'error'];

/**
 * The rows of one view: filtered, sorted, with a selection that follows its row and a window onto
 * them. Refreshed once per tick; moving about costs nothing.
 */
export class TableModel<Row extends StatRow> {
  rows: readonly Row[] = [];
  /** Rows with faults before the filter. */
  total = 0;
  sortColumn: Column<Row>;
  reverse = false;
  top = 0;
  /** null: the selection stays on the first row, whichever that is, until somebody moves it. */
  private selectedId: number | null = null;
  private selectedIndex = 0;
  private readonly order = new RowOrder<Row>();
  private source: readonly Row[] = [];
  private test: RowTest<Row> | null = null;
  /** Rows of `rows` that have faults too which the filter does not let through: their numbers are of all. */
  partial = 0;
  private classes = ALL_CLASSES;
  private asked = 0;

  constructor(
    readonly columns: readonly Column<Row>[],
    sortBy: string,
  ) {
    this.sortColumn = columns.find((column) => column.id === sortBy) ?? columns[0]!;
  }

  /**
   * New rows of a new snapshot. `classes`: bit mask of the classes that are shown, `asked` of those that were
   * named; `test`: null for all rows.
   */
  refresh(rows: readonly Row[], classes: number, test: RowTest<Row> | null, asked = 0): void {
    this.source = rows;
    this.classes = classes;
    this.asked = asked;
    this.test = test;
    this.arrange();
  }

  private arrange(): void {
    const withFaults = this.source.filter((row) => row.faults > 0);
    this.total = withFaults.length;
    const { test } = this;
    const all = this.classes === ALL_CLASSES;
    const shown =
      all && test === null
        ? withFaults
        : withFaults.filter(
            (row) => (all || this.hasShownFaults(row)) && (test === null || test.passes(row)),
          );
    this.partial = test === null ? 0 : shown.filter((row) => !test.whole(row)).length;
    this.rows = this.order.sort(shown, this.sortColumn, this.reverse);
    if (this.selectedId === null) {
      this.selectedIndex = 0;
      return;
    }
    const index = this.rows.findIndex((row) => row.id === this.selectedId);
    // A row that is gone leaves the selection where it was, on whatever is there now.
    if (index >= 0) this.selectedIndex = index;
    else this.select(this.selectedIndex);
  }

  /** Some row has faults of hidden classes beside those that are shown. */
  get mixed(): boolean {
    const hidden = ALL_CLASSES & ~this.classes;
    return hidden !== 0 && this.rows.some((row) => hasFaultsOf(row, hidden));
  }

  private hasShownFaults(row: Row): boolean {
    return hasFaultsOf(row, this.classes);
  }

  /** Ids of columns that are hidden with their class. */
  hiddenColumns(): Set<string> {
    return new Set(CLASS_COLUMNS.filter((_, cls) => (this.classes & (1 << cls)) === 0));
  }

  /** Ids of columns that must not give way: of what was asked for, and of what the rows are sorted by. */
  wantedColumns(): Set<string> {
    const asked = CLASS_COLUMNS.filter((_, cls) => (this.asked & this.classes & (1 << cls)) !== 0);
    return new Set([...asked, this.sortColumn.id]);
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

  /** By the id of a column; ids that this table does not have change nothing. */
  sortBy(id: string): void {
    const column = this.columns.find((c) => c.id === id);
    if (column === undefined || column === this.sortColumn) return;
    this.sortColumn = column;
    this.reverse = false;
    this.order.reset();
    this.arrange();
  }

  /** Sorts by the column beside the present one, of those that are visible. */
  sortBeside(step: number, visible: readonly string[]): void {
    const at = visible.indexOf(this.sortColumn.id) + step;
    this.sortBy(visible[Math.max(0, Math.min(at, visible.length - 1))] ?? '');
  }

  reverseOrder(): void {
    this.reverse = !this.reverse;
    this.order.reset();
    this.arrange();
  }
}

/** `classes`: bit mask. */
function hasFaultsOf(row: StatRow, classes: number): boolean {
  return row.byClass.some((n, cls) => n > 0 && (classes & (1 << cls)) !== 0);
}
