import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Theme } from '../terminal/theme';

type Tabs = Dashboard['tabs'];

/** How far apart number, title and tabs stand: the widest that fits. */
interface Spacing {
  readonly inner: string;
  /** Between two tabs; null: they share the one cell between them. */
  readonly gap: string | null;
  /** Also those that are not shown have their title: half a title says less than the number alone. */
  readonly titled: boolean;
}
const SPACINGS: readonly Spacing[] = [
  { inner: ' ', gap: ' ', titled: true },
  { inner: ' ', gap: '', titled: true },
  { inner: '', gap: null, titled: true },
  { inner: '', gap: null, titled: false },
];

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(theme: Theme, columns: number, tabs: Tabs): string {
  const fits = SPACINGS.find((spacing) => widthOf(tabs, spacing) <= columns);
  const { inner, gap, titled } = fits ?? SPACINGS.at(-1)!;
  const line = new Line(theme, columns);
  tabs.forEach((tab, k) => {
    const { number, title, active } = tab;
    const before = tabs[k - 1]?.active === true;
    if (active) line.add('[', 'active');
    else if (gap !== null || !before) line.add(' ');
    line.add(String(number), active ? 'active' : 'key');
    if (active) line.add(` ${title}`, 'active');
    else if (titled) line.add(inner + title);
    if (active) line.add(']', 'active');
    else if (gap !== null) line.add(' ');
    if (gap !== null) line.add(gap);
  });
  return line.end();
}

function widthOf(tabs: Tabs, { inner, gap, titled }: Spacing): number {
  const between = gap === null ? 1 : 2 + gap.length;
  return tabs.reduce((sum, { number, title, active }) => {
    const text = active ? 1 + title.length : titled ? inner.length + title.length : 0;
    return sum + String(number).length + text + between;
  }, 1);
}
