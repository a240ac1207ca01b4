import type { Word } from '../../core/columns/words';
import { rowTable, type ExportTable, type ExportTables } from '../../core/columns/table-export';
import type { GroupableRow } from '../../core/snapshot/groups';
import type { TableModel } from '../layout/table';
import { MOST_TAGGED } from '../layout/tags';
import { explainRow } from './explain';
import type { Picture } from '../state/picture';
import { waitingWords } from '../state/waiting';
import type { Scene } from '../state/scene';
import type { ViewSettings } from '../state/settings';
import type { Theme } from '../terminal/theme';
import { leadOn, type Lead } from './lead';
import { columnAt, plainTableLines, tableLines, visibleColumns } from './table-lines';
import { moving, type Area, type Closing, type Navigation } from './view';
import type { Pointed, Scope, View, ViewActions } from './view';

/** Rows of the table in the closing text; the rest is summed up in one line. */
const MAX_CLOSING_ROWS = 40;

/** For rows that have parents. */
function familyKey<Row extends GroupableRow>(table: TableModel<Row>): ViewActions {
  if (!table.tree.hasFamily) return {};
  return {
    family: () => {
      table.toggleFamily();
    },
  };
}

/** For rows that can be tagged. */
function tagKeys<Row extends GroupableRow>(table: TableModel<Row>): ViewActions {
  if (table.tags === null) return {};
  return {
    tag: () => {
      table.toggleTag();
    },
    untag: () => {
      table.untag();
    },
  };
}

/** For rows from which one can go elsewhere. */
function leadKey<Row extends GroupableRow>(
  navigation: Navigation,
  table: TableModel<Row>,
  lead: ((row: Row) => Lead | null) | null,
): ViewActions {
  if (lead === null) return {};
  return {
    lead: () => {
      const { selectedRow } = table;
      const to = selectedRow === null ? null : lead(selectedRow);
      if (to !== null) leadOn(navigation, 'the selected row', to);
    },
  };
}

/** A view of rows with a selection and a sort order. */
export class TableView<Row extends GroupableRow> implements View {
  readonly eventsBelow: boolean;
  readonly actions: View['actions'];
  readonly closing: Closing = {
    always: false,
    lines: (theme, columns) => this.plainLines(theme, columns, MAX_CLOSING_ROWS),
  };

  readonly pointed: Pointed = {
    rowAt: (line) => this.drawn[line - this.table.headLines] ?? null,
    select: (row) => this.table.selectRow(row),
    heading: (cell, { columns }) => {
      const { table } = this;
      const id = columnAt(table, columns, cell);
      if (id === table.sortColumn.id) table.reverseOrder();
      else if (id !== null) table.sortBy(id);
    },
  };
  /** Ids of the rows in the window. */
  private drawn: readonly number[] = [];

  /** The detail of the selected row beside the table, and of which row and picture it is. */
  private side: { readonly id: number; readonly view: View; picture: Picture } | null = null;

  /** `detail`: what Enter opens on a row. */
  constructor(
    readonly name: string,
    private readonly scene: Scene,
    private readonly navigation: Navigation,
    readonly table: TableModel<Row>,
    private readonly detail: (row: Row) => View,
    /** Where one can go from a row; null for nowhere, and of a table where that is so of all. */
    lead: ((row: Row) => Lead | null) | null,
    /** Is told which rows are on the screen. */
    private readonly shows: (rows: readonly Row[]) => void = () => undefined,
    /** Rows as data, where that is not what their columns are. */
    private readonly data = (rows: readonly Row[]): ExportTable =>
      rowTable(name, table.columns, rows),
  ) {
    // Of a comparison there are none.
    this.eventsBelow = scene.source.comparisons === undefined;
    this.actions = {
      ...leadKey(navigation, table, lead),
      ...moving((by) => {
        table.move(by);
      }),
      first: () => {
        table.first();
      },
      open: () => {
        const { tagged, selectedRow } = table;
        if (tagged !== null) navigation.open(detail(tagged));
        if (tagged !== null || table.expand()) return;
        if (selectedRow !== null) navigation.open(detail(selectedRow));
      },
      expand: () => {
        table.expand();
      },
      collapse: () => {
        table.collapse();
      },
      flat: () => {
        table.toggleFlat();
      },
      ...familyKey(table),
      ...tagKeys(table),
      ended: () => {
        table.toggleEnded();
      },
      'sort-left': (area) => {
        table.sortBeside(-1, visibleColumns(table, area.columns));
      },
      'sort-right': (area) => {
        table.sortBeside(1, visibleColumns(table, area.columns));
      },
      reverse: () => {
        table.reverseOrder();
      },
      'choose-sort': () => {
        this.chooseSort();
      },
    };
  }

  private chooseSort(): void {
    const { table, navigation } = this;
    const { columns } = table;
    const items = columns.map(({ id, title }) => `${title.padEnd(8)} ${id}`);
    navigation.choose('Sort by', items, columns.indexOf(table.sortColumn), (index) => {
      table.sortBy(columns[index]!.id);
    });
  }

  wants(): number {
    return this.table.rows.length + this.table.headLines;
  }

  beside(): View | null {
    const { selectedRow } = this.table;
    const { picture } = this.scene;
    if (selectedRow === null) return null;
    if (this.side?.id !== selectedRow.id) {
      this.side = { id: selectedRow.id, view: this.detail(selectedRow), picture };
    } else if (this.side.picture !== picture) {
      if (this.side.view.follow?.() === false) return null;
      this.side.picture = picture;
    }
    return this.side.view;
  }

  layout({ height }: Area): void {
    const room = height - this.table.headLines;
    this.table.fit(room);
    const rows = this.table.window(room);
    this.shows(rows);
    this.drawn = rows.map(({ id }) => id);
  }

  draw(area: Area): string[] {
    return tableLines(area, this.table, this.scene.picture.ticks, this.waiting);
  }

  text(theme: Theme, columns: number): string[] {
    return this.plainLines(theme, columns, Infinity);
  }

  /** What is said in place of rows where there was no fault yet. */
  private get waiting(): string {
    const { picture } = this.scene;
    const { header, snapshot } = picture;
    if (header.ended !== null) return 'no faults';
    return snapshot.totals.faults === 0 ? waitingWords(picture) : 'nothing yet';
  }

  private plainLines(theme: Theme, columns: number, most: number): string[] {
    const { ticks } = this.scene.picture;
    return plainTableLines(theme, columns, this.table, ticks, this.waiting, most);
  }

  tables(): ExportTables {
    const { sum, tree } = this.table;
    return [this.data(sum === null ? tree.outermost : [sum, ...tree.outermost])];
  }

  sortWords({ glyphs }: Theme): string {
    const { sortColumn, reverse } = this.table;
    const descending = (sortColumn.align === 'right') !== reverse;
    const sort = `${sortColumn.title} ${descending ? glyphs.down : glyphs.up}`;
    return sort + this.countWords() + this.tagWords();
  }

  private tagWords(): string {
    const count = this.table.tags?.count ?? 0;
    if (count === 0) return '';
    return `, ${count} tagged${count < MOST_TAGGED ? '' : ' (no more)'}`;
  }

  /** How many rows there are where not all are shown, or where they are not told apart. */
  private countWords(): string {
    const { tree, matching, total, hidesEnded, sum } = this.table;
    const shown = tree.outermost.length;
    const ended = hidesEnded ? (sum === null ? ', ended hidden' : ', ~ hidden') : '';
    // Beside the filter stands how many there are.
    if (this.scene.filter !== null) return ended;
    if (matching.length < total) return `, ${matching.length} of ${total} rows${ended}`;
    return shown < total && !hidesEnded ? `, ${total} in ${shown} rows` : ended;
  }

  keep(): ViewSettings {
    return this.table.look();
  }

  restore(settings: ViewSettings): void {
    this.table.show(settings);
  }

  detailOf(id: number): View | null {
    const row = this.table.find(id);
    return row === undefined ? null : this.detail(row);
  }

  /** The column by which it is sorted, and why the selected row faults. */
  explain(): readonly Word[] {
    const { sortColumn, selectedRow } = this.table;
    const column = { title: sortColumn.title, doc: sortColumn.doc };
    return selectedRow === null
      ? [column]
      : [column, ...explainRow(selectedRow, this.scene.picture.snapshot.causeFacts)];
  }

  scope(): Scope {
    const { partial, mixed, matching, total } = this.table;
    const rows = { shown: matching.length, all: total };
    return { wholeRows: partial > 0, allClasses: mixed, rows };
  }
}
