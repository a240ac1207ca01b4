import { VIEWS } from '../views/registry';
import { VIEW_ACTIONS, type ViewAction } from '../views/view';

/** Actions that mean the same wherever one is. */
type CommonAction =
  | 'quit'
  | 'help'
  | 'next-view'
  | 'previous-view'
  | 'view'
  | 'filter'
  | 'clear-filter'
  | 'freeze'
  | 'zero'
  | 'toggle-major'
  | 'toggle-minor'
  | 'toggle-cow'
  | 'toggle-error'
  | 'interval'
  | 'slower'
  | 'faster'
  | 'mouse'
  | 'replay-back'
  | 'replay-on'
  | 'replay-slower'
  | 'replay-faster'
  | 'replay-time'
  | 'write'
  | 'save'
  | 'back'
  | 'redraw'
  | 'suspend';
export type Action = CommonAction | ViewAction;

export function isViewAction(action: Action): action is ViewAction {
  return (VIEW_ACTIONS as readonly string[]).includes(action);
}

export interface Binding {
  /** Names as input.ts gives them. */
  readonly keys: readonly string[];
  readonly action: Action;
  /** What it does, for the help overlay and the README. */
  readonly help: string;
  /** Short form for the footer, with the key it names; absent: not in the footer. */
  readonly footer?: readonly [key: string, text: string];
  /** The same for a recording; where it is alone, the key is of recordings only. */
  readonly replayFooter?: readonly [key: string, text: string];
  /** What it does where two runs are compared, '' for the same; absent: nothing there. */
  readonly comparedHelp?: string;
}

/** Of a comparison nothing goes on, and nothing is told apart by class. */
export function isThere(action: Action, compared: boolean): boolean {
  if (!compared) return true;
  return KEYMAP.find((binding) => binding.action === action)?.comparedHelp !== undefined;
}

/** What a key does, in words. */
export function helpOf({ help, comparedHelp = '' }: Binding, compared: boolean): string {
  return compared && comparedHelp !== '' ? comparedHelp : help;
}

/** The digit of a view: the tenth has the one behind 9. */
export function viewKey(number: number): string {
  return String(number % 10);
}

/** The view of a digit. */
export function viewNumber(key: string): number {
  return Number(key) || 10;
}

/** The key does what it does elsewhere. */
const AS_EVER = '';

/** Views that are there for some runs only, with their numbers: `7: output of COMMAND`. */
const SOME_VIEWS = VIEWS.flatMap(({ only }, k) =>
  only === undefined ? [] : `${viewKey(k + 1)}: ${only.help}`,
);

/**
 * Every key the dashboard knows: the one table behind the decoder's dispatch, the footer, the help
 * overlay and the README.
 */
export const KEYMAP: readonly Binding[] = [
  {
    keys: ['h', '?', 'f1'],
    action: 'help',
    help: 'this help; with ? what the selected column and row mean comes first',
    footer: ['F1', 'help'],
    comparedHelp: 'this help; with ? what the selected column means comes first',
  },
  {
    keys: ['tab'],
    action: 'next-view',
    help: 'next view',
    footer: ['Tab', 'view'],
    comparedHelp: 'the next way to group',
  },
  {
    keys: ['S-tab'],
    action: 'previous-view',
    help: 'previous view',
    comparedHelp: 'the one before',
  },
  {
    keys: VIEWS.map((_, k) => viewKey(k + 1)),
    action: 'view',
    help: `go to a view by its number (${SOME_VIEWS.join(', ')})`,
    comparedHelp: 'rows by region, call site, cause or process',
  },
  { keys: ['up', 'k'], action: 'up', help: 'one row up', comparedHelp: AS_EVER },
  { keys: ['down', 'j'], action: 'down', help: 'one row down', comparedHelp: AS_EVER },
  { keys: ['pageup'], action: 'page-up', help: 'one page up', comparedHelp: AS_EVER },
  { keys: ['pagedown'], action: 'page-down', help: 'one page down', comparedHelp: AS_EVER },
  {
    keys: ['home'],
    action: 'first',
    help: 'first row (the selection then stays on top)',
    comparedHelp: AS_EVER,
  },
  {
    keys: ['end'],
    action: 'last',
    help: 'last row; in the event log: follow again',
    comparedHelp: 'last row',
  },
  {
    keys: ['enter'],
    action: 'open',
    help: 'open what is tagged together, else the selected row: a group into its rows, then the details',
    footer: ['Enter', 'open'],
    comparedHelp: 'what the selected row is in each run',
  },
  {
    keys: ['right'],
    action: 'expand',
    help: 'open a group into its rows; latency of a recording: a time on',
  },
  {
    keys: ['left'],
    action: 'collapse',
    help: 'close a group; latency of a recording: a time back (Enter goes there)',
  },
  { keys: ['g'], action: 'flat', help: 'groups, or every row by itself' },
  {
    keys: ['V', 'f5'],
    action: 'family',
    help: 'processes: below their parents (Left goes there), or a list; code: its callees',
  },
  {
    keys: ['x'],
    action: 'ended',
    help: 'hide or show rows of what has ended',
    comparedHelp: 'hide or show rows that differ by no more than chance does (~)',
  },
  {
    keys: ['escape'],
    action: 'back',
    help: 'back; undo the opening of a cause; leave a prompt',
    comparedHelp: 'back; leave a prompt',
  },
  {
    keys: ['/'],
    action: 'filter',
    help: 'filter as you type (words, ~regex, class:major tid:9 region:libc lat>1ms, and or not)',
    footer: ['/', 'filter'],
    comparedHelp: 'filter names as you type (words, ~regex, and or not); TOTAL stays that of all',
  },
  {
    keys: ['backspace'],
    action: 'clear-filter',
    help: 'clear the filter and show all classes; leave an empty prompt',
    comparedHelp: 'clear the filter; leave an empty prompt',
  },
  {
    keys: ['<', ','],
    action: 'sort-left',
    help: 'sort by the column to the left',
    footer: ['<>', 'sort'],
    comparedHelp: AS_EVER,
  },
  {
    keys: ['>', '.'],
    action: 'sort-right',
    help: 'sort by the column to the right',
    comparedHelp: AS_EVER,
  },
  { keys: ['r', 'I'], action: 'reverse', help: 'reverse the sort order', comparedHelp: AS_EVER },
  {
    keys: ['S', 'f6'],
    action: 'choose-sort',
    help: 'choose the sort column by name',
    comparedHelp: AS_EVER,
  },
  {
    keys: ['t'],
    action: 'tag',
    help: 'processes: tag the selected one or those of a group (marked *): Enter then opens them together',
    footer: ['t', 'tag'],
  },
  { keys: ['U'], action: 'untag', help: 'processes: take all tags away' },
  {
    keys: ['o'],
    action: 'lead',
    help: 'on from the selected row or event to its regions, threads, code, causes, latency, events (Enter does so in details)',
    footer: ['o', 'on to'],
  },
  {
    keys: ['l'],
    action: 'scale',
    help: 'latency: bars by number, by its logarithm, or the heat map over time',
    footer: ['l', 'picture'],
  },
  {
    keys: ['s', 'f3'],
    action: 'search',
    help: 'events: search with a filter; the newest that matches is selected, all others stay',
    footer: ['s', 'search'],
  },
  { keys: ['['], action: 'older-match', help: 'events: the match before' },
  { keys: [']'], action: 'newer-match', help: 'events: the match behind' },
  { keys: ['T'], action: 'clock', help: 'events: time of the day, or since the start' },
  {
    keys: ['space', 'p'],
    action: 'freeze',
    help: 'freeze the picture; capture goes on. A recording: play or stop',
    footer: ['Space', 'freeze'],
    replayFooter: ['Space', 'play'],
  },
  {
    keys: ['z'],
    action: 'zero',
    help: 'set the counters to zero: in a recording what is counted begins here',
    footer: ['z', 'zero'],
  },
  {
    keys: ['('],
    action: 'replay-back',
    help: 'a recording: an interval back',
    replayFooter: ['()', 'step'],
  },
  { keys: [')'], action: 'replay-on', help: 'a recording: an interval on' },
  { keys: ['{'], action: 'replay-slower', help: 'a recording: slower' },
  {
    keys: ['}'],
    action: 'replay-faster',
    help: 'a recording: faster',
    replayFooter: ['{}', 'speed'],
  },
  {
    keys: ['J'],
    action: 'replay-time',
    help: 'a recording: jump to a time (90, 1:30, 50%, or +10 and -10 from here)',
    replayFooter: ['J', 'jump'],
  },
  { keys: ['m'], action: 'toggle-major', help: 'show or hide MAJOR faults' },
  { keys: ['n'], action: 'toggle-minor', help: 'show or hide MINOR faults' },
  { keys: ['c'], action: 'toggle-cow', help: 'show or hide COW faults' },
  { keys: ['e'], action: 'toggle-error', help: 'show or hide ERROR faults' },
  { keys: ['d'], action: 'interval', help: 'set the refresh interval (0.25 to 10 s)' },
  { keys: ['+'], action: 'slower', help: 'longer refresh interval' },
  { keys: ['-'], action: 'faster', help: 'shorter refresh interval' },
  {
    keys: ['w'],
    action: 'write',
    help: 'write what is shown to a file (.txt, .csv or .json)',
    footer: ['w', 'write'],
    comparedHelp: AS_EVER,
  },
  {
    keys: ['W'],
    action: 'save',
    help: 'save the settings: view, sort orders, groups, hidden classes, pictures, interval, theme, mouse',
  },
  {
    keys: ['M'],
    action: 'mouse',
    help: 'mouse on or off (click selects, again opens; headings sort; tabs; wheel)',
    comparedHelp: AS_EVER,
  },
  { keys: ['C-l'], action: 'redraw', help: 'draw the whole screen anew', comparedHelp: AS_EVER },
  { keys: ['C-z'], action: 'suspend', help: 'suspend; fg returns', comparedHelp: AS_EVER },
  {
    keys: ['q', 'f10', 'C-c'],
    action: 'quit',
    help: 'quit',
    footer: ['q', 'quit'],
    comparedHelp: AS_EVER,
  },
];

/** The action of a key, null where it means nothing. */
export function actionOf(key: string): Action | null {
  return KEYMAP.find((binding) => binding.keys.includes(key))?.action ?? null;
}

const KEY_TEXT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    up: 'Up',
    down: 'Down',
    pageup: 'PgUp',
    pagedown: 'PgDn',
    home: 'Home',
    end: 'End',
    tab: 'Tab',
    'S-tab': 'Shift-Tab',
    enter: 'Enter',
    escape: 'Esc',
    backspace: 'Backspace',
    space: 'Space',
  }),
);

/** A key as a person calls it: `Ctrl-L`, `F6`, `PgUp`. */
export function keyText(key: string): string {
  if (key.startsWith('C-')) return `Ctrl-${key.slice(2).toUpperCase()}`;
  return KEY_TEXT.get(key) ?? (/^f\d+$/.test(key) ? key.toUpperCase() : key);
}

/** The keys of a binding: numbers are told as a range. */
export function keysText(binding: Binding): string {
  if (binding.action === 'view') return '1-9 0';
  return binding.keys.map(keyText).join(' ');
}

/** The table for the README, in Markdown. */
export function keyTable(): string {
  const escaped = (text: string): string => text.replace(/\|/g, '\\|');
  const rows = KEYMAP.map((binding) => {
    const keys =
      binding.action === 'view'
        ? `\`${keysText(binding)}\``
        : binding.keys.map((key) => `\`${keyText(key)}\``).join(' ');
    return `| ${escaped(keys)} | ${escaped(binding.help)} |`;
  });
  return ['| key | what it does |', '|---|---|', ...rows].join('\n');
}
