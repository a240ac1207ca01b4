import type { RegionRow } from '../../src/core/snapshot/snapshot';
import { Dashboard } from '../../src/tui/state/dashboard';
import type { DashboardSource } from '../../src/tui/state/source';
import type { Key } from '../../src/tui/terminal/input';
import { makeTheme } from '../../src/tui/terminal/theme';
import type { TableModel } from '../../src/tui/layout/table';
import { TableView } from '../../src/tui/views/table-view';
import { handleKeys } from '../../src/tui/keys/keys';
import { renderDashboard } from '../../src/tui/render';
import { FakeSource } from './fake-source';
import { cells } from './cells';

/** A dashboard over a fake world, keys pressed and the screen read as plain text. */
export class Bench<Source extends DashboardSource = FakeSource> {
  readonly dashboard: Dashboard;
  quits = 0;
  suspends = 0;
  redraws = 0;
  saved = { ok: true, words: '' };
  now = 0;

  constructor(
    columns = 80,
    rows = 24,
    readonly source = new FakeSource() as DashboardSource as Source,
  ) {
    const theme = makeTheme({ colours: 0, ascii: true });
    this.dashboard = new Dashboard(this.source, { theme, intervalMs: 1000 });
    this.dashboard.size = { columns, rows };
  }

  press(...keys: Key[]): this {
    const host = {
      quit: () => this.quits++,
      suspend: () => this.suspends++,
      redraw: () => this.redraws++,
      save: () => this.saved,
    };
    handleKeys(this.dashboard, host, keys, this.now);
    return this;
  }

  type(text: string): this {
    return this.press(...Array.from(text).map((char) => (char === ' ' ? 'space' : char)));
  }

  /** The screen as plain text. */
  lines(): string[] {
    return renderDashboard(this.dashboard, this.now).lines.map((line) => cells(line).trimEnd());
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** Of the present view. */
  get table(): TableModel<RegionRow> {
    const { base } = this.dashboard;
    if (!(base instanceof TableView)) throw new Error(`${base.name} is no table`);
    return base.table as TableModel<RegionRow>;
  }

  /** First words of the rows of the table. */
  rows(): string[] {
    const lines = this.lines();
    const head = lines.findIndex((line) => /^ +(REGION|TID|PID)/.test(line));
    const end = lines.findIndex((line) => line.startsWith('-- events'));
    return lines
      .slice(head + 1, end)
      .filter((line) => line !== '')
      .map((line) => line.slice(1).trim().split(' ')[0]!);
  }
}
