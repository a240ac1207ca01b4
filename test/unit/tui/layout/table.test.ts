import { REGION_COLUMNS } from '../../../../src/core/columns/row-columns';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { layoutColumns } from '../../../../src/tui/layout/columns';
import { RowOrder } from '../../../../src/tui/layout/order';
import { ALL_CLASSES, TableModel } from '../../../../src/tui/layout/table';
import { region } from '../../../support/sample';

const column = (id: string): (typeof REGION_COLUMNS)[number] =>
  REGION_COLUMNS.find((c) => c.id === id)!;
const row = (id: number, part: Partial<RegionRow> = {}): RegionRow =>
  region({ id, byClass: [0, id, 0, 0], ...part });
const ids = (rows: readonly RegionRow[]): number[] => rows.map((r) => r.id);

describe('RowOrder', () => {
  const rates = (...values: number[]): RegionRow[] => values.map((rate, k) => row(k + 1, { rate }));

  it('sorts numbers downwards and text upwards', () => {
    const order = new RowOrder<RegionRow>();
    expect(ids(order.sort(rates(1, 3, 2), column('rate'), false))).toEqual([2, 3, 1]);
    expect(ids(order.sort(rates(1, 3, 2), column('rate'), true))).toEqual([1, 3, 2]);
    const named = [row(1, { label: 'b' }), row(2, { label: 'a' })];
    expect(ids(new RowOrder<RegionRow>().sort(named, column('label'), false))).toEqual([2, 1]);
  });

  it('keeps rows in place while their rates jitter around each other', () => {
    const order = new RowOrder<RegionRow>();
    const first = ids(order.sort(rates(100, 98, 10), column('rate'), false));
    for (let k = 0; k < 50; k++) {
      const jitter = rates(100 + (k % 7), 98 + (k % 11), 10);
      expect(ids(order.sort(jitter, column('rate'), false))).toEqual(first);
    }
  });

  it('moves a row that has really changed, and is exact when nothing moves any more', () => {
    const order = new RowOrder<RegionRow>();
    order.sort(rates(100, 98), column('rate'), false);
    expect(ids(order.sort(rates(100, 150), column('rate'), false))).toEqual([2, 1]);
    order.sort(rates(105, 101), column('rate'), false);
    // Resting at 103 and 104: a difference within the tolerance, yet the picture must be right.
    order.sort(rates(103, 104), column('rate'), false);
    expect(ids(order.sort(rates(103, 104), column('rate'), false))).toEqual([2, 1]);
  });

  it('puts what was not measured last, and keeps the order of ties', () => {
    const order = new RowOrder<RegionRow>();
    const rows = [row(1, { p99Ns: NaN }), row(2, { p99Ns: 0 }), row(3, { p99Ns: 0 })];
    expect(ids(order.sort(rows, column('p99_ns'), false))).toEqual([2, 3, 1]);
    expect(ids(order.sort([...rows].reverse(), column('p99_ns'), false))).toEqual([2, 3, 1]);
  });

  it('survives rows that come and go', () => {
    const order = new RowOrder<RegionRow>();
    const all = Array.from({ length: 50 }, (_, k) => row(k + 1, { rate: (k * 7919) % 101 }));
    for (let round = 0; round < 20; round++) {
      const some = all.filter((r) => (r.id * (round + 3)) % 4 !== 0);
      const sorted = order.sort(some, column('rate'), false);
      expect([...ids(sorted)].sort((a, b) => a - b)).toEqual(ids(some));
    }
  });
});

/** The rows that one sees after the table was fitted to a height. */
const windowOf = (table: TableModel<RegionRow>, height: number): readonly RegionRow[] => {
  table.fit(height);
  return table.window(height);
};

describe('TableModel', () => {
  const make = (rows: readonly RegionRow[]): TableModel<RegionRow> => {
    const table = new TableModel(REGION_COLUMNS, 'minor');
    table.refresh(rows, ALL_CLASSES, null);
    return table;
  };
  const many = Array.from({ length: 100 }, (_, k) => row(k + 1));

  it('keeps the selection on its row when the order changes', () => {
    const table = make(many);
    table.move(1);
    expect(table.selectedRow?.id).toBe(99);
    table.refresh(
      [...many.slice(0, 98), row(99, { byClass: [0, 1, 0, 0] }), row(100)],
      ALL_CLASSES,
      null,
    );
    expect(table.selectedRow?.id).toBe(99);
    expect(table.selected).toBeGreaterThan(90);
    expect(windowOf(table, 10)).toContain(table.selectedRow);
  });

  it('stays on top while nobody has moved it', () => {
    const table = make(many);
    table.refresh([...many, row(500)], ALL_CLASSES, null);
    expect(table.selectedRow?.id).toBe(500);
    table.move(5);
    table.first();
    table.refresh([...many, row(600)], ALL_CLASSES, null);
    expect(table.selectedRow?.id).toBe(600);
  });

  it('keeps its place when the selected row is gone', () => {
    const table = make(many);
    table.move(3);
    const before = table.selected;
    table.refresh(
      many.filter((r) => r.id !== table.selectedRow?.id),
      ALL_CLASSES,
      null,
    );
    expect(table.selected).toBe(before);
  });

  it('scrolls just far enough', () => {
    const table = make(many);
    expect(ids(windowOf(table, 10))[0]).toBe(100);
    table.move(10);
    expect(ids(windowOf(table, 10))).toEqual([99, 98, 97, 96, 95, 94, 93, 92, 91, 90]);
    table.move(-1);
    expect(ids(windowOf(table, 10))[0]).toBe(99);
    table.last();
    expect(ids(windowOf(table, 10)).at(-1)).toBe(1);
    expect(ids(windowOf(table, 200))).toHaveLength(100);
  });

  it('hides rows of hidden classes and rows without faults', () => {
    const rows = [
      row(1, { byClass: [1, 0, 0, 0] }),
      row(2, { byClass: [0, 5, 0, 0] }),
      row(3, { byClass: [0, 0, 0, 0], faults: 0 }),
    ];
    const table = make(rows);
    expect(table.total).toBe(2);
    table.refresh(rows, 0b0001, null);
    expect(ids(table.rows)).toEqual([1]);
    expect([...table.hiddenColumns()]).toEqual(['minor', 'cow', 'error']);
  });

  it('steps through the visible columns', () => {
    const table = make(many);
    table.sortBeside(1, ['label', 'minor', 'rate']);
    expect(table.sortColumn.id).toBe('rate');
    table.sortBeside(1, ['label', 'minor', 'rate']);
    expect(table.sortColumn.id).toBe('rate');
    table.sortBeside(-1, ['label', 'minor', 'rate']);
    expect(table.sortColumn.id).toBe('minor');
    table.reverseOrder();
    expect(table.rows[0]?.id).toBe(1);
  });
});

describe('layoutColumns', () => {
  const shown = (width: number, sortedBy = 'stall_share'): string[] =>
    layoutColumns(REGION_COLUMNS, width, new Set([sortedBy]), new Set()).columns.map(
      (c) => c.column.id,
    );

  it('shows the essentials on 80 columns', () => {
    expect(shown(79)).toEqual(
      expect.arrayContaining(['label', 'major', 'minor', 'cow', 'rate', 'p99_ns', 'stall_share']),
    );
  });

  it('never is wider than the screen, and always shows name and sort column', () => {
    for (let width = 30; width <= 300; width++) {
      const layout = layoutColumns(REGION_COLUMNS, width, new Set(['p90_ns']), new Set());
      const used =
        layout.columns.reduce((sum, c) => sum + c.width + 1, -1) + (layout.history ? 14 : 0);
      expect(used).toBeLessThanOrEqual(width);
      const names = layout.columns.map((c) => c.column.id);
      expect(names).toContain('label');
      expect(names).toContain('p90_ns');
    }
  });

  it('shows everything and a history on 200 columns', () => {
    const layout = layoutColumns(REGION_COLUMNS, 199, new Set(['rate']), new Set());
    expect(layout.columns).toHaveLength(REGION_COLUMNS.length);
    expect(layout.history).toBe(true);
  });
});
