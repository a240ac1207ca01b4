import { REGION_COLUMNS } from '../../../../src/core/columns/row-columns';
import { REGION_GROUPS } from '../../../../src/core/snapshot/group-rules';
import { Grouping } from '../../../../src/core/snapshot/grouping';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { layoutColumns, type ColumnNeeds } from '../../../../src/tui/layout/columns';
import { tellApart } from '../../../../src/tui/layout/names';
import { RowOrder } from '../../../../src/tui/layout/order';
import { ALL_CLASSES } from '../../../../src/tui/layout/choice';
import { TableModel } from '../../../../src/tui/layout/table';
import { region } from '../../../support/sample';

const column = (id: string): (typeof REGION_COLUMNS)[number] =>
  REGION_COLUMNS.find((c) => c.id === id)!;
const row = (id: number, part: Partial<RegionRow> = {}): RegionRow =>
  region({ id, byClass: [0, id, 0, 0], ...part });
const ids = (rows: readonly RegionRow[]): number[] => rows.map((r) => r.id);

/** Puts pictures in order that are so far apart that rows may change places at each. */
class Order {
  private readonly order = new RowOrder<RegionRow>();
  now = 0;

  constructor(private readonly by = 'rate') {}

  ids(rows: readonly RegionRow[], reverse = false, after = 3e9): number[] {
    this.now += after;
    return ids(this.order.sort(rows, null, column(this.by), reverse, this.now));
  }
}

describe('RowOrder', () => {
  const rates = (...values: number[]): RegionRow[] => values.map((rate, k) => row(k + 1, { rate }));

  it('sorts numbers downwards and text upwards', () => {
    const order = new Order();
    expect(order.ids(rates(1, 3, 2))).toEqual([2, 3, 1]);
    expect(order.ids(rates(1, 3, 2), true)).toEqual([1, 3, 2]);
    const named = [row(1, { label: 'b' }), row(2, { label: 'a' })];
    expect(new Order('label').ids(named)).toEqual([2, 1]);
  });

  it('keeps rows in place while their rates jitter around each other', () => {
    const order = new Order();
    const first = order.ids(rates(100, 98, 10));
    for (let k = 0; k < 50; k++) {
      expect(order.ids(rates(100 + (k % 7), 98 + (k % 11), 10))).toEqual(first);
    }
  });

  it('moves a row that has really changed, and is exact when nothing moves any more', () => {
    const order = new Order();
    order.ids(rates(100, 98));
    expect(order.ids(rates(100, 150))).toEqual([2, 1]);
    order.ids(rates(105, 101));
    // Resting at 103 and 104: a difference within the tolerance, yet the picture must be right.
    order.ids(rates(103, 104));
    expect(order.ids(rates(103, 104))).toEqual([2, 1]);
  });

  it('lets rows change places every three seconds, and sooner only one that has doubled', () => {
    const order = new Order();
    expect(order.ids(rates(100, 90, 30))).toEqual([1, 2, 3]);
    expect(order.ids(rates(50, 140, 30), false, 1e9)).toEqual([1, 2, 3]);
    expect(order.ids(rates(50, 180, 30), false, 1e9)).toEqual([2, 1, 3]);
    // It falls back when the others may move too.
    expect(order.ids(rates(50, 10, 30), false, 0.9e9)).toEqual([2, 1, 3]);
    expect(order.ids(rates(50, 10, 30), false, 0.1e9)).toEqual([1, 3, 2]);
  });

  it('gives a new row its place at once', () => {
    const order = new Order();
    order.ids(rates(100, 90));
    expect(order.ids(rates(100, 90, 95), false, 1e9)).toEqual([1, 3, 2]);
  });

  it('is exact when time stands still: capture has ended', () => {
    const order = new Order('stall_now');
    const stalls = (...values: number[]): RegionRow[] =>
      values.map((stallNs, k) => row(k + 1, { stallNs }));
    order.ids(stalls(100, 98));
    order.ids(stalls(100, 101), false, 1e9);
    expect(order.ids(stalls(100, 101), false, 0)).toEqual([2, 1]);
  });

  it('by stall now, then by stall in all, where what one cannot read makes no difference', () => {
    const rows = [
      row(1, { stalled: 0.00001, stallNs: 1 }),
      row(2, { stalled: 0.00009, stallNs: 5 }),
      row(3, { stalled: 0.00002, stallNs: 9 }),
      row(4, { stalled: 0.3, stallNs: 2 }),
    ];
    expect(new Order('stall_now').ids(rows)).toEqual([4, 3, 2, 1]);
  });

  it('puts what was not measured last, and keeps the order of ties', () => {
    const order = new Order('p99_ns');
    const rows = [row(1, { p99Ns: NaN }), row(2, { p99Ns: 0 }), row(3, { p99Ns: 0 })];
    expect(order.ids(rows)).toEqual([2, 3, 1]);
    expect(order.ids([...rows].reverse())).toEqual([2, 3, 1]);
  });

  it('survives rows that come and go', () => {
    const order = new Order();
    const all = Array.from({ length: 50 }, (_, k) => row(k + 1, { rate: (k * 7919) % 101 }));
    for (let round = 0; round < 20; round++) {
      const some = all.filter((r) => (r.id * (round + 3)) % 4 !== 0);
      const sorted = order.ids(some, false, round % 2 === 0 ? 1e9 : 3e9);
      expect([...sorted].sort((a, b) => a - b)).toEqual(ids(some));
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
    const table = new TableModel<RegionRow>({ columns: REGION_COLUMNS, sortBy: 'minor' });
    table.refresh(rows, ALL_CLASSES, null, 0, 0);
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
      0,
      3e9,
    );
    expect(table.selectedRow?.id).toBe(99);
    expect(table.selected).toBeGreaterThan(90);
    expect(windowOf(table, 10)).toContain(table.selectedRow);
  });

  it('stays on top while nobody has moved it', () => {
    const table = make(many);
    table.refresh([...many, row(500)], ALL_CLASSES, null, 0, 0);
    expect(table.selectedRow?.id).toBe(500);
    table.move(5);
    table.first();
    table.refresh([...many, row(600)], ALL_CLASSES, null, 0, 0);
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
      0,
      3e9,
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
    table.refresh(rows, 0b0001, null, 0, 0);
    expect(ids(table.rows)).toEqual([1]);
    expect([...table.columnNeeds().hidden]).toEqual(['minor', 'cow', 'error']);
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
  const needs = (part: Partial<ColumnNeeds> = {}): ColumnNeeds => ({
    still: false,
    sorted: 'stall_now',
    wanted: new Set(),
    hidden: new Set(),
    idle: new Set(),
    ...part,
  });
  const shown = (width: number, part: Partial<ColumnNeeds> = {}): string[] =>
    layoutColumns(REGION_COLUMNS, width, needs(part)).columns.map((c) => c.column.id);

  it('shows the essentials on 80 columns: what happens now, and what has happened', () => {
    expect(shown(79)).toEqual([
      'label',
      'stall_now',
      'rate',
      'major',
      'minor',
      'cow',
      'stall_ns',
      'p99_ns',
    ]);
  });

  it('lets what is 0 everywhere give way first, and what tells rows apart never', () => {
    expect(shown(79, { idle: new Set(['cow', 'major']), wanted: new Set(['pid']) })).toEqual([
      'label',
      'size',
      'pid',
      'stall_now',
      'rate',
      'minor',
      'stall_ns',
      'p99_ns',
    ]);
    expect(shown(40, { wanted: new Set(['pid']) })).toEqual(['label', 'pid', 'stall_now', 'major']);
  });

  it('never is wider than the screen, and always shows the name and the sort column with its title', () => {
    const wrong: unknown[] = [];
    for (let width = 39; width <= 300; width++) {
      for (const { id, title } of REGION_COLUMNS.slice(1)) {
        const layout = layoutColumns(REGION_COLUMNS, width, needs({ sorted: id }));
        const used =
          layout.columns.reduce((sum, c) => sum + c.width + 1, -1) + (layout.history ? 14 : 0);
        const first = layout.columns[0]!.column.id;
        const sorted = layout.columns.find(({ column: { id: name } }) => name === id)!;
        if (used <= width && first === 'label' && sorted.width > title.length) continue;
        wrong.push({ width, id, used, first, sorted: sorted.width });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('shows a history before the lightest columns, and everything where there is room', () => {
    const everything = REGION_COLUMNS.map(({ id }) => id);
    expect(shown(300)).toEqual(everything);
    const layout = layoutColumns(REGION_COLUMNS, 199, needs({ idle: new Set(['pid', 'comm']) }));
    expect(layout.history).toBe(true);
    expect(layout.columns.map((c) => c.column.id)).toEqual(
      everything.filter((id) => id !== 'comm'),
    );
  });
});

describe('groups', () => {
  const make = (rows: readonly RegionRow[]): TableModel<RegionRow> => {
    const table = new TableModel<RegionRow>({
      columns: REGION_COLUMNS,
      sortBy: 'minor',
      pidOf: ({ pid }) => pid,
      hasEnded: ({ size }) => size === 0,
      grouping: new Grouping(REGION_GROUPS),
    });
    table.refresh(rows, ALL_CLASSES, null, 0, 0);
    return table;
  };
  /** Three heaps of one program, and a file. */
  const rows = [
    row(1, { label: '[heap]', kind: 'heap', pid: 1 }),
    row(2, { label: '[heap]', kind: 'heap', pid: 2, size: 0 }),
    row(3, { label: '[heap]', kind: 'heap', pid: 3 }),
    row(5, { label: 'data.db', kind: 'file', pid: 1 }),
  ];
  const shown = (table: TableModel<RegionRow>): string[] =>
    table.rows.map(({ label, members, pid }) => `${label} x${members} ${pid}`);

  it('stand for their rows until they are opened, in place', () => {
    const table = make(rows);
    expect(shown(table)).toEqual(['[heap] x3 0', 'data.db x1 1']);
    expect(table.expand()).toBe(true);
    expect(shown(table)).toEqual([
      '[heap] x3 0',
      '[heap] x1 3',
      '[heap] x1 2',
      '[heap] x1 1',
      'data.db x1 1',
    ]);
    expect(table.expand()).toBe(false);
    table.move(2);
    expect(table.selectedRow!.pid).toBe(2);
    table.collapse();
    expect(shown(table)).toEqual(['[heap] x3 0', 'data.db x1 1']);
    expect(table.selectedRow!.label).toBe('[heap]');
  });

  it('stay open and selected from picture to picture', () => {
    const table = make(rows);
    table.expand();
    table.move(1);
    table.refresh(
      [...rows, row(9, { label: '[heap]', kind: 'heap', pid: 4 })],
      ALL_CLASSES,
      null,
      0,
      3e9,
    );
    expect(shown(table).slice(0, 3)).toEqual(['[heap] x4 0', '[heap] x1 4', '[heap] x1 3']);
    expect(table.selectedRow!.pid).toBe(3);
    expect(table.tree.hasGroups).toBe(true);
    // Alone again, it stands for itself.
    table.refresh(rows.slice(2), ALL_CLASSES, null, 0, 6e9);
    expect(table.tree.hasGroups).toBe(false);
    expect(shown(table)).toEqual(['data.db x1 1', '[heap] x1 3']);
    expect(table.selectedRow!.pid).toBe(3);
    table.refresh(rows, ALL_CLASSES, null, 0, 9e9);
    expect(table.selectedRow!.pid).toBe(3);
  });

  it('one key shows every row by itself, another hides what has ended', () => {
    const table = make(rows);
    table.first();
    table.move(0);
    table.toggleFlat();
    expect(shown(table)).toEqual(['data.db x1 1', '[heap] x1 3', '[heap] x1 2', '[heap] x1 1']);
    expect(table.selectedRow!.label).toBe('[heap]');
    table.toggleEnded();
    expect(shown(table)).toEqual(['data.db x1 1', '[heap] x1 3', '[heap] x1 1']);
    // Sums over what the filter lets through are not those of what is in sight.
    expect(table.matching).toHaveLength(4);
    table.toggleFlat();
    expect([...shown(table)].sort()).toEqual(['[heap] x2 0', 'data.db x1 1']);
    expect([...table.columnNeeds().wanted]).toEqual(['pid']);
  });
});

describe('tellApart', () => {
  const heaps = [
    row(1, { label: '[heap]', comm: 'cc1' }),
    row(2, { label: '[heap]', comm: 'ld' }),
    row(3, { label: '[anon]', startPage: 0x7f1 }),
    row(4, { label: '[anon]', startPage: 0x7f2 }),
    row(5, { label: 'data.db' }),
  ];

  it('says what differs between rows of one name, where no column does', () => {
    const besides = tellApart(heaps, REGION_COLUMNS, new Set(['label']));
    expect(heaps.map(besides)).toEqual(['cc1', 'ld', '7f1000', '7f2000', '']);
    const wide = tellApart(heaps, REGION_COLUMNS, new Set(['label', 'start', 'comm']));
    expect(heaps.map(wide)).toEqual(['', '', '', '', '']);
  });
});
