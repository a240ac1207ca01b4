import { FaultClass } from '../../core/classify/classes';
import type { Dashboard } from '../state/dashboard';
import type { Key } from '../terminal/input';
import { actionOf, VIEWS, type Action } from './keymap';
import { promptFor } from '../state/mode';
import { chooserKey, helpKey, pasteKey, promptKey, promptWrite } from './mode-keys';
import { scrollEvents } from '../state/scroll';
import { bodyHeight } from '../render';
import { visibleColumns } from '../views/table';

/** What the keys ask of the program around the dashboard. */
export interface Host {
  quit(): void;
  suspend(): void;
  redraw(): void;
}

/** Steps of + and -, ms; the bounds are those of --interval. */
export const INTERVALS_MS = [250, 500, 1000, 2000, 5000, 10000] as const;

/**
 * Does what keys mean, in order. A filter that is being typed applies once after all of them: keys come
 * in bursts (paste, auto-repeat over a slow line), and each application goes through every row.
 */
export function handleKeys(
  dashboard: Dashboard,
  host: Host,
  keys: readonly Key[],
  nowMs: number,
): void {
  for (const key of keys) handleKey(dashboard, host, key, nowMs);
  const { mode } = dashboard;
  if (mode.type !== 'prompt' || mode.purpose !== 'filter') return;
  // Half a term keeps the last filter that could be read.
  if (mode.editor.text !== mode.applied) mode.error = dashboard.setFilter(mode.editor.text);
  mode.applied = mode.editor.text;
}

function handleKey(dashboard: Dashboard, host: Host, key: Key, nowMs: number): void {
  if (typeof key !== 'string') {
    // A paste is text: where none is asked for it means nothing.
    if (dashboard.mode.type === 'prompt') pasteKey(dashboard.mode, key.paste);
    return;
  }
  // Ctrl-C gets out of everything: a dashboard that cannot be left is a trap.
  if (key === 'C-c') host.quit();
  else if (key === 'C-z') host.suspend();
  else if (key === 'C-l') host.redraw();
  else {
    switch (dashboard.mode.type) {
      case 'normal':
        perform(dashboard, host, actionOf(key), key, nowMs);
        break;
      case 'help':
        helpKey(dashboard, dashboard.mode, key);
        break;
      case 'prompt':
        promptKey(dashboard, dashboard.mode, key, nowMs);
        break;
      case 'chooser':
        chooserKey(dashboard, dashboard.mode, key);
        break;
    }
  }
}

function perform(
  dashboard: Dashboard,
  host: Host,
  action: Action | null,
  key: string,
  nowMs: number,
): void {
  switch (action) {
    case null:
      break;
    case 'quit':
      host.quit();
      break;
    case 'suspend':
      host.suspend();
      break;
    case 'redraw':
      host.redraw();
      break;
    case 'help':
      dashboard.mode = { type: 'help', offset: 0 };
      break;
    case 'up':
      move(dashboard, -1);
      break;
    case 'down':
      move(dashboard, 1);
      break;
    case 'page-up':
      move(dashboard, 1 - bodyHeight(dashboard));
      break;
    case 'page-down':
      move(dashboard, bodyHeight(dashboard) - 1);
      break;
    case 'first':
      toEnd(dashboard, true);
      break;
    case 'last':
      toEnd(dashboard, false);
      break;
    case 'next-view':
      stepView(dashboard, 1);
      break;
    case 'previous-view':
      stepView(dashboard, -1);
      break;
    case 'view': {
      const view = VIEWS[Number(key) - 1];
      if (view !== undefined && dashboard.views.includes(view)) dashboard.go(view);
      break;
    }
    case 'sort-left':
      sortBeside(dashboard, -1);
      break;
    case 'sort-right':
      sortBeside(dashboard, 1);
      break;
    case 'reverse':
      dashboard.withTable((table) => {
        table.reverseOrder();
      });
      break;
    case 'choose-sort':
      chooseSort(dashboard);
      break;
    case 'filter':
      dashboard.mode = promptFor('filter', 'filter: ', dashboard.filterText);
      break;
    case 'clear-filter':
      dashboard.showEverything();
      break;
    case 'freeze':
      dashboard.freeze(nowMs);
      break;
    case 'zero':
      dashboard.zero(nowMs);
      break;
    case 'toggle-major':
      dashboard.toggleClass(FaultClass.MAJOR);
      break;
    case 'toggle-minor':
      dashboard.toggleClass(FaultClass.MINOR);
      break;
    case 'toggle-cow':
      dashboard.toggleClass(FaultClass.COW);
      break;
    case 'toggle-error':
      dashboard.toggleClass(FaultClass.ERROR);
      break;
    case 'interval':
      dashboard.mode = promptFor('interval', 'refresh every (seconds): ', '');
      break;
    case 'slower':
      dashboard.intervalMs =
        INTERVALS_MS.find((ms) => ms > dashboard.intervalMs) ?? dashboard.intervalMs;
      break;
    case 'faster':
      dashboard.intervalMs =
        INTERVALS_MS.findLast((ms) => ms < dashboard.intervalMs) ?? dashboard.intervalMs;
      break;
    case 'write':
      promptWrite(dashboard, 'view');
      break;
    case 'open':
      open(dashboard);
      break;
    case 'back':
      dashboard.back();
      break;
  }
}

function move(dashboard: Dashboard, by: number): void {
  if (dashboard.opened !== null) return;
  switch (dashboard.view) {
    case 'regions':
    case 'threads':
    case 'processes':
      dashboard.withTable((table) => {
        table.move(by);
      });
      break;
    case 'causes': {
      const last = dashboard.causes().length - 1;
      dashboard.causeIndex = Math.max(0, Math.min(dashboard.causeIndex + by, last));
      break;
    }
    case 'latency':
      dashboard.latencyOffset = Math.max(0, dashboard.latencyOffset + by);
      break;
    case 'events':
      scrollEvents(dashboard, by, bodyHeight(dashboard));
      break;
    case 'output':
      scrollOutput(dashboard, by);
      break;
  }
}

function scrollOutput(dashboard: Dashboard, by: number): void {
  const lines = dashboard.source.output()?.lines.length ?? 0;
  const most = Math.max(0, lines - bodyHeight(dashboard));
  dashboard.outputBack = Math.max(0, Math.min(dashboard.outputBack - by, most));
}

function toEnd(dashboard: Dashboard, first: boolean): void {
  if (dashboard.view === 'events' && !first) dashboard.eventsEnd = null;
  else if (
    first &&
    dashboard.withTable((table) => {
      table.first();
      return true;
    }) === true
  )
    return;
  else move(dashboard, first ? -1e9 : 1e9);
}

function stepView(dashboard: Dashboard, step: number): void {
  const { views } = dashboard;
  const at = views.indexOf(dashboard.view) + step + views.length;
  dashboard.go(views[at % views.length]!);
}

function sortBeside(dashboard: Dashboard, step: number): void {
  dashboard.withTable((table) => {
    table.sortBeside(step, visibleColumns(table, dashboard.size.columns));
  });
}

function chooseSort(dashboard: Dashboard): void {
  dashboard.withTable((table) => {
    const items = table.columns.map(({ id, title }) => ({ id, title: `${title.padEnd(8)} ${id}` }));
    const index = table.columns.indexOf(table.sortColumn);
    dashboard.mode = { type: 'chooser', items, index };
  });
}

function open(dashboard: Dashboard): void {
  if (dashboard.view === 'causes') {
    dashboard.openCause();
    return;
  }
  dashboard.opened = dashboard.withTable((table) => table.selectedRow?.id ?? null);
}
