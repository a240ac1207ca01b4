import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { FakeSource } from '../../../support/fake-source';
import { snapshot } from '../../../support/sample';

const theme = makeTheme({ colours: 0, ascii: true });

/** The heading of a dashboard that is late by so much. */
function heading(behindNs: number, columns: number): string {
  const source = new FakeSource();
  source.info = { ...source.info, behindNs };
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  dashboard.size = { columns, rows: 24 };
  return renderDashboard(dashboard, 0).lines.slice(0, 5).join('\n');
}

test('that the counters lag is said with how much', () => {
  expect(heading(0.2e9, 200)).not.toContain('behind');
  expect(heading(2.1e9, 200)).toContain('2.1 s behind: more faults came');
  expect(heading(2.1e9, 80)).toContain('2.1 s behind');
});

test('counters at zero that lag are no quiet target', () => {
  const source = new FakeSource();
  source.picture = snapshot({ now: 9e9, elapsed: 3e9 });
  source.info = { ...source.info, behindNs: 4.2e9 };
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  const shown = (): string => {
    dashboard.refresh();
    return renderDashboard(dashboard, 0).lines.join('\n');
  };
  const words = '4.2 s behind: what has happened since is not counted yet';
  expect(shown().split(words)).toHaveLength(3);
  expect(shown()).toMatch(/UNKNOWN.*4\.2 s behind/);
  expect(shown()).not.toContain('waiting');
  source.info = { ...source.info, behindNs: 0 };
  expect(shown()).toMatch(/FINE.*waiting: no fault yet in 3 s/);
});

test('of a target that nobody has looked at yet no number of threads is told', () => {
  const source = new FakeSource();
  const [target] = source.info.targets;
  source.info = { ...source.info, targets: [{ ...target!, threads: 0, state: '' }] };
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  const [first] = renderDashboard(dashboard, 0).lines;
  expect(first).toContain('postgres 4321');
  expect(first).not.toMatch(/thr/);
});
