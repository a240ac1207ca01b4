import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Theme } from '../terminal/theme';

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(theme: Theme, columns: number, tabs: Dashboard['tabs']): string {
  const titles = tabs.reduce((sum, { title }) => sum + title.length, 1);
  const fits = (perTab: number): boolean => titles + perTab * tabs.length <= columns;
  // With all eight views 80 columns have room for the titles, but for no blank behind them.
  const full = fits(3 + 1 / tabs.length);
  const behind = full && !fits(4) ? '' : ' ';
  const line = new Line(theme, columns).add(' ');
  for (const { number, title, active } of tabs) {
    if (active) line.add(`[${number} ${title}]`, 'active');
    else line.add(` ${number} ${full ? title : title.slice(0, 4)}${behind}`);
    if (fits(5)) line.add(' ');
  }
  return line.end();
}
