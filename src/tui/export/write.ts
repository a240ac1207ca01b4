import { counted } from '../../core/text/format';
import { exportCsv, exportJson } from '../../core/columns/table-export';
import { comparisonFacts } from '../../core/compare/head';
import { closingHead, plainTheme, textColumns } from './closing';
import { helpLines, helpTables } from '../frame/help';
import { hiddenClasses, scopeLines } from '../frame/words';
import type { Dashboard } from '../state/dashboard';
import type { WriteSubject } from '../state/mode';

/** The name that is proposed for a file. */
export function proposedFile(dashboard: Dashboard, subject: WriteSubject): string {
  return `pagefault-${subject === 'help' ? 'help' : dashboard.shown.name}.txt`;
}

/** Writes what is shown; says where. Returns what went wrong, null when nothing did. */
export function writeShown(
  dashboard: Dashboard,
  subject: WriteSubject,
  path: string,
  nowMs: number,
): string | null {
  const { text, rows } = writtenForm(dashboard, subject, path);
  const error = dashboard.source.save(path, text);
  if (error === null) dashboard.say(`${rows}written to ${path}`, nowMs);
  return error;
}

/** By the extension of the file: CSV, JSON, anything else is text. */
function writtenForm(
  dashboard: Dashboard,
  subject: WriteSubject,
  path: string,
): { readonly text: string; readonly rows: string } {
  const isHelp = subject === 'help';
  const form = /\.(csv|json)$/i.exec(path)?.[1]?.toLowerCase();
  if (form === undefined) return { text: shownText(dashboard, isHelp), rows: '' };
  const tables = isHelp
    ? helpTables(dashboard.source.comparisons !== undefined)
    : dashboard.shown.tables();
  const text =
    form === 'csv' ? exportCsv(tables) : exportJson(tables, isHelp ? {} : jsonHeader(dashboard));
  return { text, rows: `${counted(tables[0].rows.length, 'row')} ` };
}

function jsonHeader(dashboard: Dashboard): object {
  const { comparisons } = dashboard.source;
  if (comparisons !== undefined) {
    return { ...comparisonFacts(comparisons.region), filter: dashboard.scene.filterText };
  }
  const { snapshot, header } = dashboard.scene.picture;
  const besides = dashboard.shown.notes?.() ?? [];
  return {
    since_ns: snapshot.since,
    elapsed_ns: snapshot.elapsed,
    pids: header.targets.map((target) => target.pid),
    filter: dashboard.scene.filterText,
    sampled_every: header.capture.mode.every ?? 1,
    hidden: hiddenClasses(dashboard),
    // What the numbers hold beyond what is asked for, and which rows sum up others.
    notes: [...scopeLines(dashboard, false), ...besides, ...snapshot.caps].filter(
      (note) => note !== '',
    ),
  };
}

/** What is shown, all of it, as plain text. */
function shownText(dashboard: Dashboard, isHelp: boolean): string {
  const theme = plainTheme(dashboard);
  const columns = textColumns(dashboard);
  const lines = isHelp
    ? helpLines(theme, columns, [], dashboard.source.comparisons !== undefined)
    : [...closingHead(dashboard, theme, columns), '', ...dashboard.shown.text(theme, columns)];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
