import { TITLES, type DetailTitle } from '../../core/columns/titles';
import { faultsByLabel } from '../../core/snapshot/site-pairs';
import type { PairedRow } from '../../core/snapshot/snapshot';
import { percent } from '../../core/text/format';
import { cut, Line, wrapped } from '../layout/line';
import { cellText, widthOf } from '../terminal/cell-width';
import type { Style, Theme } from '../terminal/theme';

/** Cells of the word in front of a line of a detail. */
export const LABEL_CELLS = 10;
const GAP = 3;
/** Cells of a share behind a name: ` 100.0 %`. */
const SHARE_CELLS = 8;

/** What is told whole or not at all. */
export interface Part {
  readonly text: string;
  readonly style?: Style;
}

/** A line of a detail, with the word in front of it. */
export function labelled(theme: Theme, columns: number, label: DetailTitle): Line {
  const { title } = TITLES.details[label];
  return new Line(theme, columns).add(' ').cell(title, LABEL_CELLS - 1, 'left', 'strong');
}

/**
 * Parts behind a word, in `most` lines at most. One that has no room begins another line; that some are left out is said
 * by a mark.
 */
export function partLines(
  theme: Theme,
  columns: number,
  label: DetailTitle,
  parts: readonly Part[],
  most = 1,
): string[] {
  const lines = [labelled(theme, columns, label)];
  const mark = theme.glyphs.ellipsis;
  for (const [k, { text, style }] of parts.entries()) {
    let line = lines.at(-1)!;
    const isLastLine = lines.length === most;
    const behind = isLastLine && k < parts.length - 1 ? GAP + mark.length : 0;
    const gap = line.used > LABEL_CELLS ? GAP : 0;
    const cells = gap + widthOf(cellText(text, theme.names)) + behind;
    if (gap > 0 && cells > line.room) {
      if (isLastLine) {
        line.add(' '.repeat(gap)).add(mark, 'dim');
        break;
      }
      line = new Line(theme, columns).to(LABEL_CELLS);
      lines.push(line);
    } else line.add(' '.repeat(gap));
    line.add(text, style);
  }
  return lines.map((line) => line.end());
}

/** A sentence in as many lines as it takes, below what stands behind a word. */
export function wordLines(theme: Theme, columns: number, text: string): string[] {
  return wrapped(text, columns - LABEL_CELLS).map((words) =>
    new Line(theme, columns).to(LABEL_CELLS).add(words).end(),
  );
}

/** Names with their shares of all of them. */
export function shareLines(
  theme: Theme,
  columns: number,
  label: DetailTitle,
  rows: readonly { readonly name: string; readonly faults: number }[],
): string[] {
  if (rows.length === 0) return [];
  const total = rows.reduce((sum, { faults }) => sum + faults, 0);
  const room = columns - LABEL_CELLS - SHARE_CELLS;
  const parts = rows.map(({ name, faults }) => {
    const clean = cut(cellText(name, theme.names), room, theme.glyphs.ellipsis, true);
    return { text: `${clean} ${percent(faults / total)} %` };
  });
  return partLines(theme, columns, label, parts);
}

/** The rows of another table that have the most faults in common with this one; no line where there are none. */
export function pairedLine(
  theme: Theme,
  columns: number,
  label: DetailTitle,
  rows: readonly PairedRow[],
): string[] {
  const named = faultsByLabel(rows).map(({ label: name, weight }) => ({ name, faults: weight }));
  return shareLines(theme, columns, label, named);
}
