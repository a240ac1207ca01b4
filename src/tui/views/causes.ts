import { CAUSE_TEXT } from '../../core/cause-text';
import { CAUSE_NAMES } from '../../core/classes';
import { grouped, percent } from '../../core/format';
import type { StatRow } from '../../core/snapshot';
import { Line } from '../line';
import type { Theme } from '../theme';

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
  swapInUse: boolean,
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
  const perRow = height > rows.length * 2 ? 2 : 1;
  const visible = Math.max(1, Math.floor((height - 1) / perRow));
  const top = Math.max(0, Math.min(selected - visible + 1, rows.length - visible));
  rows.slice(top, top + visible).forEach((row, k) => {
    const isSelected = top + k === selected;
    const style = isSelected ? 'selected' : 'plain';
    const name = CAUSE_NAMES[row.cause]!;
    const text = CAUSE_TEXT[name];
    const swapNote = swapInUse && name === 'demand-zero' ? ' (or back from the swap cache)' : '';
    lines.push(
      new Line(theme, columns)
        .add(isSelected ? '> ' : '  ', style)
        .cell(name, 13, 'left', style)
        .cell(grouped(row.faults), 13, 'right', style)
        .cell(percent(row.share), 8, 'right', style)
        .add(`  ${text.means}${swapNote}`, style)
        .to(columns, ' ', style)
        .end(),
    );
    if (perRow === 2) {
      lines.push(new Line(theme, columns).add(`${' '.repeat(38)}${text.advice}`, 'dim').end());
    }
  });
  return lines;
}
