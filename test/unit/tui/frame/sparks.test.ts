import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { FakeSource } from '../../../support/fake-source';
import { snapshot, stat } from '../../../support/sample';

const THEME = makeTheme({ colours: 0, ascii: true });

/** The pictures of the rates at 80 columns, after a second in which so many faults of each class were taken. */
function pictures(byClass: readonly number[]): readonly string[] {
  const source = new FakeSource();
  source.picture = snapshot({ now: 1e9 });
  const dashboard = new Dashboard(source, { theme: THEME, intervalMs: 1000 });
  source.picture = snapshot({ now: 2e9, totals: stat({ byClass: [...byClass, 0] }) });
  dashboard.refresh();
  const line = renderDashboard(dashboard, 0).lines.find((text) => text.includes('stall%'))!;
  return line.match(/MAJ\/s|MIN\/s|COW\/s|stall%/g)!;
}

test('where there is no room for all rates, those of nothing, then of the fewest faults have no picture', () => {
  expect(pictures([0, 280, 25_000])).toEqual(['MIN/s', 'COW/s', 'stall%']);
  expect(pictures([5000, 500, 0])).toEqual(['MAJ/s', 'MIN/s', 'stall%']);
  expect(pictures([0, 0, 0])).toEqual(['MAJ/s', 'MIN/s', 'stall%']);
});

test('that of a few major faults stays', () => {
  expect(pictures([2, 280, 25_000])).toEqual(['MAJ/s', 'COW/s', 'stall%']);
});
