import { closingHead, plainTheme, tableLines, textColumns } from './closing';
import type { Dashboard } from '../state/dashboard';
import { LOG_CAPACITY } from '../state/event-log';
import { exportCsv, exportFormat, exportJson } from './table-text';
import { helpTables, shownTables } from './tables';
import type { Theme } from '../terminal/theme';
import type { WriteSubject } from '../state/mode';
import { eventsOf, openedSubject } from '../state/subject';
import { causesView } from '../views/causes';
import { detailView } from '../views/detail';
import { eventLines, eventsTitle } from '../views/events';
import { helpLines } from '../views/help';
import { latencyView } from '../views/latency';
import { outputView } from '../views/overlay';
import { hiddenClasses, scopeLines } from '../layout/words';

/** The name that is proposed for a file. */
export function proposedFile(dashboard: Dashboard, subject: WriteSubject): string {
  const name = subject === 'help' ? 'help' : (openedSubject(dashboard)?.type ?? dashboard.view);
  return `pagefault-${name}.txt`;
}

/** Writes what is shown; says where. Returns what went wrong, null when nothing did. */
export function writeShown(
  dashboard: Dashboard,
  subject: WriteSubject,
  path: string,
  nowMs: number,
): string | null {
  const format = exportFormat(path);
  const tables = subject === 'help' ? helpTables() : shownTables(dashboard);
  const text =
    format === 'text'
      ? shownText(dashboard, subject)
      : format === 'csv'
        ? exportCsv(tables)
        : exportJson(tables, subject === 'help' ? {} : jsonHeader(dashboard));
  const error = dashboard.source.save(path, text);
  const rows = format === 'text' ? '' : `${tables[0].rows.length} rows `;
  if (error === null) dashboard.say(`${rows}written to ${path}`, nowMs);
  return error;
}

function jsonHeader(dashboard: Dashboard): object {
  const { snapshot, header } = dashboard.picture;
  const beyond = dashboard.view === 'latency' ? [dashboard.latency().beyond] : [];
  return {
    since_ns: snapshot.since,
    elapsed_ns: snapshot.elapsed,
    pids: header.targets.map((target) => target.pid),
    filter: dashboard.filterText,
    hidden: hiddenClasses(dashboard),
    // What the numbers hold beyond what is asked for, and which rows sum up others.
    notes: [...scopeLines(dashboard, false), ...beyond, ...snapshot.caps].filter(
      (note) => note !== '',
    ),
  };
}

/** What is shown, all of it, as plain text. */
function shownText(dashboard: Dashboard, subject: WriteSubject): string {
  const theme = plainTheme(dashboard);
  const columns = textColumns(dashboard);
  const lines =
    subject === 'help'
      ? helpLines(theme, columns)
      : [...closingHead(dashboard, theme, columns), '', ...viewLines(dashboard, theme, columns)];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function viewLines(dashboard: Dashboard, theme: Theme, columns: number): string[] {
  const { picture, classes } = dashboard;
  const { log } = picture;
  const subject = openedSubject(dashboard);
  const events = (): string[] => [
    eventsTitle(theme, columns, log, true),
    ...eventLines(theme, columns, log, eventsOf(dashboard, subject, LOG_CAPACITY)),
  ];
  if (subject !== null) return [...detailView(theme, columns, subject), ...events()];
  const table = dashboard.withTable((model) =>
    tableLines(theme, columns, model, dashboard, Infinity),
  );
  if (table !== null) return table;
  switch (dashboard.view) {
    case 'causes': {
      const rows = dashboard.causes();
      // Two lines each and a selection that is nowhere.
      const height = rows.length * 2 + 2;
      return causesView(theme, columns, height, rows, -1, picture.snapshot.causeFacts);
    }
    case 'latency':
      return latencyView(theme, columns, dashboard.latency(), classes);
    case 'output': {
      const { lines, dropped } = dashboard.source.output() ?? { lines: [], dropped: 0 };
      return outputView(theme, columns, lines.length + 1, lines, dropped, 0);
    }
    case 'events':
    case 'regions':
    case 'threads':
    case 'processes':
      return events();
  }
}
