import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { FakeSource } from '../../../support/fake-source';
import { snapshot, stat } from '../../../support/sample';

const THEME = makeTheme({ colours: 0, ascii: true });

/** The heading over 1,000 faults, of which so many came with the time of another session. */
function heading(borrowedStamps: number): string {
  const source = new FakeSource();
  const { capture } = source.header();
  const faults = { minor: 1000, major: 0, unresolved: 0 };
  source.info = {
    ...source.info,
    capture: {
      ...capture,
      received: faults,
      kernel: { ...capture.kernel, minor: 1000, major: 0 },
      records: { ...capture.records, borrowedStamps },
    },
  };
  source.picture = snapshot({ totals: stat({ byClass: [0, 1000, 0, 0] }) });
  const dashboard = new Dashboard(source, { theme: THEME, intervalMs: 1000 });
  dashboard.size = { columns: 200, rows: 50 };
  return renderDashboard(dashboard, 0).lines.slice(0, 5).join('\n');
}

test('time that is not known is no time of 0 %', () => {
  expect(heading(0)).toContain('faults take');
  expect(heading(0)).not.toContain('latency not known');
  expect(heading(5)).not.toContain('latency not known');
  expect(heading(20)).toMatch(/20 untimed: latency not known \(another perf session\)/);
  expect(heading(20)).toContain('faults take');
  expect(heading(999)).toContain(' UNKNOWN ');
  expect(heading(999)).toContain('the latency of 99.9 % of the faults is not known');
  expect(heading(999)).not.toContain('FINE');
  // More have been counted than have been taken over.
  expect(heading(1008)).toContain('the latency of 100.0 % of the faults is not known');
  expect(heading(1008)).toContain('1,000 untimed');
});
