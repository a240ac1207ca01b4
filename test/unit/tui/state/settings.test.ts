import { Dashboard } from '../../../../src/tui/state/dashboard';
import { handleKeys } from '../../../../src/tui/keys/keys';
import { parseSettings, settingsText } from '../../../../src/tui/state/settings';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { renderDashboard } from '../../../../src/tui/render';
import { FakeSource } from '../../../support/fake-source';

const theme = makeTheme({ colours: 0, ascii: true });

function dashboardWith(text: string | null): Dashboard {
  const settings = text === null ? {} : parseSettings(text).settings;
  const intervalMs = settings.intervalMs ?? 1000;
  const dashboard = new Dashboard(new FakeSource(), { theme, intervalMs, settings });
  dashboard.size = { columns: 120, rows: 35 };
  return dashboard;
}

function press(dashboard: Dashboard, ...keys: string[]): { text: string; said: string } {
  let text = '';
  const save = (): { ok: boolean; words: string } => {
    text = settingsText({ ...dashboard.keep(), theme: 'light' });
    return { ok: true, words: 'settings are saved in FILE' };
  };
  const fail = (): never => {
    throw new Error('not asked for');
  };
  handleKeys(dashboard, { quit: fail, suspend: fail, redraw: fail, save }, keys, 0);
  return { text, said: dashboard.messageAt(0)?.text ?? '' };
}

test('W saves how one looks at things, and that is how it begins the next time', () => {
  const before = dashboardWith(null);
  // Threads by another column, reversed; no MINOR; heat map; times of the day; slower; with the mouse.
  const keys = [
    'g',
    'x',
    '2',
    'S',
    'down',
    'down',
    'enter',
    'r',
    'n',
    '5',
    'l',
    'l',
    '6',
    'T',
    '2',
    '+',
    'M',
  ];
  const { text, said } = press(before, ...keys, 'W');
  expect(said).toBe('settings are saved in FILE');
  const { settings, trouble } = parseSettings(text);
  expect(trouble).toBe('');
  expect(settings).toMatchObject({
    ...{ view: 'threads', intervalMs: 2000, theme: 'light', mouse: true, classes: 0b1101 },
  });
  expect(settings.views!.get('threads')).toMatchObject({ reverse: true });
  expect(settings.views!.get('regions')).toMatchObject({ flat: true, hidesEnded: true });
  expect(settings.views!.get('latency')).toEqual({ picture: 'time' });
  expect(settings.views!.get('events')).toEqual({ byDay: true });
  const after = dashboardWith(text);
  expect(after.keep()).toEqual(before.keep());
  expect(renderDashboard(after, 5000).lines).toEqual(renderDashboard(before, 5000).lines);
  // Saved again it is the same file.
  expect(press(after, 'W').text).toBe(text);
});

test('a view that this run has not is left alone', () => {
  const text = settingsText({ view: 'cgroups' });
  expect(dashboardWith(text).view).toBe('regions');
  expect(dashboardWith(settingsText({ view: 'no-such-view' })).view).toBe('regions');
});

test.each<[object, string]>([
  [{ interval: 0.1 }, 'the value of interval is none that there is'],
  [{ interval: '1' }, 'the value of interval is none that there is'],
  [{ interval: 1e300 }, 'the value of interval is none that there is'],
  [{ theme: 'pink', mouse: 1 }, 'the value of theme and 1 more is none that there is'],
  [{ hidden: ['MAJOR', 'MINOR', 'COW', 'ERROR'] }, 'the value of hidden is none that there is'],
  [{ hidden: 'MINOR' }, 'the value of hidden is none that there is'],
  [{ view: '\x1b[2J' }, 'the value of view is none that there is'],
  [{ views: { regions: 7 } }, 'the value of regions is none that there is'],
  [{ views: { regions: { sort: {}, reverse: 'x' } } }, 'the value of sort and 1 more is none'],
  [{ views: [] }, 'the value of views is none that there is'],
])('%j is ignored, and said in one line', (bad, said) => {
  const text = JSON.stringify({ version: 1, ...bad, unknown: 'of a later program' });
  const { trouble } = parseSettings(text);
  expect(trouble).toContain(said);
  expect(trouble).toMatch(/^[\x20-\x7e]*$/);
  const dashboard = dashboardWith(text);
  expect(dashboard.keep()).toEqual(dashboardWith(null).keep());
});

test.each(['', 'null', '3', '"x"', '[1]', '{', '{"version":2}', '{"__proto__":{"version":1}}'])(
  '%j is no file of settings',
  (text) => {
    const { settings, trouble } = parseSettings(text);
    expect(settings).toEqual({});
    expect(trouble).not.toBe('');
  },
);

test('names of all objects are no settings', () => {
  const text =
    '{"version":1,"views":{"constructor":{"sort":"toString"},"regions":{"sort":"__proto__"}}}';
  expect(dashboardWith(text).keep()).toEqual(dashboardWith(null).keep());
});
