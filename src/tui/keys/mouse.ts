import { bodyArea, frameHeights } from '../frame/heights';
import { chooserItemAt } from '../frame/overlay';
import { tabAt } from '../frame/tabs';
import type { Dashboard } from '../state/dashboard';
import type { Mouse } from '../terminal/mouse';
import { chooserKey, helpKey } from './mode-keys';

/** Lines that a turn of the wheel moves by. */
const WHEEL_LINES = 3;

/** Does what the mouse asks for: where something can be pointed at it does what a key does, elsewhere nothing. */
export function mouseAction(dashboard: Dashboard, event: Mouse): void {
  if (event.mouse === 'press') press(dashboard, event);
  else {
    dashboard.clicked = null;
    const key = event.mouse === 'wheel-up' ? 'up' : 'down';
    for (let k = 0; k < WHEEL_LINES; k++) turn(dashboard, key);
  }
}

function turn(dashboard: Dashboard, key: 'up' | 'down'): void {
  const { mode } = dashboard;
  if (mode.type === 'help') helpKey(dashboard, mode, key);
  else if (mode.type === 'chooser') chooserKey(dashboard, mode, key);
  else if (mode.type === 'normal') dashboard.shown.actions[key]?.(bodyArea(dashboard));
}

function press(dashboard: Dashboard, { line, column }: Mouse): void {
  const { mode, size } = dashboard;
  if (mode.type === 'chooser') {
    const item = chooserItemAt(size, mode.items.length, mode.index, line);
    if (item < 0) return;
    mode.index = item;
    chooserKey(dashboard, mode, 'enter');
  }
  if (mode.type !== 'normal') return;
  const { header, graph, tour, tabs, body } = frameHeights(dashboard);
  const within = line - header - graph - tour;
  if (within >= 0 && within < tabs) {
    const number = tabAt(size.columns, dashboard.tabs, column);
    if (number > 0) dashboard.goTo(number);
  } else if (within >= tabs && within < tabs + body) pressBody(dashboard, within - tabs, column);
}

/** The first click on a row selects it, the next one opens it. */
function pressBody(dashboard: Dashboard, line: number, column: number): void {
  const { shown, clicked } = dashboard;
  const area = bodyArea(dashboard);
  dashboard.clicked = null;
  if (shown.pointed === undefined || column >= area.columns) return;
  if (line === 0) {
    shown.pointed.heading?.(column, area);
    return;
  }
  const row = shown.pointed.rowAt(line, area, column);
  if (row === null || !shown.pointed.select(row)) return;
  if (clicked?.view === shown && clicked.row === row) shown.actions.open?.(area);
  else dashboard.clicked = { view: shown, row };
}
