import { CLASS_COUNT } from '../../core/classes';
import type { Column } from '../../core/columns';
import type { StatRow } from '../../core/snapshot';
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
  private passes: ((row: Row) => boolean) | null = null;
  private classes = ALL_CLASSES;

  constructor(
    readonly columns: readonly Column<Row>[],
    sortBy: string,
  ) {
    this.sortColumn = columns.find((column) => column.id === sortBy) ?? columns[0]!;
  }

  /** New rows of a new snapshot. `classes`: bit mask of the classes that are shown; `passes`: null for all. */
  refresh(rows: readonly Row[], classes: number, passes: ((row: Row) => boolean) | null): void {
    this.source = rows;
    this.classes = classes;
    this.passes = passes;
    this.arrange();
  }

  private arrange(): void {
    const withFaults = this.source.filter((row) => row.faults > 0);
    this.total = withFaults.length;
    const { passes } = this;
    const all = this.classes === ALL_CLASSES;
    const shown =
      all && passes === null
        ? withFaults
        : withFaults.filter(
            (row) => (all || this.hasShownFaults(row)) && (passes === null || passes(row)),
          );
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

  private hasShownFaults(row: Row): boolean {
    return row.byClass.some((n, cls) => n > 0 && (this.classes & (1 << cls)) !== 0);
  }

  /** Ids of columns that are hidden with their class. */
  hiddenColumns(): Set<string> {
    return new Set(CLASS_COLUMNS.filter((_, cls) => (this.classes & (1 << cls)) === 0));
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

  /** The rows in a window of `height`, which follows the selection. */
  window(height: number): readonly Row[] {
    const { selected } = this;
    if (selected < this.top) this.top = selected;
    if (selected >= this.top + height) this.top = selected - height + 1;
    this.top = Math.max(0, Math.min(this.top, this.rows.length - height));
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
