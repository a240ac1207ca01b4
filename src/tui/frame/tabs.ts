import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Theme } from '../terminal/theme';

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(theme: Theme, columns: number, tabs: Dashboard['tabs']): string {
  const titles = tabs.reduce((sum, { title }) => sum + title.length, 1);
  const spaced = titles + 5 * tabs.length <= columns;
  const full = titles + 4 * tabs.length <= columns;
  const line = new Line(theme, columns).add(' ');
  for (const { number, title, active } of tabs) {
    if (active) line.add(`[${number} ${title}]`, 'active');
    else line.add(` ${number} ${full ? title : title.slice(0, 4)} `);
    if (spaced) line.add(' ');
  }
  return line.end();
}
