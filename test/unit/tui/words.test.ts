import { WORDS } from '../../../src/core/columns/words';
import { helpLines } from '../../../src/tui/frame/help';
import { handleKeys } from '../../../src/tui/keys/keys';
import { renderDashboard } from '../../../src/tui/render';
import { Dashboard } from '../../../src/tui/state/dashboard';
import { makeTheme, type Theme } from '../../../src/tui/terminal/theme';
import { VIEWS } from '../../../src/tui/views/registry';
import { FakeSource } from '../../support/fake-source';

/** A theme in which nothing has a look but the titles. */
const plain = makeTheme({ colours: 0, ascii: true });
const looks = Object.keys(plain.sgr).map((style) => [style, style === 'strong' ? '9' : '']);
const theme: Theme = { ...plain, sgr: Object.fromEntries(looks) as Theme['sgr'] };
// oxlint-disable-next-line no-control-regex
const TITLE = /\x1b\[9m([^\x1b]*)\x1b\[m/g;
const HOST = {
  quit: () => undefined,
  suspend: () => undefined,
  redraw: () => undefined,
  save: () => ({ ok: true, words: '' }),
};

function dashboardOf(): Dashboard {
  const dashboard = new Dashboard(new FakeSource(), { theme, intervalMs: 1000 });
  dashboard.size = { columns: 240, rows: 60 };
  return dashboard;
}

/** The titles that the view writes. */
function titlesIn(dashboard: Dashboard): string[] {
  renderDashboard(dashboard, 0);
  const area = { theme, columns: 240, height: 50 };
  const lines = dashboard.shown.draw(area);
  return lines.flatMap((line) => [...line.matchAll(TITLE)].map((match) => match[1]!.trim()));
}

const defined = new Set<string>(WORDS.flatMap(({ words }) => words.map(({ title }) => title)));
/** Titles that are names of something: a finding, an event's class, the program's output. */
const isName = (text: string): boolean =>
  text === 'events' || /^output of COMMAND|^COMMAND has/.test(text);

describe('the words', () => {
  it.each(VIEWS.map(({ name }) => name))('explain every title of the view %s', (name) => {
    const dashboard = dashboardOf();
    dashboard.goTo(VIEWS.findIndex((view) => view.name === name) + 1);
    const names = new Set(dashboard.scene.findings().map(({ brief }) => brief));
    const titles = titlesIn(dashboard);
    handleKeys(dashboard, HOST, ['enter'], 0);
    if (dashboard.shown !== dashboard.base) titles.push(...titlesIn(dashboard));
    const unknown = titles.filter(
      (title) => title !== '' && !defined.has(title) && !names.has(title) && !isName(title),
    );
    expect(unknown).toEqual([]);
  });

  it('are many', () => {
    // A view that draws nothing would explain everything.
    expect(titlesIn(dashboardOf()).length).toBeGreaterThan(10);
  });

  it('are each said in a sentence, and all of them in the help', () => {
    for (const { words } of WORDS) {
      for (const { title, doc } of words) {
        expect(`${title}: ${doc}`).toMatch(/: \S.{6,}/);
      }
    }
    const help = helpLines(theme, 200).join('\n');
    for (const title of defined) expect(help).toContain(title);
    expect(help.indexOf('Classes of faults')).toBeLessThan(help.indexOf('Keys'));
  });

  it('tell what is selected when one asks for it', () => {
    const dashboard = dashboardOf();
    handleKeys(dashboard, HOST, ['?'], 0);
    const text = renderDashboard(dashboard, 0).lines.slice(0, 6).join('\n');
    expect(text).toContain('STALL/s');
    expect(text).toMatch(/file-read.*the thread waited for the disk/);
    expect(text).toMatch(/what to do.*read ahead/);
  });
});
