import { clock } from '../../core/text/format';
import { comparisonHead } from '../../core/compare/head';
import { headerView } from '../frame/header';
import { scopeLines } from '../frame/words';
import type { Dashboard } from '../state/dashboard';
import { makeTheme, type Theme } from '../terminal/theme';
import { cellText } from '../terminal/cell-width';

const MAX_COLUMNS = 160;

/**
 * What stays in the terminal after the dashboard: the Summary line, the header, and what the views leave: the
 * table as it was sorted and filtered, causes and latencies. Plain text without colours; also what --dump writes.
 */
export function closingText(dashboard: Dashboard): string {
  const theme = plainTheme(dashboard);
  const columns = textColumns(dashboard);
  const lines = closingHead(dashboard, theme, columns);
  const { views, base } = dashboard;
  const chosen = views.filter(({ closing }) => closing?.always === false);
  const left = chosen.find((view) => view === base) ?? chosen[0];
  for (const view of views) {
    if (view.closing === undefined || !(view.closing.always || view === left)) continue;
    const more = view.closing.lines(theme, columns);
    if (more.length > 0) lines.push('', ...more);
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Summary, header, and what qualifies the numbers below. */
export function closingHead(dashboard: Dashboard, theme: Theme, columns: number): string[] {
  const { intervalMs, source } = dashboard;
  const { picture, classes, asked } = dashboard.scene;
  const scope = scopeLines(dashboard).map((line) => ` ${cell(line, theme)}`);
  if (source.comparisons !== undefined) {
    return [...comparisonHead(source.comparisons.region), ...scope];
  }
  const { since, caps } = picture.snapshot;
  const state = { intervalMs, frozenMs: null, classes, asked };
  const lines = [
    source.summaryLine(),
    ...headerView(theme, { columns, rows: 60 }, picture, state, 4),
  ];
  if (since > 0) lines.push(` since z at ${clock(since)}: what was before is not counted`);
  for (const cap of caps) lines.push(` note: ${cell(cap, theme)}`);
  return [...lines, ...scope];
}

/** As wide as the screen, within what a file is read with. */
export function textColumns(dashboard: Dashboard): number {
  return Math.max(80, Math.min(dashboard.size.columns, MAX_COLUMNS));
}

/** The dashboard's characters without colours. */
export function plainTheme(dashboard: Dashboard): Theme {
  return { ...makeTheme({ colours: 0, ascii: dashboard.theme.ascii }), sgr: NO_SGR };
}

const NO_SGR: Theme['sgr'] = {
  plain: '',
  major: '',
  minor: '',
  cow: '',
  error: '',
  dim: '',
  strong: '',
  title: '',
  selected: '',
  active: '',
  warning: '',
  good: '',
  key: '',
  bar: '',
  fine: '',
  look: '',
  problem: '',
  lost: '',
  stall: '',
  heat: '',
};

function cell(text: string, theme: Theme): string {
  return cellText(text, theme.names);
}
