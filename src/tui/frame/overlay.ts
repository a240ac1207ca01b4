import { Line } from '../layout/line';
import type { Size } from '../state/picture';
import type { Theme } from '../terminal/theme';

/** Lines that stand in place of the whole screen, with a window that scrolls. */
export function overlayView(
  theme: Theme,
  size: Size,
  lines: readonly string[],
  offset: number,
  hint: string,
): string[] {
  const height = size.rows - 1;
  const top = overlayTop(size, lines.length, offset);
  const window = lines.slice(top, top + height);
  const blank = new Line(theme, size.columns).end();
  while (window.length < height) window.push(blank);
  const more = top + height < lines.length ? ' (more below)' : '';
  window.push(new Line(theme, size.columns).add(` ${hint}${more}`, 'dim').end());
  return window;
}

/** The number of the line that is the first one shown. */
function overlayTop({ rows }: Size, count: number, offset: number): number {
  return Math.max(0, Math.min(offset, count - (rows - 1)));
}

/** How far a list is scrolled, so that what is selected is seen. */
export function chooserOffset({ rows }: Size, selected: number): number {
  return Math.max(0, selected + CHOOSER_HEAD + 2 - rows);
}

/** The number of the item at a line of the screen; -1 for none. */
export function chooserItemAt(size: Size, count: number, selected: number, line: number): number {
  const top = overlayTop(size, count + CHOOSER_HEAD, chooserOffset(size, selected));
  const item = top + line - CHOOSER_HEAD;
  return line < size.rows - 1 && item < count ? Math.max(-1, item) : -1;
}

/** The title. */
const CHOOSER_HEAD = 1;

/** A list to choose from by arrows and Enter. */
export function chooserLines(
  theme: Theme,
  columns: number,
  title: string,
  items: readonly string[],
  selected: number,
): string[] {
  const lines = [new Line(theme, columns).add(` ${title}`, 'title').end()];
  items.forEach((item, k) => {
    const style = k === selected ? 'selected' : 'plain';
    lines.push(
      new Line(theme, columns)
        .add(k === selected ? ' > ' : '   ', style)
        .add(item, style)
        .end(),
    );
  });
  return lines;
}
