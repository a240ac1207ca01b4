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

test('what the kernel has counted and nobody has taken yet is unread, until capture has ended', () => {
  const source = new FakeSource();
  const { capture } = source.info;
  const kernel = { ...capture.kernel, minor: capture.kernel.minor + 5607 };
  source.info = { ...source.info, capture: { ...capture, kernel } };
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  const shown = (columns: number): string => {
    dashboard.size = { columns, rows: 24 };
    dashboard.refresh();
    return renderDashboard(dashboard, 0).lines.slice(0, 5).join('\n');
  };
  expect(shown(200)).toContain("captured 57,233 + lost 0 of the kernel's 62,840, 5,607 unread");
  expect(shown(60)).toContain('57233 + 0 lost of 62840, 5607 unread');
  source.info = { ...source.info, ended: 'target' };
  expect(shown(200)).not.toContain('unread');
  expect(shown(200)).toContain("of the kernel's 62,840");
});

test('a command line that is filled up with blanks is shown without them', () => {
  const source = new FakeSource();
  const [target] = source.info.targets;
  const commandLine = `redis-server *:6379${' '.repeat(60)}`;
  source.info = { ...source.info, targets: [{ ...target!, commandLine }] };
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  dashboard.size = { columns: 200, rows: 24 };
  expect(renderDashboard(dashboard, 0).lines[0]).toContain('redis-server *:6379\u001b');
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
