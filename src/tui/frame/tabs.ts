import { viewKey } from '../keys/keymap';
import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Style, Theme } from '../terminal/theme';

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

/** A part of the bar, and the number of the tab that it belongs to; 0 for none. */
interface Part {
  readonly text: string;
  readonly style: Style;
  readonly number: number;
}

/** The bar of views, each with its number; the one that is shown is in brackets too, for lack of colour. */
export function tabsView(theme: Theme, columns: number, tabs: Tabs): string {
  const line = new Line(theme, columns);
  for (const { text, style } of partsOf(columns, tabs)) line.add(text, style);
  return line.end();
}

/** The number of the tab at a column of the bar; 0 for none. */
export function tabAt(columns: number, tabs: Tabs, column: number): number {
  let end = 0;
  return partsOf(columns, tabs).find(({ text }) => column < (end += text.length))?.number ?? 0;
}

function partsOf(columns: number, tabs: Tabs): Part[] {
  const fits = SPACINGS.find((spacing) => widthOf(tabs, spacing) <= columns);
  const { inner, gap, titled } = fits ?? SPACINGS.at(-1)!;
  return tabs.flatMap(({ number, title, active }, k) => {
    const part = (text: string, style: Style = 'plain', of = number): Part => ({
      text,
      style,
      number: of,
    });
    const after = gap === null ? [] : [part(gap, 'plain', 0)];
    if (active) {
      return [
        part('[', 'active'),
        part(viewKey(number), 'active'),
        part(` ${title}`, 'active'),
        part(']', 'active'),
        ...after,
      ];
    }
    return [
      ...(gap !== null || tabs[k - 1]?.active !== true ? [part(' ')] : []),
      part(viewKey(number), 'key'),
      ...(titled ? [part(inner + title)] : []),
      ...(gap === null ? [] : [part(' ')]),
      ...after,
    ];
  });
}

function widthOf(tabs: Tabs, { inner, gap, titled }: Spacing): number {
  const between = gap === null ? 1 : 2 + gap.length;
  return tabs.reduce((sum, { title, active }) => {
    const text = active ? 1 + title.length : titled ? inner.length + title.length : 0;
    return sum + 1 + text + between;
  }, 1);
}
