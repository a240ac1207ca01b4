import { handleKeys } from '../../../../src/tui/keys/keys';
import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import type { ReplayControls } from '../../../../src/tui/state/source';
import type { Mouse } from '../../../../src/tui/terminal/mouse';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import type { TableView } from '../../../../src/tui/views/table-view';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { cells } from '../../../support/cells';
import { FakeSource } from '../../../support/fake-source';

class Clicked {
  readonly dashboard: Dashboard;

  constructor(columns = 80, rows = 24, source = new FakeSource()) {
    const theme = makeTheme({ colours: 0, ascii: true });
    this.dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
    this.dashboard.size = { columns, rows };
    this.dashboard.mouse = true;
  }

  /** The screen as plain text, drawn as the program does after every key. */
  lines(): string[] {
    return renderDashboard(this.dashboard, 0).lines.map((line) => cells(line));
  }

  send(...keys: (string | Mouse)[]): string[] {
    const host = { quit: fail, suspend: fail, redraw: fail, save: fail };
    handleKeys(this.dashboard, host, keys, 0);
    return this.lines();
  }

  /** A click on a text, in the first line that has it at its beginning, behind the mark of the selection. */
  on(text: string): string[] {
    const lines = this.lines();
    const line = lines.findIndex((shown) => shown.trimStart().replace(/^> ?/, '').startsWith(text));
    if (line < 0) throw new Error(`not shown: ${text}\n${lines.join('\n')}`);
    return this.click(line, lines[line]!.indexOf(text));
  }

  click(line: number, column: number): string[] {
    return this.send({ mouse: 'press', line, column });
  }
}

/** A recording that is played: where it was sent to. */
class Played extends FakeSource {
  readonly sought: number[] = [];
  readonly replay: ReplayControls = {
    state: { position: 193e9, length: 300e9, playing: false, speed: 1, since: 0, movingTo: null },
    intervalNs: 1e9,
    toggle: fail,
    step: fail,
    seek: (ns) => {
      this.sought.push(ns);
      return '';
    },
    faster: fail,
    slower: fail,
    onMoved: fail,
  };
}

function fail(): never {
  throw new Error('nobody asked for that');
}

const last = (lines: readonly string[]): string => lines.at(-1)!;

describe('the heat map of a recording', () => {
  const played = (): { screen: Clicked; source: Played } => {
    const source = new Played();
    const screen = new Clicked(100, 70, source);
    screen.send('5');
    return { screen, source };
  };
  const POINTED = /00:0\d:\d\d: Enter goes there/;

  it('goes to the time that is clicked on twice', () => {
    const { screen, source } = played();
    const lines = screen.lines();
    const line = lines.findIndex((text) => /^ *512ns-1\.0us\|/.test(text));
    const column = lines[line]!.indexOf('|') + 70;
    expect(screen.click(line, column).join('\n')).toMatch(POINTED);
    expect(source.sought).toEqual([]);
    screen.click(line, column);
    // The first column of a heat map with 30 columns is that of the first time, 163 s.
    const [time] = source.sought;
    expect(time).toBeGreaterThanOrEqual(163e9);
    expect(time).toBeLessThan(193e9);
    // Beside the map nothing is pointed at.
    expect(screen.click(line, 0).join('\n')).not.toMatch(POINTED);
  });

  it('is gone along with the keys', () => {
    const { screen, source } = played();
    expect(screen.send('right').join('\n')).toContain('00:03:12: Enter goes there');
    expect(screen.send('left', 'left').join('\n')).toContain('00:03:10: Enter goes there');
    screen.send('enter');
    expect(source.sought).toEqual([190e9]);
    expect(screen.lines().join('\n')).not.toContain('Enter goes there');
    screen.send(...new Array<string>(40).fill('left'));
    screen.send('enter');
    expect(source.sought).toEqual([190e9, 163e9]);
    screen.send('enter');
    expect(source.sought).toHaveLength(2);
  });

  it('is a picture alone in a live run', () => {
    const screen = new Clicked(100, 50);
    screen.send('5');
    expect(screen.send('right').join('\n')).not.toContain('Enter goes there');
  });
});

describe('the mouse', () => {
  it('selects a row, and opens it with the next click on it', () => {
    const screen = new Clicked();
    expect(screen.on('[heap]').join('\n')).toMatch(/^>\[heap\]/m);
    expect(last(screen.lines())).not.toContain('Esc back');
    expect(last(screen.on('[heap]'))).toContain('Esc back');
    // What is opened has no rows to click.
    expect(last(screen.on('what'))).toContain('Esc back');
    expect(last(screen.send('escape'))).not.toContain('Esc back');
  });

  it('opens with no single click: not the row that is selected anyway, nor after a key', () => {
    const screen = new Clicked();
    expect(last(screen.on('data.db'))).not.toContain('Esc back');
    screen.send('down');
    expect(last(screen.on('data.db'))).not.toContain('Esc back');
    screen.on('[heap]');
    expect(last(screen.on('data.db'))).not.toContain('Esc back');
    expect(last(screen.on('data.db'))).toContain('Esc back');
  });

  it('goes by what was drawn: a row that is gone is not another one', () => {
    const screen = new Clicked();
    const line = screen.lines().findIndex((shown) => shown.startsWith(' [heap]'));
    screen.dashboard.scene.setFilter('libc');
    const click: Mouse = { mouse: 'press', line, column: 3 };
    expect(last(screen.send(click, click))).not.toContain('Esc back');
  });

  it('sorts by a heading, and turns the order round with the next click', () => {
    const screen = new Clicked();
    expect(last(screen.on('REGION'))).toContain('sort: REGION ^');
    expect(last(screen.on('REGION'))).toContain('sort: REGION v');
    const line = screen.lines().findIndex((shown) => shown.startsWith(' REGION'));
    for (const [title, id] of [
      ['RATE/s', 'rate'],
      ['MAJ', 'major'],
      ['p99', 'p99_ns'],
    ] as const) {
      screen.click(line, screen.lines()[line]!.indexOf(title));
      const { table } = screen.dashboard.base as TableView<RegionRow>;
      expect(table.sortColumn.id).toBe(id);
    }
  });

  it.each([80, 60, 130, 300])('goes to every tab, %i columns', (columns) => {
    for (const { number } of new Clicked(columns).dashboard.tabs) {
      const screen = new Clicked(columns);
      const line = screen.lines().findIndex((shown) => shown.startsWith('[1 Regions]'));
      const bar = screen.lines()[line]!;
      const column = bar.indexOf(String(number));
      screen.click(line, column);
      expect(screen.dashboard.tabs.find(({ active }) => active)!.number).toBe(number);
      // Behind the last tab there is none.
      screen.click(line, columns - 1);
      expect(screen.dashboard.tabs.find(({ active }) => active)!.number).toBe(number);
    }
  });

  it('chooses an item of a list', () => {
    const screen = new Clicked();
    screen.send('S');
    screen.on('MAJ ');
    expect(last(screen.lines())).toContain('sort: MAJ');
  });

  it('scrolls with the wheel, also in the help', () => {
    const screen = new Clicked();
    const turn = (mouse: 'wheel-up' | 'wheel-down'): Mouse => ({ mouse, line: 12, column: 5 });
    expect(screen.send(turn('wheel-down')).join('\n')).toMatch(/^>libc/m);
    expect(screen.send(turn('wheel-up')).join('\n')).toMatch(/^>data\.db/m);
    const help = screen.send('h');
    expect(screen.send(turn('wheel-down'))[0]).toBe(help[3]);
    expect(screen.send(turn('wheel-up'))).toEqual(help);
    // A click does not close it.
    expect(screen.click(2, 2)).toEqual(help);
  });

  it('selects a cause, a finding and an event where they were drawn', () => {
    const screen = new Clicked(120, 40);
    screen.send('4');
    const cause = screen.lines().find((line) => line.startsWith('  demand-zero'))!;
    expect(cause).toBeDefined();
    expect(screen.on('demand-zero').join('\n')).toMatch(/^> demand-zero/m);
    expect(last(screen.on('demand-zero'))).toContain('filter: cause:demand-zero');
  });

  it('does nothing where there is nothing, at every cell of the screen', () => {
    for (const view of ['1', '4', '5', '6', '9']) {
      const screen = new Clicked(200, 50);
      screen.send(view);
      const clicks: Mouse[] = [];
      for (let line = 0; line < 60; line++) {
        for (let column = 0; column < 260; column += 3) {
          clicks.push({ mouse: 'press', line, column });
        }
      }
      expect(screen.send(...clicks)).toHaveLength(50);
    }
  });

  it('is nothing while it is off', () => {
    const screen = new Clicked();
    screen.dashboard.mouse = false;
    const before = screen.lines();
    expect(screen.on('[heap]')).toEqual(before);
    screen.send('M');
    expect(screen.dashboard.mouse).toBe(true);
  });
});
