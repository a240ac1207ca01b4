import { Line } from '../layout/line';
import { VIEW_TITLES, type ViewName } from '../keys/keymap';
import type { Theme } from '../terminal/theme';

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(
  theme: Theme,
  columns: number,
  views: readonly ViewName[],
  active: ViewName,
): string {
  const full = views.reduce((sum, view) => sum + VIEW_TITLES[view].length + 5, 1) <= columns;
  const line = new Line(theme, columns).add(' ');
  views.forEach((view, k) => {
    const title = full ? VIEW_TITLES[view] : VIEW_TITLES[view].slice(0, 4);
    if (view === active) line.add(`[${k + 1} ${VIEW_TITLES[view]}]`, 'active');
    else line.add(` ${k + 1} ${title} `);
    if (full) line.add(' ');
  });
  return line.end();
}
