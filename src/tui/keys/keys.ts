import { FaultClass } from '../../core/classify/classes';
import type { Dashboard } from '../state/dashboard';
import type { Key } from '../terminal/input';
import { actionOf, isThere, isViewAction, viewNumber, type Action } from './keymap';
import { chooserKey, helpKey, pasteKey, promptKey, promptWrite } from './mode-keys';
import { mouseAction } from './mouse';
import { bodyArea } from '../frame/heights';
import type { ViewAction } from '../views/view';

/** What the keys ask of the program around the dashboard. */
export interface Host {
  quit(): void;
  suspend(): void;
  redraw(): void;
  /** Saves how the dashboard is looked at; what came of it, in words. */
  save(): { readonly ok: boolean; readonly words: string };
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
  if (mode.editor.text !== mode.applied) mode.error = dashboard.scene.setFilter(mode.editor.text);
  mode.applied = mode.editor.text;
}

function handleKey(dashboard: Dashboard, host: Host, key: Key, nowMs: number): void {
  if (typeof key !== 'string' && 'mouse' in key) {
    if (dashboard.mouse) mouseAction(dashboard, key);
    return;
  }
  dashboard.clicked = null;
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
  if (action === null || !isThere(action, dashboard.source.comparisons !== undefined)) return;
  if (isViewAction(action)) dashboard.shown.actions[action]?.(bodyArea(dashboard));
  else COMMON[action](dashboard, { host, key, nowMs });
}

/** What a key press brings with it. */
interface Press {
  readonly host: Host;
  readonly key: string;
  readonly nowMs: number;
}

const toggle =
  (cls: number) =>
  ({ scene }: Dashboard): void => {
    scene.toggleClass(cls);
  };

/** What is done to a recording; of a capture nothing. `act` returns what keeps it from that, '' for nothing. */
const replaying =
  (act: (dashboard: Dashboard) => string) =>
  (dashboard: Dashboard, { nowMs }: Press): void => {
    if (dashboard.source.replay === undefined) return;
    const refused = act(dashboard);
    if (refused !== '') dashboard.say(refused, nowMs, 'error');
    else dashboard.refresh();
  };

const MOUSE_IS_ON =
  'mouse on: click, click again to open, wheel; Shift selects text, M turns it off';

/** What an action does that is no view's. */
const COMMON: Readonly<
  Record<Exclude<Action, ViewAction>, (dashboard: Dashboard, press: Press) => void>
> = {
  quit: (_, { host }) => {
    host.quit();
  },
  suspend: (_, { host }) => {
    host.suspend();
  },
  redraw: (_, { host }) => {
    host.redraw();
  },
  help: (dashboard, { key }) => {
    const about = key === '?' ? (dashboard.shown.explain?.() ?? []) : [];
    dashboard.mode = { type: 'help', offset: 0, about };
  },
  'next-view': (dashboard) => {
    dashboard.step(1);
  },
  'previous-view': (dashboard) => {
    dashboard.step(-1);
  },
  view: (dashboard, { key }) => {
    dashboard.goTo(viewNumber(key));
  },
  filter: (dashboard) => {
    dashboard.ask('filter', 'filter: ', dashboard.scene.filterText);
  },
  'clear-filter': ({ scene }) => {
    scene.showEverything();
  },
  freeze: (dashboard, { nowMs }) => {
    dashboard.freeze(nowMs);
  },
  zero: (dashboard, { nowMs }) => {
    dashboard.zero(nowMs);
  },
  'toggle-major': toggle(FaultClass.MAJOR),
  'toggle-minor': toggle(FaultClass.MINOR),
  'toggle-cow': toggle(FaultClass.COW),
  'toggle-error': toggle(FaultClass.ERROR),
  interval: (dashboard) => {
    dashboard.ask('interval', 'refresh every (seconds): ', '');
  },
  slower: (dashboard) => {
    const { intervalMs } = dashboard;
    dashboard.intervalMs = INTERVALS_MS.find((ms) => ms > intervalMs) ?? intervalMs;
  },
  faster: (dashboard) => {
    const { intervalMs } = dashboard;
    dashboard.intervalMs = INTERVALS_MS.findLast((ms) => ms < intervalMs) ?? intervalMs;
  },
  mouse: (dashboard, { nowMs }) => {
    dashboard.mouse = !dashboard.mouse;
    dashboard.say(dashboard.mouse ? MOUSE_IS_ON : 'mouse off', nowMs);
  },
  'replay-back': replaying(({ source }) => source.replay!.step(-1)),
  'replay-on': replaying(({ source }) => source.replay!.step(1)),
  'replay-slower': replaying(({ source }) => {
    source.replay!.slower();
    return '';
  }),
  'replay-faster': replaying(({ source }) => {
    source.replay!.faster();
    return '';
  }),
  'replay-time': replaying((dashboard) => {
    dashboard.ask('time', 'jump to: ', '');
    return '';
  }),
  write: (dashboard) => {
    promptWrite(dashboard, 'view');
  },
  save: (dashboard, { host, nowMs }) => {
    const { ok, words } = host.save();
    dashboard.say(words, nowMs, ok ? 'good' : 'warning');
  },
  back: (dashboard) => {
    dashboard.back();
  },
};
