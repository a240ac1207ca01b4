import { TITLES } from '../../core/columns/titles';
import { causeText, type CauseFacts } from '../../core/classify/cause-text';
import { CAUSE_NAMES } from '../../core/classify/classes';
import type { Word } from '../../core/columns/words';
import { causeColumns } from '../../core/columns/cause-columns';
import {
  causeRows,
  causeTable,
  type CauseExtras,
  type CauseRow,
} from '../../core/columns/cause-rows';
import type { Column } from '../../core/columns/column';
import type { Filter } from '../../core/filter/ast';
import type { ExportTables } from '../../core/columns/table-export';
import { Line, wrapped } from '../layout/line';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { explainCause } from './explain';
import { leadOfCause, leadOn } from './lead';
import { moving, type Area, type Closing, type Navigation, type Scope } from './view';
import type { Pointed, View, ViewActions, ViewEntry } from './view';

/** Each cause with what it means and what one does about it. */
export const causes: ViewEntry = {
  name: 'causes',
  title: 'Causes',
  make: (scene, navigation) => new CausesView(scene, navigation),
};

type CauseColumns = readonly Column<CauseRow>[];

/** Where the words begin below a cause. */
const INDENT = 4;
/** So many cells are left for the words beside the numbers before columns give way to them. */
const WORDS_WANT = 36;

class CausesView implements View {
  readonly name = causes.name;
  readonly eventsBelow = true;
  readonly actions: ViewActions;
  readonly closing: Closing = {
    always: true,
    lines: (theme, columns) => (this.rows().length === 0 ? [] : this.text(theme, columns)),
  };
  readonly pointed: Pointed = {
    rowAt: (line, { columns, height }) => {
      const rows = this.rows();
      const { blocks, top } = placeCauses(rows, columns, height, this.selected(rows), this.facts);
      let end = 1;
      const row = line < 1 ? -1 : blocks.findIndex((words) => line < (end += 1 + words.length));
      return row < 0 ? null : top + row;
    },
    select: (index) => {
      const row = this.rows()[index];
      if (row !== undefined) this.cause = row.cause;
      return row !== undefined;
    },
  };
  /** null: the selection stays on the first one, whichever that is, until somebody moves it. */
  private cause: number | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly navigation: Navigation,
  ) {
    this.actions = {
      ...moving((by) => {
        const rows = this.rows();
        const at = Math.max(0, Math.min(this.selected(rows) + by, rows.length - 1));
        this.cause = rows[at]?.cause ?? null;
      }),
      first: () => {
        this.cause = null;
      },
      open: () => {
        this.open();
      },
      lead: () => {
        this.leadOn();
      },
    };
  }

  private rows(): CauseRow[] {
    return causeRows(this.scene.sumRows().rows, true, this.extras);
  }

  /** What is known of all faults of a cause only. */
  private get extras(): CauseExtras {
    const { filter, picture } = this.scene;
    if (filter !== null) return { rates: [], p99Ns: [] };
    const p99Ns = picture.snapshot.causeLatency.map((of) => of.p99Ns);
    return { rates: picture.rates.ofCause, p99Ns };
  }

  private selected(rows: readonly CauseRow[]): number {
    return Math.max(
      0,
      rows.findIndex(({ cause }) => cause === this.cause),
    );
  }

  /** Narrows to the selected cause, within what is shown already. */
  private open(): void {
    const rows = this.rows();
    const row = rows[this.selected(rows)];
    if (row === undefined) return;
    const { cause } = row;
    this.navigation.narrow(`cause:${CAUSE_NAMES[cause]!}`, 'regions', () => {
      this.cause = cause;
    });
  }

  private leadOn(): void {
    const rows = this.rows();
    const row = rows[this.selected(rows)];
    if (row === undefined) return;
    const { cause } = row;
    const filter: Filter = { op: 'set', field: 'cause', mask: 1 << cause };
    leadOn(this.navigation, CAUSE_NAMES[cause]!, leadOfCause(filter), () => {
      this.cause = cause;
    });
  }

  explain(): readonly Word[] {
    const rows = this.rows();
    const row = rows[this.selected(rows)];
    return row === undefined ? [] : explainCause(CAUSE_NAMES[row.cause]!, this.facts);
  }

  draw(area: Area): string[] {
    const rows = this.rows();
    return causeLines(area, rows, this.selected(rows), this.facts, this.columns);
  }

  text(theme: Theme, columns: number): string[] {
    const rows = this.rows();
    return causeLines({ theme, columns, height: Infinity }, rows, -1, this.facts, this.columns);
  }

  private get columns(): CauseColumns {
    return causeColumns(this.scene.sumRows().rows);
  }

  private get facts(): CauseFacts {
    return this.scene.picture.snapshot.causeFacts;
  }

  tables(): ExportTables {
    return [causeTable(this.scene.sumRows().rows, this.facts, this.extras)];
  }

  scope(): Scope {
    return { wholeRows: this.scene.sumRows().partial, allClasses: true, rows: null };
  }
}

function causeLines(
  { theme, columns, height }: Area,
  rows: readonly CauseRow[],
  selected: number,
  facts: CauseFacts,
  all: CauseColumns,
): string[] {
  const shown = columnsWithin(columns, all);
  const lines = [headLine(theme, columns, shown)];
  if (rows.length === 0) lines.push(new Line(theme, columns).add('  no faults yet', 'dim').end());
  const { blocks, top, whole } = placeCauses(rows, columns, height, selected, facts);
  blocks.forEach((below, k) => {
    const row = rows[top + k]!;
    const isSelected = top + k === selected;
    const words = whole || isSelected ? '' : causeText(CAUSE_NAMES[row.cause]!, facts).means;
    lines.push(rowLine(theme, columns, shown, row, isSelected, words));
    for (const text of below) {
      lines.push(new Line(theme, columns).add(' '.repeat(INDENT) + text, 'dim').end());
    }
  });
  return lines;
}

/** The causes that fit, from `top` on: of each the lines of words below it, of all or of the selected one. */
interface Placed {
  readonly top: number;
  readonly blocks: readonly (readonly string[])[];
  readonly whole: boolean;
}

function placeCauses(
  rows: readonly CauseRow[],
  columns: number,
  height: number,
  selected: number,
  facts: CauseFacts,
): Placed {
  const below = rows.map(({ cause }) => {
    const { means, advice } = causeText(CAUSE_NAMES[cause]!, facts);
    return [means, advice].flatMap((text) => wrapped(text, columns - INDENT));
  });
  // Whole words stand below each cause where there is room for all, else below the selected one.
  const whole = rows.length + below.flat().length < height;
  const most = Math.max(0, ...below.map((texts) => texts.length));
  const visible = whole ? rows.length : Math.max(1, height - 1 - most);
  const top = Math.max(0, Math.min(selected - visible + 1, rows.length - visible));
  const blocks = below
    .slice(top, top + visible)
    .map((words, k) => (whole || top + k === selected ? words : []));
  return { top, blocks, whole };
}

/** The columns that leave room for words; the lightest give way. */
function columnsWithin(columns: number, all: CauseColumns): CauseColumns {
  const shown = new Set(all);
  const byWeight = [...all].sort((a, b) => a.weight - b.weight);
  for (const column of byWeight) {
    const chosen = all.filter((one) => shown.has(one));
    if (chosen.length < 2 || columns - widthOf(chosen) >= WORDS_WANT) return chosen;
    shown.delete(column);
  }
  return all.slice(0, 1);
}

/** With the mark of the selection in front and a gap behind. */
function widthOf(shown: CauseColumns): number {
  return shown.reduce((sum, { width }) => sum + width + 1, 3);
}

function headLine(theme: Theme, columns: number, shown: CauseColumns): string {
  const line = new Line(theme, columns).add('  ');
  for (const { title, width, align } of shown) {
    line.cell(title, width, align, 'strong').add(' ');
  }
  return line.add(` ${TITLES.columns.meaning.title}`, 'strong').end();
}

function rowLine(
  theme: Theme,
  columns: number,
  shown: CauseColumns,
  row: CauseRow,
  selected: boolean,
  words: string,
): string {
  const style = selected ? 'selected' : 'plain';
  const line = new Line(theme, columns).add(selected ? '> ' : '  ', style);
  for (const column of shown) {
    line.cell(column.format(row), column.width, column.align, style).add(' ', style);
  }
  return line
    .words(words === '' ? '' : ` ${words}`, style)
    .to(columns, ' ', style)
    .end();
}
