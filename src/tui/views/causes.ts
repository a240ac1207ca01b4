import { causeText, type CauseFacts } from '../../core/classify/cause-text';
import { CAUSE_NAMES } from '../../core/classify/classes';
import { causeRows, causeTable, type CauseRow } from '../../core/columns/cause-rows';
import type { ExportTables } from '../../core/columns/table-export';
import { count, latency, percent } from '../../core/text/format';
import { Line, wrapped } from '../layout/line';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { moving, type Area, type Closing, type Navigation, type Scope } from './view';
import type { View, ViewActions, ViewEntry } from './view';

/** Each cause with what it means and what one does about it. */
export const causes: ViewEntry = {
  name: 'causes',
  title: 'Causes',
  make: (scene, navigation) => new CausesView(scene, navigation),
};

/** Where the words begin beside the numbers, and below them. */
const TEXT_COLUMN = 38;
const INDENT = 4;

class CausesView implements View {
  readonly name = causes.name;
  readonly eventsBelow = true;
  readonly actions: ViewActions;
  readonly closing: Closing = {
    always: true,
    lines: (theme, columns) => (this.rows().length === 0 ? [] : this.text(theme, columns)),
  };
  private index = 0;

  constructor(
    private readonly scene: Scene,
    private readonly navigation: Navigation,
  ) {
    this.actions = {
      ...moving((by) => {
        this.index = Math.max(0, Math.min(this.index + by, this.rows().length - 1));
      }),
      open: () => {
        this.open();
      },
    };
  }

  private rows(): CauseRow[] {
    return causeRows(this.scene.sumRows().rows, true);
  }

  private selected(rows: readonly CauseRow[]): number {
    return Math.max(0, Math.min(this.index, rows.length - 1));
  }

  /** Narrows to the selected cause, within what is shown already. */
  private open(): void {
    const rows = this.rows();
    const row = rows[this.selected(rows)];
    if (row === undefined) return;
    const { index } = this;
    this.navigation.narrow(`cause:${CAUSE_NAMES[row.cause]!}`, 'regions', () => {
      this.index = index;
    });
  }

  draw(area: Area): string[] {
    const rows = this.rows();
    return causeLines(area, rows, this.selected(rows), this.facts);
  }

  text(theme: Theme, columns: number): string[] {
    const rows = this.rows();
    // Two lines each and a selection that is nowhere.
    const height = rows.length * 2 + 2;
    return causeLines({ theme, columns, height }, rows, -1, this.facts);
  }

  private get facts(): CauseFacts {
    return this.scene.picture.snapshot.causeFacts;
  }

  tables(): ExportTables {
    return [causeTable(this.scene.sumRows().rows, this.facts)];
  }

  scope(): Scope {
    return { wholeRows: this.scene.sumRows().partial, allClasses: true };
  }
}

function causeLines(
  { theme, columns, height }: Area,
  rows: readonly CauseRow[],
  selected: number,
  facts: CauseFacts,
): string[] {
  const lines = [headLine(theme, columns)];
  if (rows.length === 0) lines.push(new Line(theme, columns).add('  no faults yet', 'dim').end());
  const texts = rows.map(({ cause }) => causeText(CAUSE_NAMES[cause]!, facts));
  const beside = columns - TEXT_COLUMN;
  // Where the words would be cut and there is room below, they go there, whole.
  const below = texts.map((text) =>
    [text.means, text.advice].flatMap((line) => wrapped(line, columns - INDENT)),
  );
  const cut = texts.some(({ means, advice }) => Math.max(means.length, advice.length) > beside);
  const fits = rows.length + below.flat().length < height;
  const whole = cut && fits;
  const perRow = height > rows.length * 2 ? 2 : 1;
  const visible = whole ? rows.length : Math.max(1, Math.floor((height - 1) / perRow));
  const top = Math.max(0, Math.min(selected - visible + 1, rows.length - visible));
  rows.slice(top, top + visible).forEach((row, k) => {
    const isSelected = top + k === selected;
    const { means, advice } = texts[top + k]!;
    lines.push(rowLine(theme, columns, row, isSelected, whole ? '' : `  ${means}`));
    const more = whole ? below[k]! : perRow === 2 ? [advice] : [];
    const indent = ' '.repeat(whole ? INDENT : TEXT_COLUMN);
    for (const text of more) lines.push(new Line(theme, columns).add(indent + text, 'dim').end());
  });
  return lines;
}

function headLine(theme: Theme, columns: number): string {
  return new Line(theme, columns)
    .add('  ')
    .cell('CAUSE', 12, 'left', 'strong')
    .cell('FAULTS', 7, 'right', 'strong')
    .cell('SHARE%', 7, 'right', 'strong')
    .cell('STALL', 8, 'right', 'strong')
    .add('  WHAT IT IS', 'strong')
    .end();
}

function rowLine(
  theme: Theme,
  columns: number,
  row: CauseRow,
  selected: boolean,
  words: string,
): string {
  const style = selected ? 'selected' : 'plain';
  return new Line(theme, columns)
    .add(selected ? '> ' : '  ', style)
    .cell(CAUSE_NAMES[row.cause]!, 12, 'left', style)
    .cell(count(row.faults), 7, 'right', style)
    .cell(percent(row.share), 7, 'right', style)
    .cell(latency(row.stallNs), 8, 'right', style)
    .add(words, style)
    .to(columns, ' ', style)
    .end();
}
