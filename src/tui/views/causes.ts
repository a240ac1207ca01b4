import { causeText, type CauseFacts } from '../../core/classify/cause-text';
import { CAUSE_NAMES } from '../../core/classify/classes';
import { grouped, percent } from '../../core/text/format';
import type { StatRow } from '../../core/snapshot/snapshot';
import { Line, wrapped } from '../layout/line';
import type { Theme } from '../terminal/theme';

/** Where the words begin beside the numbers, and below them. */
const TEXT_COLUMN = 38;
const INDENT = 4;

export interface CauseRow {
  /** Index into CAUSE_NAMES. */
  readonly cause: number;
  readonly faults: number;
  readonly share: number;
}

/** Causes of the faults of some rows, most faults first. */
export function causeRows(rows: readonly StatRow[]): CauseRow[] {
  const byCause = CAUSE_NAMES.map((_, cause) =>
    rows.reduce((n, row) => n + row.byCause[cause]!, 0),
  );
  const faults = byCause.reduce((a, b) => a + b, 0);
  return byCause
    .map((n, cause) => ({ cause, faults: n, share: n / faults }))
    .filter((row) => row.faults > 0)
    .sort((a, b) => b.faults - a.faults || a.cause - b.cause);
}

/** Each cause with what it means and what one does about it. */
export function causesView(
  theme: Theme,
  columns: number,
  height: number,
  rows: readonly CauseRow[],
  selected: number,
  facts: CauseFacts,
): string[] {
  const lines = [
    new Line(theme, columns)
      .add('  ')
      .cell('CAUSE', 13, 'left', 'strong')
      .cell('FAULTS', 13, 'right', 'strong')
      .cell('SHARE%', 8, 'right', 'strong')
      .add('  WHAT IT IS', 'strong')
      .end(),
  ];
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
    const style = isSelected ? 'selected' : 'plain';
    const { means, advice } = texts[top + k]!;
    lines.push(
      new Line(theme, columns)
        .add(isSelected ? '> ' : '  ', style)
        .cell(CAUSE_NAMES[row.cause]!, 13, 'left', style)
        .cell(grouped(row.faults), 13, 'right', style)
        .cell(percent(row.share), 8, 'right', style)
        .add(whole ? '' : `  ${means}`, style)
        .to(columns, ' ', style)
        .end(),
    );
    const more = whole ? below[k]! : perRow === 2 ? [advice] : [];
    const indent = ' '.repeat(whole ? INDENT : TEXT_COLUMN);
    for (const text of more) lines.push(new Line(theme, columns).add(indent + text, 'dim').end());
  });
  return lines;
}
