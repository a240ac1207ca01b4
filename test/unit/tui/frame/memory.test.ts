import { memoryView } from '../../../../src/tui/frame/memory';
import { frameHeights } from '../../../../src/tui/frame/heights';
import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import type { MemoryInfo } from '../../../../src/tui/state/source';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';
import { FakeSource } from '../../../support/fake-source';

const THEME = makeTheme({ colours: 0, ascii: true });
const MEMORY: MemoryInfo = {
  swap: 12 * 2 ** 20,
  before: { minor: 1_200_000, major: 31 },
  machine: {
    ...{ available: 18.2 * 2 ** 30, cached: 7 * 2 ** 30, some: 3.25, full: 0.5 },
    ...{ swapInRate: 120, swapOutRate: 0, refaultRate: 900 },
  },
};

test('the memory line says what explains major faults', () => {
  const text = cells(memoryView(THEME, 160, MEMORY));
  expect(text.trim()).toMatch(
    /^swap 12M {2}before us: 1\.2M minor, 31 major {2}PSI mem 3\.3 % full 0\.5 % {2}free 18G {2}cache 7\.0G {2}swap in\/out 120\/0\S* pages\/s {2}refaults 900\/s$/,
  );
});

test('what is not known is n/a or left out, and pressure stays longest where it is narrow', () => {
  const { machine } = MEMORY;
  const none = { some: NaN, full: NaN, refaultRate: NaN, available: NaN, cached: NaN };
  const memory = { swap: NaN, before: null, machine: { ...machine!, ...none } };
  expect(memoryView(THEME, 160, memory)).toMatch(
    /^ .*PSI mem n\/a.*free n\/a.*cache n\/a.*refaults n\/a/,
  );
  expect(memoryView(THEME, 160, memory)).not.toContain('before us');
  expect(memoryView(THEME, 40, MEMORY)).toContain('PSI mem');
  expect(memoryView(THEME, 80, { ...memory, machine: null }).trim()).toBe('');
});

test.each([
  [50, true],
  [34, true],
  [24, false],
])('on %i lines: %s', (rows, there) => {
  const source = new FakeSource();
  source.info = { ...source.info, memory: MEMORY };
  const dashboard = new Dashboard(source, { theme: THEME, intervalMs: 1000 });
  dashboard.size = { columns: 160, rows };
  const lines = renderDashboard(dashboard, 0).lines;
  expect(lines).toHaveLength(rows);
  expect(lines.some((line) => line.includes('PSI mem'))).toBe(there);
  const { header, graph } = frameHeights(dashboard);
  expect(lines[header + graph]).toContain('Regions');
});
