import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Theme } from '../terminal/theme';

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(theme: Theme, columns: number, tabs: Dashboard['tabs']): string {
  const titles = tabs.reduce((sum, { title }) => sum + title.length, 1);
  const room = columns - titles;
  // A blank, the number, a blank; the one that is shown has a bracket more.
  const full = 3 * tabs.length + 1 <= room;
  // With all eight views 80 columns have no room for a blank behind each.
  const behind = full && 4 * tabs.length > room ? '' : ' ';
  const line = new Line(theme, columns).add(' ');
  for (const { number, title, active } of tabs) {
    if (active) line.add(`[${number} ${title}]`, 'active');
    else line.add(` ${number} ${full ? title : title.slice(0, 4)}${behind}`);
    if (5 * tabs.length <= room) line.add(' ');
  }
  return line.end();
}
