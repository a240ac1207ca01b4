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
  const top = Math.max(0, Math.min(offset, lines.length - height));
  const window = lines.slice(top, top + height);
  const blank = new Line(theme, size.columns).end();
  while (window.length < height) window.push(blank);
  const more = top + height < lines.length ? ' (more below)' : '';
  window.push(new Line(theme, size.columns).add(` ${hint}${more}`, 'dim').end());
  return window;
}

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
