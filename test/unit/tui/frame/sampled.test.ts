import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { FakeSource } from '../../../support/fake-source';
import { snapshot, stat, thread } from '../../../support/sample';

const THEME = makeTheme({ colours: 0, ascii: true });

/** The heading over faults of which every Nth is captured. */
function heading(every: number, columns: number): string {
  const source = new FakeSource();
  const { capture } = source.header();
  source.info = { ...source.info, capture: { ...capture, mode: { ...capture.mode, every } } };
  const counted = stat({
    byClass: [3, 1000, 0, 0],
    stallShare: 0.25,
    stalled: 0.25,
    uniquePages: every > 1 ? NaN : 1000,
  });
  source.picture = snapshot({ totals: counted, threads: [thread({ ...counted, tid: 7 })] });
  const dashboard = new Dashboard(source, { theme: THEME, intervalMs: 1000 });
  dashboard.size = { columns, rows: 50 };
  return renderDashboard(dashboard, 0).lines.slice(0, 5).join('\n');
}

test('the heading of a sample says what is an estimate, and claims not to have every fault', () => {
  const sampled = heading(16, 220);
  expect(sampled).toContain('~25.0 % of wall time in faults, now ~0.3 threads');
  expect(sampled).toContain('thread max ~25.0 % (tid 7)');
  expect(sampled).toContain("faults take ~25.0 % of one thread's time now");
  expect(sampled).toMatch(/MAJ 3 .*MIN ~1000 /);
  expect(sampled).toContain('rings 2 x ');
  expect(sampled).not.toContain('every fault');
  expect(heading(16, 80)).toContain('stall ~25.0% max ~25.0%');
});

test('that of a capture of all has none', () => {
  const all = heading(1, 220);
  expect(all).not.toContain('~');
  expect(all).toContain(', every fault');
});
