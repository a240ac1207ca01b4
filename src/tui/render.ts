import type { Dashboard } from './state/dashboard';
import type { Frame } from './state/picture';
import { footerView, promptView } from './frame/footer';
import { bodyArea, fill, frameHeights, paneColumns, tooSmall } from './frame/heights';
import { graphView } from './frame/graph';
import { headerView } from './frame/header';
import { helpLines } from './frame/help';
import { chooserLines, chooserOffset, overlayView } from './frame/overlay';
import { sparksView } from './frame/sparks';
import { tabsView } from './frame/tabs';
import { tourView } from './frame/tour';
import { filterNote, hiddenClasses, hiddenNote } from './frame/words';
import { Line } from './layout/line';
import { eventSection } from './views/event-lines';

/** The whole screen: what is shown is fitted to it first; drawing then changes nothing. */
export function renderDashboard(dashboard: Dashboard, nowMs: number): Frame {
  const covered = coveringLines(dashboard);
  if (covered !== null) return { lines: covered, sparks: [] };
  dashboard.showBeside(paneColumns(dashboard.size) > 0);
  dashboard.shown.layout?.(bodyArea(dashboard));
  return drawFrame(dashboard, nowMs);
}

/** What takes the place of everything else: null for nothing. */
function coveringLines(dashboard: Dashboard): string[] | null {
  const { theme, size, mode } = dashboard;
  const small = tooSmall(theme, size);
  if (small !== null) return small;
  if (mode.type === 'help') {
    const compared = dashboard.source.comparisons !== undefined;
    const lines = helpLines(theme, size.columns, mode.about, compared);
    return overlayView(
      theme,
      size,
      lines,
      mode.offset,
      'arrows scroll, w writes, any other key returns',
    );
  }
  if (mode.type === 'chooser') {
    const lines = chooserLines(theme, size.columns, mode.title, mode.items, mode.index);
    const offset = chooserOffset(size, mode.index);
    return overlayView(theme, size, lines, offset, 'Enter chooses, Esc returns');
  }
  return null;
}

/** The screen with the view that is shown, as it was laid out. */
export function drawFrame(dashboard: Dashboard, nowMs: number): Frame {
  const { theme, size, scene } = dashboard;
  const heights = frameHeights(dashboard);
  const { picture, frozenAt, classes, asked } = scene;
  const frozenMs = frozenAt === null ? null : nowMs - frozenAt;
  const state = { intervalMs: dashboard.intervalMs, frozenMs, classes, asked };
  const lines = headerView(theme, size, picture, state, heights.header);
  // A graph needs two lines at least; in one there are the sparklines of the rates.
  const sparks = heights.graph === 1 ? sparksView(theme, size, picture, state, lines.length) : null;
  if (sparks !== null) lines.push(sparks.line);
  else if (heights.graph > 1)
    lines.push(...graphView(theme, size.columns, picture, classes, heights.graph));
  lines.push(...tourView(dashboard));
  lines.push(tabsView(theme, size.columns, dashboard.tabs));
  lines.push(...bodyLines(dashboard));
  lines.push(...eventsBelow(dashboard, heights.events));
  lines.push(lastLine(dashboard, nowMs));
  return {
    lines: fill(theme, size.columns, size.rows, lines),
    sparks: sparks === null ? [] : sparks.spots,
  };
}

/** The view, and what stands beside it. */
function bodyLines(dashboard: Dashboard): string[] {
  const { theme, size, shown, beside } = dashboard;
  const area = bodyArea(dashboard);
  const body = fill(theme, area.columns, area.height, shown.draw(area));
  const columns = size.columns - area.columns - 1;
  if (beside === null || columns < 0) return body;
  const rule = new Line(theme, 1).add(theme.glyphs.vertical, 'dim').end();
  const pane = fill(theme, columns, area.height, beside.draw({ ...area, columns }));
  return body.map((line, k) => line + rule + pane[k]!);
}

/** The newest events, in as many lines as they get. */
function eventsBelow({ theme, size, scene }: Dashboard, height: number): string[] {
  if (height === 0) return [];
  const sequences = scene.newestEvents(height - 1);
  const lines = eventSection(theme, size.columns, scene.picture.log, sequences);
  return fill(theme, size.columns, height, lines);
}

function lastLine(dashboard: Dashboard, nowMs: number): string {
  const { theme, size, mode, shown } = dashboard;
  if (mode.type === 'prompt') {
    return promptView(theme, size.columns, mode);
  }
  return footerView(theme, size.columns, {
    message: dashboard.messageAt(nowMs),
    sort: shown.sortWords?.(theme) ?? '',
    filter: dashboard.scene.filterText,
    filterNote: filterNote(dashboard),
    hidden: hiddenClasses(dashboard),
    hiddenNote: hiddenNote(dashboard),
    back: dashboard.canGoBack ? 'back' : '',
    actions: shown.actions,
    replay: dashboard.source.replay !== undefined,
    compared: dashboard.source.comparisons !== undefined,
  });
}
