import type { StatRow } from '../core/snapshot';
import { cellText } from './line';
import type { Dashboard } from './dashboard';
import { makeTheme, type Theme } from './theme';
import { causesView } from './views/causes';
import { headerView } from './views/header';
import { latencyView } from './views/latency';
import { tableView } from './views/table';
import { TableModel } from './view-model/table';
import { scopeLines } from './words';

/** Rows of the table in the closing text; the rest is summed up in one line. */
const MAX_ROWS = 40;
const MAX_COLUMNS = 160;
/** Last lines of COMMAND's output that follow. */
const MAX_OUTPUT = 20;

/**
 * What stays in the terminal after the dashboard: the Summary line, the header, the table as it was
 * sorted and filtered, causes and latencies. Plain text without colours; also what --dump and `w` write.
 */
export function closingText(dashboard: Dashboard): string {
  const { picture, classes } = dashboard;
  const theme: Theme = { ...makeTheme({ colours: 0, ascii: dashboard.theme.ascii }), sgr: NO_SGR };
  const columns = Math.max(80, Math.min(dashboard.size.columns, MAX_COLUMNS));
  const size = { columns, rows: 60 };
  const head = headerView(
    theme,
    size,
    picture,
    { intervalMs: dashboard.intervalMs, frozenMs: null, classes },
    3,
  );
  const lines = [dashboard.source.summaryLine(), ...head];
  for (const cap of picture.snapshot.caps) lines.push(` note: ${cell(cap, theme)}`);
  lines.push(...scopeLines(dashboard).map((line) => ` ${cell(line, theme)}`));
  const shown = dashboard.withTable((table) => tableLines(theme, columns, table, dashboard));
  lines.push('', ...(shown ?? tableLines(theme, columns, dashboard.regions, dashboard)));
  const causes = dashboard.causes();
  if (causes.length > 0) {
    // Two lines each and a selection that is nowhere.
    const height = causes.length * 2 + 2;
    const { causeFacts } = picture.snapshot;
    lines.push('', ...causesView(theme, columns, height, causes, -1, causeFacts));
  }
  lines.push('', ...latencyView(theme, columns, dashboard.latency(), classes));
  lines.push(...outputLines(dashboard, theme));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
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
};

function cell(text: string, theme: Theme): string {
  return cellText(text, theme.ascii);
}

function tableLines<Row extends StatRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  dashboard: Dashboard,
): string[] {
  const copy = new TableModel<Row>(table.columns, table.sortColumn.id);
  copy.reverse = table.reverse;
  copy.refresh(table.rows, dashboard.classes, null);
  const lines = tableView(theme, columns, MAX_ROWS + 1, copy, dashboard.picture.ticks).map(
    (line) => ` ${line.slice(1)}`,
  );
  if (table.rows.length > MAX_ROWS) {
    const rest = table.rows.slice(MAX_ROWS);
    const faults = rest.reduce((sum, row) => sum + row.faults, 0);
    lines.push(` and ${rest.length} more rows with ${faults} faults`);
  }
  return lines;
}

function outputLines(dashboard: Dashboard, theme: Theme): string[] {
  const output = dashboard.source.output();
  if (output === null || output.lines.length === 0) return [];
  return [
    '',
    'last lines of COMMAND:',
    ...output.lines.slice(-MAX_OUTPUT).map((line) => `  ${cell(line, theme)}`),
  ];
}
