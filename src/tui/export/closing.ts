import type { StatRow } from '../../core/snapshot/snapshot';
import { cellText } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import { makeTheme, type Theme } from '../terminal/theme';
import { causesView } from '../views/causes';
import { clock, headerView } from '../views/header';
import { latencyView } from '../views/latency';
import { tableView } from '../views/table';
import { TableModel } from '../layout/table';
import { scopeLines } from '../layout/words';

/** Rows of the table in the closing text; the rest is summed up in one line. */
const MAX_ROWS = 40;
const MAX_COLUMNS = 160;
/** Last lines of COMMAND's output that follow. */
const MAX_OUTPUT = 20;

/**
 * What stays in the terminal after the dashboard: the Summary line, the header, the table as it was
 * sorted and filtered, causes and latencies. Plain text without colours; also what --dump writes.
 */
export function closingText(dashboard: Dashboard): string {
  const { picture, classes } = dashboard;
  const theme = plainTheme(dashboard);
  const columns = textColumns(dashboard);
  const lines = closingHead(dashboard, theme, columns);
  const rows = <Row extends StatRow>(table: TableModel<Row>): string[] =>
    tableLines(theme, columns, table, dashboard, MAX_ROWS);
  lines.push('', ...(dashboard.withTable(rows) ?? rows(dashboard.regions)));
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

/** Summary, header, and what qualifies the numbers below. */
export function closingHead(dashboard: Dashboard, theme: Theme, columns: number): string[] {
  const { picture, classes, asked, intervalMs } = dashboard;
  const { since, caps } = picture.snapshot;
  const state = { intervalMs, frozenMs: null, classes, asked };
  const lines = [
    dashboard.source.summaryLine(),
    ...headerView(theme, { columns, rows: 60 }, picture, state, 3),
  ];
  if (since > 0) lines.push(` since z at ${clock(since)}: what was before is not counted`);
  for (const cap of caps) lines.push(` note: ${cell(cap, theme)}`);
  lines.push(...scopeLines(dashboard).map((line) => ` ${cell(line, theme)}`));
  return lines;
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
};

function cell(text: string, theme: Theme): string {
  return cellText(text, theme.ascii);
}

/** The first `most` rows of a table, and a line that sums up the rest. */
export function tableLines<Row extends StatRow>(
  theme: Theme,
  columns: number,
  table: TableModel<Row>,
  dashboard: Dashboard,
  most: number,
): string[] {
  const copy = new TableModel<Row>(table.columns, table.sortColumn.id);
  copy.reverse = table.reverse;
  copy.refresh(table.rows, dashboard.classes, null, dashboard.asked);
  // Where none pass the filter it says so, not that there was no fault.
  copy.total = table.total;
  const lines = tableView(theme, columns, most + 1, copy, dashboard.picture.ticks).map(
    (line) => ` ${line.slice(1)}`,
  );
  if (table.rows.length > most) {
    const rest = table.rows.slice(most);
    const faults = rest.reduce((sum, row) => sum + row.faults, 0);
    lines.push(
      ` and ${rest.length} more rows with ${faults} faults (this text has the first ${most}; w writes all)`,
    );
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
