import type { Dashboard } from './state/dashboard';
import type { Action } from './keys/keymap';
import type { Frame } from './state/picture';
import { visibleEvents } from './state/scroll';
import { eventsOf, openedSubject } from './state/subject';
import { causesView } from './views/causes';
import { detailView, type DetailSubject } from './views/detail';
import { eventLines, eventsTitle } from './views/events';
import { footerView, promptView } from './views/footer';
import { fill, frameHeights, tooSmall, type FrameHeights } from './views/frame';
import { headerLines, headerView } from './views/header';
import { helpLines } from './views/help';
import { latencyView } from './views/latency';
import { chooserLines, outputView, overlayView } from './views/overlay';
import { sparksView } from './views/sparks';
import { tableView } from './views/table';
import { tabsView } from './views/tabs';
import { filterNote, hiddenClasses, hiddenNote } from './layout/words';

/** The whole screen. */
export function renderDashboard(dashboard: Dashboard, nowMs: number): Frame {
  const covered = coveringLines(dashboard);
  return covered === null ? mainFrame(dashboard, nowMs) : { lines: covered, sparks: [] };
}

/** What takes the place of everything else: null for nothing. */
function coveringLines(dashboard: Dashboard): string[] | null {
  const { theme, size, mode } = dashboard;
  const small = tooSmall(theme, size);
  if (small !== null) return small;
  if (mode.type === 'help') {
    const lines = helpLines(theme, size.columns);
    return overlayView(
      theme,
      size,
      lines,
      mode.offset,
      'arrows scroll, w writes, any other key returns',
    );
  }
  if (mode.type === 'chooser') {
    const titles = mode.items.map((item) => item.title);
    const lines = chooserLines(theme, size.columns, 'Sort by', titles, mode.index);
    const offset = Math.max(0, mode.index + 3 - size.rows);
    return overlayView(theme, size, lines, offset, 'Enter chooses, Esc returns');
  }
  return null;
}

function mainFrame(dashboard: Dashboard, nowMs: number): Frame {
  const { theme, size } = dashboard;
  const heights = heightsOf(dashboard);
  const { picture } = dashboard;
  const state = {
    intervalMs: dashboard.intervalMs,
    frozenMs: dashboard.frozenAt === null ? null : nowMs - dashboard.frozenAt,
    classes: dashboard.classes,
    asked: dashboard.asked,
  };
  const lines = headerView(theme, size, picture, state, heights.header);
  const sparks = heights.sparks > 0 ? sparksView(theme, size, picture, state, lines.length) : null;
  if (sparks !== null) lines.push(sparks.line);
  lines.push(tabsView(theme, size.columns, dashboard.views, dashboard.view));
  lines.push(...body(dashboard, heights));
  lines.push(lastLine(dashboard, nowMs));
  return {
    lines: fill(theme, size.columns, size.rows, lines),
    sparks: sparks === null ? [] : sparks.spots,
  };
}

function heightsOf(dashboard: Dashboard): FrameHeights {
  const { size, picture, view, opened } = dashboard;
  const withEvents =
    opened === null && (view === 'causes' || dashboard.withTable(() => true) === true);
  return frameHeights(size, headerLines(picture.header), withEvents);
}

/** Rows of the present view that are visible at once; what a page is. */
export function bodyHeight(dashboard: Dashboard): number {
  return Math.max(1, heightsOf(dashboard).body - 1);
}

function body(dashboard: Dashboard, heights: FrameHeights): string[] {
  const { theme, size } = dashboard;
  const { columns } = size;
  const main = fill(theme, columns, heights.body, viewLines(dashboard, heights.body));
  if (heights.events === 0) return main;
  const { log } = dashboard.picture;
  const sequences = eventsOf(dashboard, null, heights.events - 1);
  const below = [
    eventsTitle(theme, columns, log, true),
    ...eventLines(theme, columns, log, sequences),
  ];
  return [...main, ...fill(theme, columns, heights.events, below)];
}

function viewLines(dashboard: Dashboard, height: number): string[] {
  const { theme, size, picture } = dashboard;
  const { columns } = size;
  const subject = openedSubject(dashboard);
  if (subject !== null) return detailLines(dashboard, subject, height);
  const table = dashboard.withTable((model) =>
    tableView(theme, columns, height, model, picture.ticks),
  );
  if (table !== null) return table;
  switch (dashboard.view) {
    case 'causes': {
      const rows = dashboard.causes();
      const selected = Math.max(0, Math.min(dashboard.causeIndex, rows.length - 1));
      return causesView(theme, columns, height, rows, selected, picture.snapshot.causeFacts);
    }
    case 'latency': {
      const lines = latencyView(theme, columns, dashboard.latency(), dashboard.classes);
      dashboard.latencyOffset = Math.max(
        0,
        Math.min(dashboard.latencyOffset, lines.length - height),
      );
      return lines.slice(dashboard.latencyOffset);
    }
    case 'output': {
      const output = dashboard.source.output();
      return outputView(
        theme,
        columns,
        height,
        output?.lines ?? [],
        output?.dropped ?? 0,
        dashboard.outputBack,
      );
    }
    case 'events':
    case 'regions':
    case 'threads':
    case 'processes':
      return allEvents(dashboard, height);
  }
}

function allEvents(dashboard: Dashboard, height: number): string[] {
  const { theme, size, picture } = dashboard;
  const passes = (place: number): boolean => dashboard.showsEvent(place);
  const sequences = visibleEvents(dashboard, height - 1, passes);
  return [
    eventsTitle(theme, size.columns, picture.log, dashboard.eventsEnd === null),
    ...eventLines(theme, size.columns, picture.log, sequences),
  ];
}

function detailLines(dashboard: Dashboard, subject: DetailSubject, height: number): string[] {
  const { theme, size, picture } = dashboard;
  const lines = detailView(theme, size.columns, subject);
  const room = height - lines.length - 1;
  if (room < 1) return lines;
  return [
    ...lines,
    eventsTitle(theme, size.columns, picture.log, true),
    ...eventLines(theme, size.columns, picture.log, eventsOf(dashboard, subject, room)),
  ];
}

function lastLine(dashboard: Dashboard, nowMs: number): string {
  const { theme, size, mode } = dashboard;
  const { glyphs } = theme;
  if (mode.type === 'prompt') {
    return promptView(theme, size.columns, mode.label, mode.editor, mode.error);
  }
  const sort = dashboard.withTable((table) => {
    const descending = (table.sortColumn.align === 'right') !== table.reverse;
    return `${table.sortColumn.title} ${descending ? glyphs.down : glyphs.up}`;
  });
  return footerView(theme, size.columns, {
    message: dashboard.messageAt(nowMs),
    sort: dashboard.opened === null ? (sort ?? '') : '',
    filter: dashboard.filterText,
    filterNote: filterNote(dashboard),
    hidden: hiddenClasses(dashboard),
    hiddenNote: hiddenNote(dashboard),
    back: dashboard.canGoBack ? 'back' : '',
    useless: uselessHere(dashboard),
  });
}

function uselessHere(dashboard: Dashboard): readonly Action[] {
  if (dashboard.opened !== null) return ['open', 'sort-left'];
  if (dashboard.view === 'causes') return ['sort-left'];
  return dashboard.withTable((): readonly Action[] => []) ?? ['open', 'sort-left'];
}
